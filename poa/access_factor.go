// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// TOTPKey is what an authenticator app is given: the secret and the same as an
// address to scan.
type TOTPKey struct {
	Secret string
	URL    string
}

func (a *Access) totpKey(account Account) TOTPKey {
	q := url.Values{"secret": {account.TOTPPending}, "issuer": {a.policy.ServiceName}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	label := url.PathEscape(a.policy.ServiceName) + ":" + url.PathEscape(account.Email)
	return TOTPKey{Secret: account.TOTPPending, URL: "otpauth://totp/" + label + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")}
}

// BeginTOTP draws a secret for an authenticator app. It comes into use with
// [Access.ConfirmTOTP]; until then the one in use, if any, stays.
func (a *Access) BeginTOTP(ctx context.Context, actor Actor) error {
	account, self, err := a.enrolling(ctx, actor)
	if err != nil {
		return err
	}
	_, err = a.perform(ctx, self, ActionFactorBegun, "", nil, func(ctx context.Context, t *act) (string, error) {
		account, err := t.LockAccount(ctx, account.ID)
		if err != nil {
			return "", fmt.Errorf("locking account: %w", err)
		}
		t.note("factor", string(FactorTOTP))
		account.TOTPPending = newTOTPSecret()
		return account.ID, t.SetTOTP(ctx, account)
	})
	return err
}

// PendingTOTP returns the key that waits for its first code; its Secret is ""
// where none does.
func (a *Access) PendingTOTP(ctx context.Context, actor Actor) (TOTPKey, error) {
	account, _, err := a.enrolling(ctx, actor)
	if err != nil || account.TOTPPending == "" {
		return TOTPKey{}, err
	}
	return a.totpKey(account), nil
}

// mayAdd asks for the password where a second factor is set up already: a session
// alone, left open or taken, adds none beside it and puts none in its place. The
// first one needs none, which is how staff enrol.
func (a *Access) mayAdd(ctx context.Context, self Actor, account Account, password string) (confirmed bool, err error) {
	factors, err := factorsOf(ctx, a.store, account)
	if err != nil || !factors.Any() {
		return false, err
	}
	return true, a.confirmPassword(ctx, self, account, ActionFactorAdded, password)
}

// lockToAdd locks the account that a second factor is added to. Where another one
// came meanwhile, the password is asked for after all.
func (t *act) lockToAdd(ctx context.Context, id string, confirmed bool) (Account, error) {
	account, err := t.LockAccount(ctx, id)
	if err != nil {
		return Account{}, fmt.Errorf("locking account: %w", err)
	}
	factors, err := factorsOf(ctx, t, account)
	if err == nil && factors.Any() && !confirmed {
		err = Faults{newFault(CodePasswordWrong, "password")}
	}
	return account, err
}

// ConfirmTOTP takes the secret that waits into use, by a code of it, and by the
// password where a second factor is set up already. Where the account has no
// recovery codes it makes some and returns them, this once. The account's other
// sessions end.
func (a *Access) ConfirmTOTP(ctx context.Context, actor Actor, code, password string) ([]string, error) {
	account, self, err := a.enrolling(ctx, actor)
	if err != nil {
		return nil, err
	}
	confirmed, err := a.mayAdd(ctx, self, account, password)
	if err != nil {
		return nil, err
	}
	if wait, err := a.take(ctx, pendingBucket(account)); err != nil || wait > 0 {
		return nil, cmpErr(err, slowed("code", wait))
	}
	var codes []string
	_, err = a.perform(ctx, self, ActionFactorAdded, "", nil, func(ctx context.Context, t *act) (string, error) {
		t.subject = account.ID
		account, err := t.lockToAdd(ctx, account.ID, confirmed)
		if err != nil {
			return "", err
		}
		step, fits := int64(0), false
		if account.TOTPPending != "" {
			step, fits = a.hasher.CodeStep(account.TOTPPending, strings.ReplaceAll(code, " ", ""), t.now)
		}
		if !fits {
			return "", Faults{newFault(CodeCodeWrong, "code")}
		}
		account.TOTPSecret, account.TOTPPending, account.TOTPSince = account.TOTPPending, "", t.now
		if err := t.SetTOTP(ctx, account); err != nil {
			return "", fmt.Errorf("storing second factor: %w", err)
		}
		if err := t.UseTOTPStep(ctx, account.ID, step); err != nil {
			return "", fmt.Errorf("spending code: %w", err)
		}
		if err := t.ForgiveAttempts(ctx, pendingBucket(account)); err != nil {
			return "", err
		}
		codes, err = a.factorAdded(ctx, t, account, FactorTOTP)
		return account.ID, err
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

func pendingBucket(account Account) Bucket {
	return Bucket{Step: StepCode, Subject: "pending/" + account.ID}
}

// factorAdded ends the other sessions, tells the holder, and makes the first
// recovery codes.
func (a *Access) factorAdded(ctx context.Context, t *act, account Account, kind FactorKind) ([]string, error) {
	t.note("factor", string(kind))
	if _, err := t.EndSessions(ctx, account.ID, t.actor.SessionID); err != nil {
		return nil, fmt.Errorf("ending sessions: %w", err)
	}
	if err := t.tell(ctx, a.policy, account, MailFactorAdded, map[string]string{"factor": string(kind)}); err != nil {
		return nil, err
	}
	left, err := t.RecoveryCodesLeft(ctx, account.ID)
	if err != nil {
		return nil, fmt.Errorf("reading recovery codes: %w", err)
	}
	if left > 0 {
		return nil, nil
	}
	codes := newRecoveryCodes()
	return codes, t.ReplaceRecoveryCodes(ctx, account.ID, codes, t.now)
}

// RemoveTOTP takes the authenticator app away, by the password. Where a second
// factor is obligatory the last one stays.
func (a *Access) RemoveTOTP(ctx context.Context, actor Actor, password string) error {
	return a.removeFactor(ctx, actor, password, FactorTOTP, func(ctx context.Context, t *act, account Account) error {
		if account.TOTPSince.IsZero() {
			return ErrNotFound
		}
		account.TOTPSecret, account.TOTPPending, account.TOTPSince = "", "", time.Time{}
		return t.SetTOTP(ctx, account)
	})
}

func (a *Access) removeFactor(ctx context.Context, actor Actor, password string, kind FactorKind, remove func(context.Context, *act, Account) error) error {
	account, _, err := a.own(ctx, actor)
	if err != nil {
		return err
	}
	if err := a.confirmPassword(ctx, actor, account, ActionFactorRemoved, password); err != nil {
		return err
	}
	_, err = a.perform(ctx, actor, ActionFactorRemoved, "", nil, func(ctx context.Context, t *act) (string, error) {
		t.subject = account.ID
		account, err := t.LockAccount(ctx, account.ID)
		if err != nil {
			return "", fmt.Errorf("locking account: %w", err)
		}
		factors, err := factorsOf(ctx, t, account)
		if err != nil {
			return "", err
		}
		if factors.Obligatory && factors.count() <= 1 {
			return "", Faults{newFault(CodeFactorObligatory, "password")}
		}
		if err := remove(ctx, t, account); err != nil {
			return "", err
		}
		if factors.count() == 1 { // without a factor there is nothing to recover
			if err := t.ReplaceRecoveryCodes(ctx, account.ID, nil, t.now); err != nil {
				return "", fmt.Errorf("removing recovery codes: %w", err)
			}
		}
		t.note("factor", string(kind))
		if _, err := t.EndSessions(ctx, account.ID, actor.SessionID); err != nil {
			return "", fmt.Errorf("ending sessions: %w", err)
		}
		return account.ID, t.tell(ctx, a.policy, account, MailFactorRemoved, map[string]string{"factor": string(kind)})
	})
	return err
}

// ResetFactors takes every second factor of a member of staff away who lost
// them, ends the sessions and mails the person, who adds one at the next sign-in.
func (a *Access) ResetFactors(ctx context.Context, actor Actor, key, accountID string) error {
	if err := a.permit(ctx, actor, MayResetFactors, ActionFactorsReset); err != nil {
		return err
	}
	_, err := a.perform(ctx, actor, ActionFactorsReset, key, accountID, func(ctx context.Context, t *act) (string, error) {
		if !IsID(accountID, PrefixStaff) {
			return "", ErrNotFound
		}
		t.subject = accountID
		if accountID == actor.ID {
			return "", ErrForbidden // one's own are changed on one's own page
		}
		account, err := t.LockAccount(ctx, accountID)
		if err != nil {
			return "", err
		}
		account.TOTPSecret, account.TOTPPending, account.TOTPSince = "", "", time.Time{}
		if err := t.SetTOTP(ctx, account); err != nil {
			return "", fmt.Errorf("removing second factor: %w", err)
		}
		if err := t.DeletePasskeys(ctx, account.ID); err != nil {
			return "", fmt.Errorf("removing passkeys: %w", err)
		}
		if err := t.ReplaceRecoveryCodes(ctx, account.ID, nil, t.now); err != nil {
			return "", fmt.Errorf("removing recovery codes: %w", err)
		}
		if _, err := t.EndSessions(ctx, account.ID, ""); err != nil {
			return "", fmt.Errorf("ending sessions: %w", err)
		}
		return account.ID, t.tell(ctx, a.policy, account, MailFactorReset, map[string]string{"link": a.policy.PublicURL + "/sign-in"})
	})
	return err
}

// StaffFactors is a member of staff and whether there is a second factor.
type StaffFactors struct {
	Account Account
	Factors Factors
}

// StaffFactors lists the staff with their second factors, for whoever may reset
// them.
func (a *Access) StaffFactors(ctx context.Context, actor Actor) ([]StaffFactors, error) {
	if err := a.permit(ctx, actor, MayResetFactors, ActionFactorsReset); err != nil {
		return nil, err
	}
	accounts, err := a.store.Accounts(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("reading staff: %w", err)
	}
	var all []StaffFactors
	for _, account := range accounts {
		if !account.DisabledAt.IsZero() {
			continue
		}
		factors, err := factorsOf(ctx, a.store, account)
		if err != nil {
			return nil, err
		}
		account.TOTPSecret, account.TOTPPending, account.PasswordHash = "", "", ""
		all = append(all, StaffFactors{account, factors})
	}
	return all, nil
}
