// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
)

// WatchInput names the delegation to watch.
type WatchInput struct {
	IdempotencyKey string `json:"idempotencyKey" validate:"required,max=128,line"`
	DelegationID   string `json:"delegationId" validate:"required,max=64"`
}

// Watched is what a watcher is told: how the delegation stands, the version
// that was read, and the head of the watcher's own sequence. Every later
// change comes with a higher number (design.md, rule 14).
type Watched struct {
	DelegationID DelegationID
	Standing     Standing
	Stream       string
	Head         int64
}

// Watch lets a recipient be told of a delegation's changes. An ID that was
// never accepted is DELEGATION_UNKNOWN, like any other unknown one.
func (n *Notifier) Watch(ctx context.Context, actor Actor, in WatchInput) (Watched, error) {
	if err := n.admit(ctx, actor, ActionWatched, actor.require(ActorRecipient)); err != nil {
		return Watched{}, err
	}
	if err := n.admit(ctx, actor, ActionWatched, n.requireActive(ctx, actor)); err != nil {
		return Watched{}, err
	}
	var watched Watched
	id, err := n.perform(ctx, actor, ActionWatched, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		if err := checkInput(in).Err(); err != nil {
			return "", err
		}
		if err := a.shareParty(ctx); err != nil {
			return "", err
		}
		d, err := acceptedByText(ctx, a, in.DelegationID)
		if err != nil {
			return "", err
		}
		if watched, err = n.watched(ctx, a, d.ID); err != nil {
			return "", err
		}
		a.subject = string(d.ID)
		return string(d.ID), a.InsertWatch(ctx, Watch{RecipientID: actor.PartyID, DelegationID: d.ID, Since: a.now, SinceVersion: watched.Standing.Version})
	})
	if err != nil || watched.DelegationID != "" {
		return watched, err
	}
	err = n.store.InTx(ctx, func(ctx context.Context, tx Tx) error { // the key was used before: answer from now
		watched, err = n.watched(ctx, &act{Tx: tx, actor: actor, now: n.clock.Now()}, DelegationID(id))
		return err
	})
	return watched, err
}

func acceptedByText(ctx context.Context, a *act, text string) (Delegation, error) {
	unknown := Faults{newFault(CodeUnknownDelegation, "delegationId")}
	id, ok := ParseDelegationID(text)
	if !ok {
		return Delegation{}, unknown
	}
	d, err := a.ShareDelegation(ctx, id)
	if errors.Is(err, ErrNotFound) || err == nil && d.State != StateAccepted {
		return Delegation{}, unknown
	}
	return d, err
}

func (n *Notifier) watched(ctx context.Context, a *act, id DelegationID) (Watched, error) {
	p, err := a.Projection(ctx, id)
	if err != nil {
		return Watched{}, fmt.Errorf("reading projection: %w", err)
	}
	stream, head, err := a.Head(ctx, a.actor.PartyID)
	if err != nil {
		return Watched{}, fmt.Errorf("reading head of sequence: %w", err)
	}
	return Watched{DelegationID: id, Standing: p.StandingAt(a.now), Stream: stream, Head: head}, nil
}

// Unwatch ends a watch; ending one that is not there is no fault.
func (n *Notifier) Unwatch(ctx context.Context, actor Actor, in WatchInput) error {
	if err := n.admit(ctx, actor, ActionUnwatched, actor.require(ActorRecipient)); err != nil {
		return err
	}
	_, err := n.perform(ctx, actor, ActionUnwatched, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		id, ok := ParseDelegationID(in.DelegationID)
		faults := checkInput(in)
		if !ok {
			faults.Add(CodeUnknownDelegation, "delegationId")
		}
		if err := faults.Err(); err != nil {
			return "", err
		}
		return string(id), a.DeleteWatch(ctx, actor.PartyID, id)
	})
	return err
}

// SetWatchAsked says whether a recipient watches what it asks about from then
// on. It is off until the recipient wants it. A historical question begins no
// watch.
func (n *Notifier) SetWatchAsked(ctx context.Context, actor Actor, key string, on bool) error {
	if err := n.admit(ctx, actor, ActionWatchAsked, actor.requireFor(ActorRecipient, MemberDeveloper)); err != nil {
		return err
	}
	_, err := n.perform(ctx, actor, ActionWatchAsked, key, on, func(ctx context.Context, a *act) (string, error) {
		if err := a.lockParty(ctx); err != nil {
			return "", err
		}
		a.note("on", fmt.Sprint(on))
		return actor.PartyID, a.Tx.SetWatchAsked(ctx, actor.PartyID, on)
	})
	return err
}
