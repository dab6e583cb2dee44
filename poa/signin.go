// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
)

// SignInInput is what somebody signs in with.
type SignInInput struct {
	Email    string `json:"email" validate:"required,max=254"`
	Password string `json:"-" validate:"required,max=200"`
	// Code is the second factor's; staff need it.
	Code string `json:"-" validate:"max=10"`
}

// SignIn checks e-mail address, password and second factor (8.3) and returns
// the actor. Whichever was wrong, the fault is the same, and takes as long.
func (e *Enrollment) SignIn(ctx context.Context, in SignInInput) (Actor, error) {
	if err := checkInput(in).Err(); err != nil {
		return Actor{}, err
	}
	account, err := e.store.AccountByEmail(ctx, in.Email)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Actor{}, fmt.Errorf("reading account: %w", err)
	}
	matches, err := e.hasher.Matches(ctx, account.PasswordHash, in.Password)
	if err != nil {
		return Actor{}, fmt.Errorf("checking password: %w", err)
	}
	secondFits := account.TOTPSecret == "" && account.Kind != ActorStaff || e.hasher.CodeFits(account.TOTPSecret, in.Code, e.clock.Now())
	ok := account.ID != "" && account.DisabledAt.IsZero() && matches && secondFits
	return e.recordSignIn(ctx, account, ok)
}

func (e *Enrollment) recordSignIn(ctx context.Context, account Account, ok bool) (Actor, error) {
	actor := Actor{Kind: account.Kind, ID: account.ID, PartyID: account.PartyID, Roles: account.Roles, Language: account.Language}
	action := ActionSignIn
	if !ok {
		action = ActionSignInRefused
	}
	if account.ID == "" {
		actor = Anonymous("")
	}
	_, err := e.perform(ctx, actor, action, "", nil, func(context.Context, *act) (string, error) { return account.ID, nil })
	if err != nil {
		return Actor{}, err
	}
	if !ok {
		return Actor{}, Faults{newFault(CodeSignInFailed, "password")}
	}
	return actor, nil
}

// SignOut records that a session was ended.
func (e *Enrollment) SignOut(ctx context.Context, actor Actor) error {
	_, err := e.perform(ctx, actor, ActionSignOut, "", nil, func(context.Context, *act) (string, error) { return actor.ID, nil })
	return err
}
