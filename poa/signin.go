// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// SignInInput is what somebody signs in with.
type SignInInput struct {
	Email    string `json:"email" validate:"required,max=254"`
	Password string `json:"-" validate:"required,max=200"`
	// Code is the second factor's, or a recovery code; empty leaves it to a
	// second step.
	Code string `json:"-" validate:"max=20"`
	Browser
}

// Browser is where somebody signs in. The zero Browser is none.
type Browser struct {
	// Device is the secret that the browser was given at an earlier sign-in.
	Device string `json:"-" validate:"max=200"`
	// Agent is what the browser calls itself.
	Agent string `json:"-"`
}

// HalfSignIn is somebody who gave the right password, before the second step.
// It is kept in the browser's session, never shown to it.
type HalfSignIn struct {
	AccountID string
	At        time.Time
}

// halfTTL bounds the time between password and second factor.
const halfTTL = 10 * time.Minute

// SignedIn is what a step of signing in led to.
type SignedIn struct {
	// Actor came in, with the ID of the session to begin; zero where a second
	// step is wanted. Actor.Enrolling is set where a factor must be added first.
	Actor Actor
	// Half is set where a second step is wanted.
	Half HalfSignIn
	// Device is the secret that the browser keeps.
	Device string
}

// SignIn checks e-mail address and password (8.3), and the second factor where
// its code came along; else it wants a second step. Whichever was wrong, the
// fault is the same, and takes as long. Guessing is slowed by growing delays for
// each address; a browser that the account's holder signed in in before has a
// budget of its own, so that whoever guesses does not lock the owner out.
func (a *Access) SignIn(ctx context.Context, in SignInInput) (SignedIn, error) {
	if err := checkInput(in).Err(); err != nil {
		return SignedIn{}, err
	}
	account, err := a.store.AccountByEmail(ctx, in.Email)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return SignedIn{}, fmt.Errorf("reading account: %w", err)
	}
	bucket := Bucket{Step: StepPassword, Subject: in.Email}
	if bucket.Device, err = a.deviceOf(ctx, account.ID, in.Browser); err != nil {
		return SignedIn{}, err
	}
	if err := a.checkPassword(ctx, account, bucket, in.Password); err != nil {
		return SignedIn{}, err
	}
	factors, err := factorsOf(ctx, a.store, account)
	switch {
	case err != nil:
		return SignedIn{}, err
	case !factors.Any():
		return a.enter(ctx, account, factors, in.Browser, newFault(CodeSignInFailed, "password"))
	case in.Code == "":
		half := HalfSignIn{AccountID: account.ID, At: a.clock.Now()}
		_, err := a.perform(ctx, actorOf(account), ActionPasswordAccepted, "", nil, func(context.Context, *act) (string, error) { return account.ID, nil })
		return SignedIn{Half: half}, err
	}
	wrong := newFault(CodeSignInFailed, "password")
	if err := a.proveCode(ctx, account, in.Code, bucket.Device, wrong); err != nil {
		return SignedIn{}, err
	}
	return a.enter(ctx, account, factors, in.Browser, wrong)
}

// deviceOf names the budget of a browser that the account's holder is known in,
// "" for any other.
func (a *Access) deviceOf(ctx context.Context, accountID string, b Browser) (string, error) {
	if !SecretWellFormed(b.Device) {
		return "", nil
	}
	hash := sha256.Sum256([]byte(b.Device))
	known, _, err := a.store.KnowsDevice(ctx, accountID, hash)
	if err != nil || !known {
		return "", err
	}
	return hex.EncodeToString(hash[:]), nil
}

func (a *Access) checkPassword(ctx context.Context, account Account, bucket Bucket, password string) error {
	wait, err := a.take(ctx, bucket)
	if err != nil {
		return err
	}
	if wait > 0 {
		return a.refuseSignIn(ctx, account, slowed("password", wait))
	}
	matches, err := a.hasher.Matches(ctx, account.PasswordHash, password)
	if err != nil {
		return fmt.Errorf("checking password: %w", err)
	}
	if account.ID == "" || !account.DisabledAt.IsZero() || !matches {
		return a.refuseSignIn(ctx, account, Faults{newFault(CodeSignInFailed, "password")})
	}
	return a.forgive(ctx, bucket)
}

// refuseSignIn records that somebody was not let in, and returns why.
func (a *Access) refuseSignIn(ctx context.Context, account Account, why error) error {
	actor := actorOf(account)
	if account.ID == "" {
		actor = Anonymous("")
	}
	_, err := a.perform(ctx, actor, ActionSignInRefused, "", nil, func(_ context.Context, t *act) (string, error) {
		var faults Faults
		if errors.As(why, &faults) && faults[0].Code == CodeSignInSlowed {
			t.note("slowed", faults[0].Args["seconds"])
		}
		return account.ID, nil
	})
	return cmpErr(err, why)
}

// proveCode spends a code of the second factor, or a recovery code.
func (a *Access) proveCode(ctx context.Context, account Account, code, device string, wrong Fault) error {
	bucket := Bucket{Step: StepCode, Subject: account.ID, Device: device}
	wait, err := a.take(ctx, bucket)
	if err != nil {
		return err
	}
	if wait > 0 {
		return a.refuseSignIn(ctx, account, slowed(wrong.Field[0], wait))
	}
	_, err = a.perform(ctx, actorOf(account), ActionSecondFactor, "", nil, func(ctx context.Context, t *act) (string, error) {
		t.subject = account.ID
		kind, err := a.spendCode(ctx, t, account, code)
		if err != nil || kind == "" {
			return "", cmpErr(err, Faults{wrong})
		}
		t.note("factor", string(kind))
		return account.ID, t.ForgiveAttempts(ctx, bucket)
	})
	return err
}

// cmpErr returns the first error that is one.
func cmpErr(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

// spendCode finds what a code belongs to and spends it; "" where it fits nothing.
func (a *Access) spendCode(ctx context.Context, t *act, account Account, code string) (FactorKind, error) {
	if !account.TOTPSince.IsZero() {
		if step, fits := a.hasher.CodeStep(account.TOTPSecret, strings.ReplaceAll(code, " ", ""), t.now); fits {
			err := t.UseTOTPStep(ctx, account.ID, step)
			if errors.Is(err, ErrConflict) && !a.policy.RepeatCodes {
				return "", nil
			}
			return FactorTOTP, ignore(err, ErrConflict)
		}
	}
	recovery, ok := parseRecoveryCode(code)
	if !ok {
		return "", nil
	}
	if err := t.UseRecoveryCode(ctx, account.ID, recovery, t.now); err != nil {
		return "", ignore(err, ErrConflict)
	}
	left, err := t.RecoveryCodesLeft(ctx, account.ID)
	if err != nil {
		return "", fmt.Errorf("reading recovery codes: %w", err)
	}
	return FactorRecovery, t.tell(ctx, a.policy, account, MailRecoveryUsed, map[string]string{"number": fmt.Sprint(left)})
}

// ignore returns err unless it is the one given.
func ignore(err, but error) error {
	if errors.Is(err, but) {
		return nil
	}
	return err
}

// SecondStepInput is the proof of the second step: a code, or what the browser
// answered to the options of a passkey.
type SecondStepInput struct {
	Code     string `json:"-" validate:"max=20"`
	Response string `json:"-" validate:"max=20000"`
	// State is what the options of the passkey left behind.
	State []byte `json:"-"`
	Browser
}

// SecondStep lets somebody in who gave the password before.
func (a *Access) SecondStep(ctx context.Context, half HalfSignIn, in SecondStepInput) (SignedIn, error) {
	if err := checkInput(in).Err(); err != nil {
		return SignedIn{}, err
	}
	account, err := a.halfway(ctx, half)
	if err != nil {
		return SignedIn{}, err
	}
	if in.Code == "" && in.Response == "" {
		return SignedIn{}, Faults{newFault(CodeRequired, "code")}
	}
	device, err := a.deviceOf(ctx, account.ID, in.Browser)
	if err != nil {
		return SignedIn{}, err
	}
	if in.Response != "" {
		err = a.provePasskey(ctx, account, in.State, in.Response)
	} else {
		err = a.proveCode(ctx, account, in.Code, device, newFault(CodeCodeWrong, "code"))
	}
	if err != nil {
		return SignedIn{}, err
	}
	factors, err := factorsOf(ctx, a.store, account)
	if err != nil {
		return SignedIn{}, err
	}
	return a.enter(ctx, account, factors, in.Browser, newFault(CodeSignInOver, "code"))
}

// halfway reads the account of a sign-in that waits for its second step;
// SIGN_IN_OVER where it waited too long, or the password changed since.
func (a *Access) halfway(ctx context.Context, half HalfSignIn) (Account, error) {
	over := Faults{newFault(CodeSignInOver, "code")}
	if half.AccountID == "" || a.clock.Now().Sub(half.At) > halfTTL {
		return Account{}, over
	}
	account, err := a.store.Account(ctx, half.AccountID)
	if err != nil {
		return Account{}, fmt.Errorf("reading account: %w", err)
	}
	if !account.DisabledAt.IsZero() || account.PasswordChangedAt.After(half.At) {
		return Account{}, over
	}
	return account, nil
}

// Halfway tells which second factors a sign-in that waits can be ended with.
func (a *Access) Halfway(ctx context.Context, half HalfSignIn) (Factors, error) {
	account, err := a.halfway(ctx, half)
	if err != nil {
		return Factors{}, err
	}
	return factorsOf(ctx, a.store, account)
}

// enter lets an account's holder in: the browser is known from now on, and a new
// one is told of by mail. Where the account changed while its proofs were checked,
// which waits for its turn, nobody comes in and the fault is over.
func (a *Access) enter(ctx context.Context, account Account, factors Factors, b Browser, over Fault) (SignedIn, error) {
	in := SignedIn{Actor: actorOf(account)}
	_, err := a.perform(ctx, in.Actor, ActionSignIn, "", nil, func(ctx context.Context, t *act) (string, error) {
		if err := t.stillHolds(ctx, account, factors, over); err != nil {
			return "", err
		}
		in.Device = b.Device
		return account.ID, a.welcome(ctx, t, account, b, &in)
	})
	if err != nil {
		return SignedIn{}, err
	}
	if factors.Obligatory && !factors.Any() {
		in.Actor = Anonymous(account.Language)
		in.Actor.Enrolling = account.ID
	}
	in.Actor.SessionID = NewID(PrefixSession)
	return in, nil
}

// stillHolds wants the password that was checked still to be the account's, and no
// second factor to have come that was not asked for.
func (a *act) stillHolds(ctx context.Context, checked Account, had Factors, over Fault) error {
	now, err := a.LockAccount(ctx, checked.ID)
	if err != nil {
		return fmt.Errorf("locking account: %w", err)
	}
	has, err := factorsOf(ctx, a, now)
	if err != nil {
		return err
	}
	if !now.DisabledAt.IsZero() || now.PasswordHash != checked.PasswordHash || has.Any() && !had.Any() {
		return Faults{over}
	}
	return nil
}

func (a *Access) welcome(ctx context.Context, t *act, account Account, b Browser, in *SignedIn) error {
	if b.Agent == "" {
		return nil // no browser
	}
	if !SecretWellFormed(b.Device) {
		in.Device, _ = NewSecret(DevicePrefix)
	}
	hash := sha256.Sum256([]byte(in.Device))
	this, others, err := t.KnowsDevice(ctx, account.ID, hash)
	if err != nil {
		return fmt.Errorf("reading devices: %w", err)
	}
	if err := t.TrustDevice(ctx, account.ID, hash, t.now); err != nil {
		return fmt.Errorf("noting device: %w", err)
	}
	if this || !others {
		return nil
	}
	t.note("device", "new")
	return t.tell(ctx, a.policy, account, MailNewDevice, map[string]string{"device": AgentName(b.Agent)})
}

// SignIn signs in in one step, without a browser: where a second factor is
// wanted, its code must have come along.
func (e *Enrollment) SignIn(ctx context.Context, in SignInInput) (Actor, error) {
	access := &Access{office: e.office, policy: e.policy, hasher: e.hasher}
	done, err := access.SignIn(ctx, in)
	if err == nil && done.Actor.ID == "" || done.Actor.Enrolling != "" {
		err = Faults{newFault(CodeSignInFailed, "password")}
	}
	if err != nil {
		return Actor{}, err
	}
	done.Actor.SessionID = ""
	return done.Actor, nil
}

// SignOut records that a session was ended.
func (e *Enrollment) SignOut(ctx context.Context, actor Actor) error {
	_, err := e.perform(ctx, actor, ActionSignOut, "", nil, func(context.Context, *act) (string, error) { return actor.ID, nil })
	return err
}
