// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// confirmPassword asks somebody who is signed in for the password once more. It
// is guessed at within a budget of its own for each session.
func (a *Access) confirmPassword(ctx context.Context, actor Actor, account Account, action Action, password string) error {
	bucket := Bucket{Step: StepPassword, Subject: account.ID, Device: actor.SessionID}
	wait, err := a.take(ctx, bucket)
	if err != nil {
		return err
	}
	wrong := error(Faults{newFault(CodePasswordWrong, "password")})
	matches := false
	switch {
	case wait > 0:
		wrong = slowed("password", wait)
	case password == "" || len(password) > 800: // 200 characters, as the inputs have it
	default:
		if matches, err = a.hasher.Matches(ctx, account.PasswordHash, password); err != nil {
			return fmt.Errorf("checking password: %w", err)
		}
	}
	if matches {
		return a.forgive(ctx, bucket)
	}
	_, err = a.perform(ctx, actor, action, "", nil, func(_ context.Context, t *act) (string, error) {
		t.subject = account.ID
		return "", wrong
	})
	return err
}

// ChangePasswordInput is the password in use and the one to come.
type ChangePasswordInput struct {
	Current  string `json:"-" validate:"required,max=200"`
	Password string `json:"password" validate:"required,min=12,max=200"`
	// Browser is the one that it is done in: it stays known.
	Browser Browser `json:"-"`
}

// ChangePassword sets a new password, by the one in use. The account's other
// sessions end, no other browser is a known one any more, and the holder is told by
// mail.
func (a *Access) ChangePassword(ctx context.Context, actor Actor, in ChangePasswordInput) error {
	account, _, err := a.own(ctx, actor)
	if err != nil {
		return err
	}
	if err := checkInput(in).Err(); err != nil {
		return err
	}
	if err := a.confirmPassword(ctx, actor, account, ActionPasswordChanged, in.Current); err != nil {
		return atField(err, "password", "current")
	}
	hash, err := a.hasher.Hash(ctx, in.Password)
	if err != nil {
		return fmt.Errorf("hashing password: %w", err)
	}
	_, err = a.perform(ctx, actor, ActionPasswordChanged, "", nil, func(ctx context.Context, t *act) (string, error) {
		device := digest([]byte(in.Browser.Device))
		known, _, err := t.KnowsDevice(ctx, account.ID, device)
		if err != nil {
			return "", fmt.Errorf("reading devices: %w", err)
		}
		if err := t.setPassword(ctx, a.policy, account.ID, hash); err != nil || !known {
			return account.ID, err
		}
		return account.ID, t.TrustDevice(ctx, account.ID, device, t.now)
	})
	return err
}

// atField moves a fault from one field to another.
func atField(err error, from, to string) error {
	var faults Faults
	if !errors.As(err, &faults) {
		return err
	}
	moved := make(Faults, len(faults))
	for i, f := range faults {
		if moved[i] = f; len(f.Field) == 1 && f.Field[0] == from {
			moved[i].Field = []string{to}
		}
	}
	return moved
}

// setPassword stores a new password: links to set one, known browsers and sessions
// end, but the actor's own; whoever had a password before is told.
func (a *act) setPassword(ctx context.Context, policy Policy, accountID, hash string) error {
	account, err := a.LockAccount(ctx, accountID)
	if err != nil {
		return fmt.Errorf("locking account: %w", err)
	}
	if !account.DisabledAt.IsZero() {
		return Faults{newFault(CodeLinkOver, "token")}
	}
	if err := a.SetPassword(ctx, accountID, hash); err != nil {
		return fmt.Errorf("setting password: %w", err)
	}
	if err := a.CloseLinks(ctx, LinkPassword, accountID, a.now); err != nil {
		return fmt.Errorf("closing links: %w", err)
	}
	if err := a.ForgiveAttempts(ctx, Bucket{Step: StepPassword, Subject: account.Email}); err != nil {
		return fmt.Errorf("forgiving attempts: %w", err)
	}
	if err := a.forgetBrowsers(ctx, accountID, a.actor.SessionID); err != nil {
		return err
	}
	if account.PasswordHash == "" {
		return nil
	}
	return a.tell(ctx, policy, account, MailPasswordChanged, nil)
}

// AnswerPasswordRequest answers one wish for a new password.
type AnswerPasswordRequest struct {
	RequestID string `json:"requestId"`
}

// Kind names the job.
func (AnswerPasswordRequest) Kind() string { return "answer_password_request" }

// ForgotPasswordInput names the account whose password is forgotten.
type ForgotPasswordInput struct {
	Email string `json:"email" validate:"required,max=254,line,email"`
}

// ForgotPassword takes the wish for a link to set a new password. Whether the
// address has an account is neither told nor shown by the time it takes: a job
// answers. Wishes beyond a few are taken and not answered.
func (a *Access) ForgotPassword(ctx context.Context, actor Actor, in ForgotPasswordInput) error {
	if err := checkInput(in).Err(); err != nil {
		return err
	}
	wait, err := a.take(ctx, Bucket{Step: StepLink, Subject: in.Email})
	if err != nil {
		return err
	}
	_, err = a.perform(ctx, actor, ActionPasswordAsked, "", nil, func(ctx context.Context, t *act) (string, error) {
		p := PasswordRequest{ID: NewID(PrefixPasswordRequest), Email: in.Email, Language: language(actor.Language), CreatedAt: t.now}
		if wait > 0 {
			t.note("slowed", "yes")
			return p.ID, nil
		}
		if err := t.InsertPasswordRequest(ctx, p); err != nil {
			return "", fmt.Errorf("inserting request: %w", err)
		}
		return p.ID, t.Enqueue(ctx, AnswerPasswordRequest{RequestID: p.ID}, time.Time{})
	})
	return err
}

// AnswerPasswordRequest mails the link where the address has an account that is
// not disabled. Called again it does nothing.
func (a *Access) AnswerPasswordRequest(ctx context.Context, requestID string) error {
	_, err := a.perform(ctx, System, ActionPasswordSent, "", nil, func(ctx context.Context, t *act) (string, error) {
		t.subject = requestID
		p, err := t.TakePasswordRequest(ctx, requestID)
		if err != nil {
			return "", err
		}
		account, err := t.AccountByEmail(ctx, p.Email)
		if errors.Is(err, ErrNotFound) || err == nil && !account.DisabledAt.IsZero() {
			t.note("account", "none")
			return "", nil
		}
		if err != nil {
			return "", fmt.Errorf("reading account: %w", err)
		}
		e := &Enrollment{office: a.office, policy: a.policy}
		link, err := e.passwordLink(ctx, t, account.ID)
		if err != nil {
			return "", err
		}
		return account.ID, t.tell(ctx, a.policy, account, MailSetPassword, map[string]string{"link": link})
	})
	if errors.Is(err, ErrNotFound) {
		return nil // answered already
	}
	return err
}

// SetPassword sets a password by the one-time link in a mail, and knows the browser
// from now on: whoever is held off by somebody else's guesses comes in by the link.
// It returns the secret that the browser keeps.
func (a *Access) SetPassword(ctx context.Context, actor Actor, in SetPasswordInput, b Browser) (device string, err error) {
	link, linkErr := a.linkOf(ctx, in.Token, LinkPassword)
	e := &Enrollment{office: a.office, policy: a.policy, hasher: a.hasher}
	if err := e.SetPassword(ctx, actor, in); err != nil || linkErr != nil {
		return "", cmpErr(err, linkErr)
	}
	if device = b.Device; !SecretWellFormed(device) {
		device, _ = NewSecret(DevicePrefix)
	}
	err = a.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		return tx.TrustDevice(ctx, link.SubjectID, digest([]byte(device)), a.clock.Now())
	})
	return device, err
}
