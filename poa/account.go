// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
	"time"
)

// TokenInput asks for an API token.
type TokenInput struct {
	IdempotencyKey string     `json:"idempotencyKey" validate:"required,max=128,line"`
	Name           string     `json:"name" validate:"required,max=100,line,free"`
	Scope          TokenScope `json:"scope" validate:"required,oneof=ALL VALIDITY READ"`
	// ExpiresInDays is 1 to 730.
	ExpiresInDays int `json:"expiresInDays" validate:"required,gte=1,lte=730"`
}

// MaxTokens bounds the tokens of a party, or of a member of staff, that hold.
// Rotation may double them for as long as old ones go on beside the new.
const MaxTokens = 100

// roomForToken wants fewer tokens that hold than the bound. The party's row is
// locked before.
func (a *act) roomForToken(ctx context.Context, bound int, field string) error {
	tokens, err := a.Tokens(ctx, tokenOwner(a.actor))
	if err != nil {
		return fmt.Errorf("reading tokens: %w", err)
	}
	holding := 0
	for _, t := range tokens {
		if t.Holds(a.now) {
			holding++
		}
	}
	if holding >= bound {
		return Faults{newFault(CodeTooMany, field, "bound", fmt.Sprint(bound))}
	}
	return nil
}

// CreateToken makes an API token for the actor's account and returns it with
// its text, which is shown this once: with the same idempotency key the text is
// empty.
func (e *Enrollment) CreateToken(ctx context.Context, actor Actor, in TokenInput) (Token, string, error) {
	if err := e.admit(ctx, actor, ActionTokenCreated, e.mayMakeTokens(ctx, actor)); err != nil {
		return Token{}, "", err
	}
	var text string
	id, err := e.perform(ctx, actor, ActionTokenCreated, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		if err := checkInput(in).Err(); err != nil {
			return "", err
		}
		if err := a.lockParty(ctx); err != nil { // the bound holds for tokens made at once
			return "", err
		}
		if err := a.roomForToken(ctx, MaxTokens, "name"); err != nil {
			return "", err
		}
		secret, hash := NewSecret("inj_" + e.policy.Live)
		t := Token{ID: NewID(PrefixToken), AccountID: a.actor.ID, PartyID: a.actor.PartyID, Kind: a.actor.Kind, Name: in.Name, Hash: hash, Scope: in.Scope,
			CreatedAt: a.now, ExpiresAt: a.now.Add(time.Duration(in.ExpiresInDays) * 24 * time.Hour)}
		if err := a.InsertToken(ctx, t); err != nil {
			return "", fmt.Errorf("inserting token: %w", err)
		}
		text = secret
		a.note("scope", string(in.Scope))
		return t.ID, nil
	})
	if err != nil {
		return Token{}, "", err
	}
	tokens, err := e.store.Tokens(ctx, tokenOwner(actor))
	if err != nil {
		return Token{}, "", fmt.Errorf("reading tokens: %w", err)
	}
	for _, t := range tokens {
		if t.ID == id {
			return t, text, nil
		}
	}
	return Token{}, "", ErrNotFound
}

// tokenOwner is the party whose tokens an actor sees; for staff, the account.
func tokenOwner(actor Actor) string {
	if actor.Kind == ActorStaff {
		return actor.ID
	}
	return actor.PartyID
}

func (e *Enrollment) mayHaveTokens(ctx context.Context, actor Actor) error {
	switch actor.Kind {
	case ActorDelegator, ActorRecipient:
		return e.requireActive(ctx, actor)
	case ActorStaff:
		if e.policy.StaffTokens {
			return nil
		}
		return ErrForbidden
	case ActorAnonymous:
		return ErrUnauthenticated
	case ActorDelegate, ActorSystem:
		return ErrForbidden
	}
	return ErrUnauthenticated
}

// mayMakeTokens is mayHaveTokens for members who may make and withdraw them.
func (e *Enrollment) mayMakeTokens(ctx context.Context, actor Actor) error {
	if err := e.mayHaveTokens(ctx, actor); err != nil || actor.Kind == ActorStaff {
		return err
	}
	return actor.requireMember(MemberDeveloper)
}

// Tokens lists the actor's tokens: those that hold before the others, the newest
// first. Of the others no more than fit a list are there.
func (e *Enrollment) Tokens(ctx context.Context, actor Actor) ([]Token, error) {
	if err := e.admit(ctx, actor, ActionOwnRead, e.mayHaveTokens(ctx, actor)); err != nil {
		return nil, err
	}
	return e.store.Tokens(ctx, tokenOwner(actor))
}

// RevokeToken withdraws a token: it stops with this commit.
func (e *Enrollment) RevokeToken(ctx context.Context, actor Actor, key, id string) error {
	if err := e.admit(ctx, actor, ActionTokenRevoked, e.mayMakeTokens(ctx, actor)); err != nil {
		return err
	}
	_, err := e.perform(ctx, actor, ActionTokenRevoked, key, id, func(ctx context.Context, a *act) (string, error) {
		if !IsID(id, PrefixToken) {
			return "", ErrNotFound
		}
		return id, a.RevokeToken(ctx, id, tokenOwner(actor), a.now)
	})
	return err
}

// requireActive returns nil where the actor's party is under contract.
func (o office) requireActive(ctx context.Context, actor Actor) error {
	p, _, err := partyOf(ctx, o.store, actor.PartyID)
	if err != nil {
		return fmt.Errorf("reading party: %w", err)
	}
	if p.State != EnrollmentActive {
		return ErrForbidden
	}
	return nil
}

// PublishInput is a version of a document for the repository (2.5).
type PublishInput struct {
	Kind          DocumentKind `json:"kind" validate:"required,oneof=TERMS OPERATING_RULES PRICE_LIST ANNOUNCEMENT"`
	Version       string       `json:"version" validate:"required,max=40,line"`
	Title         string       `json:"title" validate:"required,max=200,line"`
	Body          string       `json:"body" validate:"required,max=500000,text"`
	EffectiveFrom Date         `json:"effectiveFrom"`
}

// Publish puts a version of a document into the repository. Only the service
// owner does (9.2), or the system when it loads the owner's files.
func (e *Enrollment) Publish(ctx context.Context, actor Actor, in PublishInput) error {
	if actor.Kind != ActorSystem {
		if err := e.permit(ctx, actor, MayPublish, ActionPublished); err != nil {
			return err
		}
	}
	_, err := e.perform(ctx, actor, ActionPublished, "", in, func(ctx context.Context, a *act) (string, error) {
		faults := checkInput(in)
		if in.EffectiveFrom.IsZero() {
			faults.Add(CodeRequired, "effectiveFrom")
		}
		if err := faults.Err(); err != nil {
			return "", err
		}
		p := Published{ID: NewID(PrefixTerms), Kind: in.Kind, Version: in.Version, Title: in.Title, Body: in.Body, EffectiveFrom: in.EffectiveFrom,
			PublishedAt: a.now, SHA256: digest([]byte(in.Body))}
		return p.ID, a.InsertPublished(ctx, p)
	})
	return err
}
