// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// maxPasskeys is how many passkeys an account may have.
const maxPasskeys = 10

// ErrPasskeyRefused is what a PasskeyChecker returns for an answer that is not
// what was asked for: another challenge, origin or key, a counter that fell.
var ErrPasskeyRefused = errors.New("the passkey's answer does not fit")

// PasskeyChecker speaks WebAuthn: it makes the options that a browser is asked
// with, and checks its answers against origin, relying party, challenge and
// counter. State is kept in the session from one to the other and used once.
// Implemented by server on a library.
type PasskeyChecker interface {
	// BeginRegistration asks for a new credential, other than those the account has.
	BeginRegistration(account Account, has []Passkey) (options, state []byte, err error)
	// FinishRegistration returns CredentialID, Record and SignCount.
	FinishRegistration(account Account, state []byte, response string) (Passkey, error)
	// BeginAssertion asks for one of the account's credentials.
	BeginAssertion(account Account, has []Passkey) (options, state []byte, err error)
	// FinishAssertion returns the passkey that answered, Record and SignCount as
	// they are now.
	FinishAssertion(account Account, has []Passkey, state []byte, response string) (Passkey, error)
}

// TakesPasskeys reports whether passkeys can be used here.
func (a *Access) TakesPasskeys() bool { return a.passkeys != nil }

// BeginPasskey returns the options of a new passkey.
func (a *Access) BeginPasskey(ctx context.Context, actor Actor) (options, state []byte, err error) {
	account, self, err := a.enrolling(ctx, actor)
	if err != nil {
		return nil, nil, err
	}
	if a.passkeys == nil {
		return nil, nil, ErrNotFound
	}
	_, err = a.perform(ctx, self, ActionFactorBegun, "", nil, func(ctx context.Context, t *act) (string, error) {
		has, err := t.Passkeys(ctx, account.ID)
		if err != nil {
			return "", fmt.Errorf("reading passkeys: %w", err)
		}
		if len(has) >= maxPasskeys {
			return "", Faults{newFault(CodeTooMany, "name", "bound", fmt.Sprint(maxPasskeys))}
		}
		t.note("factor", string(FactorPasskey))
		options, state, err = a.passkeys.BeginRegistration(account, has)
		return account.ID, err
	})
	return options, state, err
}

// PasskeyInput is a new passkey with the holder's name for it.
type PasskeyInput struct {
	Name     string `json:"name" validate:"required,max=100,line,free"`
	Response string `json:"-" validate:"required,max=20000"`
	State    []byte `json:"-"`
	// Password is asked for where a second factor is set up already.
	Password string `json:"-"`
}

// AddPasskey registers a passkey, by the password where a second factor is set up
// already. As with [Access.ConfirmTOTP] it may return
// recovery codes, and ends the other sessions.
func (a *Access) AddPasskey(ctx context.Context, actor Actor, in PasskeyInput) ([]string, error) {
	account, self, err := a.enrolling(ctx, actor)
	if err != nil {
		return nil, err
	}
	if a.passkeys == nil {
		return nil, ErrNotFound
	}
	confirmed, err := a.mayAdd(ctx, self, account, in.Password)
	if err != nil {
		return nil, err
	}
	var codes []string
	_, err = a.perform(ctx, self, ActionFactorAdded, "", nil, func(ctx context.Context, t *act) (string, error) {
		t.subject = account.ID
		if err := checkInput(in).Err(); err != nil {
			return "", err
		}
		if _, err := t.lockToAdd(ctx, account.ID, confirmed); err != nil {
			return "", err
		}
		has, err := t.Passkeys(ctx, account.ID)
		if err != nil || len(has) >= maxPasskeys {
			return "", cmpErr(err, Faults{newFault(CodeTooMany, "name", "bound", fmt.Sprint(maxPasskeys))})
		}
		p, err := a.passkeys.FinishRegistration(account, in.State, in.Response)
		if err != nil {
			return "", refusedPasskey(err)
		}
		p.ID, p.AccountID, p.PartyID, p.Name, p.CreatedAt = NewID(PrefixPasskey), account.ID, account.PartyID, in.Name, t.now
		if err := t.InsertPasskey(ctx, p); err != nil {
			return "", refusedPasskey(err)
		}
		codes, err = a.factorAdded(ctx, t, account, FactorPasskey)
		return account.ID, err
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

func refusedPasskey(err error) error {
	if errors.Is(err, ErrPasskeyRefused) || CodeOf(err) == CodeConflict {
		return Faults{newFault(CodePasskeyRefused, "response")}
	}
	return err
}

// RemovePasskey takes a passkey away, by the password.
func (a *Access) RemovePasskey(ctx context.Context, actor Actor, id, password string) error {
	if !IsID(id, PrefixPasskey) {
		return ErrNotFound
	}
	return a.removeFactor(ctx, actor, password, FactorPasskey, func(ctx context.Context, t *act, account Account) error {
		return t.DeletePasskey(ctx, account.ID, id)
	})
}

// BeginSecondStep returns the options of a passkey for the second step.
func (a *Access) BeginSecondStep(ctx context.Context, half HalfSignIn) (options, state []byte, err error) {
	account, err := a.halfway(ctx, half)
	if err != nil {
		return nil, nil, err
	}
	has, err := a.store.Passkeys(ctx, account.ID)
	if err != nil {
		return nil, nil, fmt.Errorf("reading passkeys: %w", err)
	}
	if a.passkeys == nil || len(has) == 0 {
		return nil, nil, ErrNotFound
	}
	return a.passkeys.BeginAssertion(account, has)
}

// provePasskey checks a passkey's answer. It cannot be guessed, so that it has no
// budget; the state is used once.
func (a *Access) provePasskey(ctx context.Context, account Account, state []byte, response string) error {
	if a.passkeys == nil {
		return ErrNotFound
	}
	_, err := a.perform(ctx, actorOf(account), ActionSecondFactor, "", nil, func(ctx context.Context, t *act) (string, error) {
		t.subject = account.ID
		has, err := t.Passkeys(ctx, account.ID)
		if err != nil {
			return "", fmt.Errorf("reading passkeys: %w", err)
		}
		used, err := a.passkeys.FinishAssertion(account, has, state, response)
		if err != nil {
			return "", refusedPasskey(err)
		}
		t.note("factor", string(FactorPasskey))
		return account.ID, refusedPasskey(t.UsePasskey(ctx, used, t.now))
	})
	return err
}

// SecurityOf is what an account's holder sees of its security.
type SecurityOf struct {
	Account Account
	Factors Factors
	// TOTPPending says that an authenticator app waits for its first code.
	TOTPPending bool
	Sessions    int
	Now         time.Time
}

// Security reads the security of the actor's own account.
func (a *Access) Security(ctx context.Context, actor Actor) (SecurityOf, error) {
	account, _, err := a.enrolling(ctx, actor)
	if err != nil {
		return SecurityOf{}, err
	}
	out := SecurityOf{Account: account, TOTPPending: account.TOTPPending != "", Now: a.clock.Now()}
	if out.Factors, err = factorsOf(ctx, a.store, account); err != nil {
		return SecurityOf{}, err
	}
	sessions, err := a.store.SessionsOf(ctx, account.ID, out.Now)
	out.Sessions = len(sessions)
	out.Account.TOTPSecret, out.Account.TOTPPending, out.Account.PasswordHash = "", "", ""
	return out, err
}
