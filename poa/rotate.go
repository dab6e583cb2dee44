// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
	"time"
)

// MaxOverlap bounds how long an old token, or an endpoint's old secret, goes on
// beside the new one.
const MaxOverlap = 7 * 24 * time.Hour

// RotateInput gives a token a successor.
type RotateInput struct {
	IdempotencyKey string `json:"idempotencyKey" validate:"required,max=128,line"`
	TokenID        string `json:"tokenId" validate:"required,max=64"`
	// OverlapHours is how long the old token goes on, 0 to 168.
	OverlapHours int `json:"overlapHours" validate:"gte=0,lte=168"`
	// ExpiresInDays is how long the new token holds, 1 to 730.
	ExpiresInDays int `json:"expiresInDays" validate:"required,gte=1,lte=730"`
}

// RotateToken makes a token of the same name and scope in the place of one that
// holds. The old one goes on for the overlap and then stops by the clock, with
// no job. The new text is shown this once: with the same idempotency key it is
// empty. A token that was replaced or withdrawn is a CONFLICT.
func (e *Enrollment) RotateToken(ctx context.Context, actor Actor, in RotateInput) (Token, string, error) {
	if err := e.admit(ctx, actor, ActionTokenRotated, e.mayMakeTokens(ctx, actor)); err != nil {
		return Token{}, "", err
	}
	var text string
	id, err := e.perform(ctx, actor, ActionTokenRotated, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		if err := checkInput(in).Err(); err != nil {
			return "", err
		}
		if err := a.lockParty(ctx); err != nil {
			return "", err
		}
		if err := a.roomForToken(ctx, 2*MaxTokens, "expiresInDays"); err != nil {
			return "", err
		}
		old, err := a.ownToken(ctx, in.TokenID)
		if err != nil {
			return "", err
		}
		fresh := old.successor(a, in)
		text, fresh.Hash = NewSecret("inj_" + e.policy.Live)
		if err := a.InsertToken(ctx, fresh); err != nil {
			return "", fmt.Errorf("inserting token: %w", err)
		}
		a.note("replaces", old.ID)
		a.note("overlapHours", fmt.Sprint(in.OverlapHours))
		return fresh.ID, a.ReplaceToken(ctx, old.ID, fresh.ID, a.now.Add(time.Duration(in.OverlapHours)*time.Hour), a.now)
	})
	if err != nil {
		return Token{}, "", err
	}
	fresh, err := e.store.Token(ctx, id)
	return fresh, text, err
}

// successor is a token of the same name and scope for whoever rotates.
func (t Token) successor(a *act, in RotateInput) Token {
	return Token{ID: NewID(PrefixToken), AccountID: a.actor.ID, PartyID: t.PartyID, Kind: t.Kind, Name: t.Name, Scope: t.Scope,
		CreatedAt: a.now, ExpiresAt: a.now.Add(time.Duration(in.ExpiresInDays) * 24 * time.Hour)}
}

// ownToken reads a token of the actor's party, or of the member of staff.
// Missing and another's look the same.
func (a *act) ownToken(ctx context.Context, id string) (Token, error) {
	if !IsID(id, PrefixToken) {
		return Token{}, ErrNotFound
	}
	t, err := a.Token(ctx, id)
	if err == nil && t.owner() != tokenOwner(a.actor) {
		return Token{}, ErrNotFound
	}
	return t, err
}

func (t Token) owner() string {
	if t.PartyID == "" {
		return t.AccountID
	}
	return t.PartyID
}

// Holds reports whether the token can be used at the instant.
func (t Token) Holds(now time.Time) bool { return t.RevokedAt.IsZero() && now.Before(t.ExpiresAt) }

// warnDays are how long before its end a token is warned of, in days.
var warnDays = []int{1, 14}

// WarnTokens mails a warning of each token that is about to end, 14 days and 1
// day ahead, each once: to every confirmed address of its party. One that was
// replaced ends on purpose. It returns how many it dealt with; call it until it
// returns 0.
func (e *Enrollment) WarnTokens(ctx context.Context) (int, error) {
	now, done := e.clock.Now(), 0
	for _, days := range warnDays {
		ending, err := e.store.TokensEnding(ctx, now, now.AddDate(0, 0, days), days, numberBatch)
		if err != nil {
			return done, fmt.Errorf("reading tokens that end: %w", err)
		}
		for _, t := range ending {
			if err := e.warn(ctx, t, days); err != nil {
				return done, fmt.Errorf("warning of token %s: %w", t.ID, err)
			}
			done++
		}
	}
	return done, nil
}

// warn marks the longer warning as well: a token made for three days is not
// warned of twice at once.
func (e *Enrollment) warn(ctx context.Context, t Token, days int) error {
	_, err := e.perform(ctx, System, ActionTokenWarned, "", nil, func(ctx context.Context, a *act) (string, error) {
		fresh, err := a.MarkTokenWarned(ctx, t.ID, days, a.now)
		if err != nil || !fresh {
			return t.ID, err
		}
		for _, longer := range warnDays {
			if longer > days {
				if _, err := a.MarkTokenWarned(ctx, t.ID, longer, a.now); err != nil {
					return "", err
				}
			}
		}
		a.note("daysAhead", fmt.Sprint(days))
		values := map[string]string{"name": t.Name, "expiresAt": t.ExpiresAt.Format(time.RFC3339), "link": e.policy.PublicURL + "/tokens"}
		return t.ID, a.mailParty(ctx, t.PartyID, MailTokenExpiring, values)
	})
	return err
}
