// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// MaxResend bounds what one act sends again; more wants another act.
	MaxResend = 100_000
	// resendBatch is how many are sent again in one transaction.
	resendBatch = 500
	// numberLag is more than the time between a change and its number: what
	// changed just before an endpoint was switched off may have missed it.
	numberLag = time.Hour
	// shownResends is how many acts are shown.
	shownResends = 10
	// PrefixResend begins the ID of a [Resend].
	PrefixResend = "rsd_"
)

// Acts on what did not arrive.
const (
	ActionDeliveriesResent Action = "endpoint.deliveries_resent"
	ActionMissingResent    Action = "endpoint.missing_resent"
	ActionEndpointResumed  Action = "endpoint.resumed"
)

// ResendKind is what is sent again.
type ResendKind string

// Kinds of resends.
const (
	// ResendFailed are deliveries that failed for good.
	ResendFailed ResendKind = "FAILED"
	// ResendMissing are notices that pass the filter and never had a delivery, e.g.
	// while the endpoint was switched off.
	ResendMissing ResendKind = "MISSING"
	// ResendAll are both.
	ResendAll ResendKind = "ALL"
)

// Resend is an act that sends again what did not arrive, worked off in batches.
type Resend struct {
	ID         string
	EndpointID string
	PartyID    string
	Kind       ResendKind
	Since      time.Time
	// Total is how many there were when it began, at most [MaxResend]; Resent how
	// many were made due.
	Total, Resent int
	CreatedAt     time.Time
	// FinishedAt is zero while it goes on.
	FinishedAt time.Time
}

// ResendBatch works a resend off.
type ResendBatch struct {
	ResendID string `json:"resendId"`
}

// Kind names the job.
func (ResendBatch) Kind() string { return "resend_batch" }

// ResendDeliveriesInput asks for what did not arrive.
type ResendDeliveriesInput struct {
	IdempotencyKey string     `json:"idempotencyKey" validate:"required,max=128,line"`
	EndpointID     string     `json:"endpointId" validate:"required,max=64"`
	Kind           ResendKind `json:"kind"`
	// Since is when it failed, or when it changed, at the earliest.
	Since time.Time `json:"since"`
}

// ResendDeliveries sends again what failed for good since an instant, or notices
// that never had a delivery, in the order of their numbers. A switched off
// endpoint, and one to which another resend goes on, is a CONFLICT.
func (n *Notifier) ResendDeliveries(ctx context.Context, actor Actor, in ResendDeliveriesInput) (Resend, error) {
	action := ActionDeliveriesResent
	if in.Kind == ResendMissing {
		action = ActionMissingResent
	}
	return n.resend(ctx, actor, action, in.IdempotencyKey, in, func(ctx context.Context, a *act) (Resend, error) {
		faults := checkInput(in)
		if in.Since.After(a.now) {
			faults.Add(CodeFuture, "since")
		}
		if in.Since.IsZero() {
			faults.Add(CodeRequired, "since")
		}
		if in.Kind != ResendFailed && in.Kind != ResendMissing {
			faults.Add(CodeInvalid, "kind")
		}
		if err := faults.Err(); err != nil {
			return Resend{}, err
		}
		e, err := a.ownEndpoint(ctx, in.EndpointID)
		if err != nil {
			return Resend{}, err
		}
		if e.State != EndpointActive {
			return Resend{}, ErrConflict // nothing would be sent
		}
		return Resend{EndpointID: e.ID, Kind: in.Kind, Since: in.Since}, nil
	})
}

// CatchUp switches an endpoint on again and sends everything that did not arrive
// since it began to fail or was switched off. An endpoint that is active is a
// CONFLICT.
func (n *Notifier) CatchUp(ctx context.Context, actor Actor, key, id string) (Resend, error) {
	return n.resend(ctx, actor, ActionEndpointResumed, key, id, func(ctx context.Context, a *act) (Resend, error) {
		if err := a.LockStream(ctx, actor.PartyID); err != nil { // before the endpoint, as the numbering leader does
			return Resend{}, err
		}
		e, err := a.lockEndpoint(ctx, id)
		if err != nil {
			return Resend{}, err
		}
		if e.State == EndpointActive {
			return Resend{}, ErrConflict
		}
		since := e.DisabledAt
		if since.IsZero() {
			since = e.CreatedAt
		}
		since = since.Add(-numberLag)
		if !e.FailingSince.IsZero() && e.FailingSince.Before(since) {
			since = e.FailingSince
		}
		return Resend{EndpointID: e.ID, Kind: ResendAll, Since: since}, a.setEnabled(ctx, &e, true)
	})
}

// resend performs an act that begins a resend.
func (n *Notifier) resend(ctx context.Context, actor Actor, action Action, key string, input any, begin func(context.Context, *act) (Resend, error)) (Resend, error) {
	if err := n.admit(ctx, actor, action, n.mayNotify(ctx, actor)); err != nil {
		return Resend{}, err
	}
	id, err := n.perform(ctx, actor, action, key, input, func(ctx context.Context, a *act) (string, error) {
		if err := a.shareParty(ctx); err != nil {
			return "", err
		}
		r, err := begin(ctx, a)
		if err != nil {
			return "", err
		}
		r.ID, r.PartyID, r.CreatedAt = NewID(PrefixResend), actor.PartyID, a.now
		if r.Total, err = a.CountResend(ctx, r, MaxResend); err != nil {
			return "", fmt.Errorf("counting what is sent again: %w", err)
		}
		a.subject = r.EndpointID
		a.note("kind", string(r.Kind))
		a.note("since", r.Since.UTC().Format(time.RFC3339))
		a.note("total", fmt.Sprint(r.Total))
		if err := a.InsertResend(ctx, r); err != nil {
			return "", err
		}
		return r.ID, a.Enqueue(ctx, ResendBatch{ResendID: r.ID}, time.Time{})
	})
	if err != nil {
		return Resend{}, err
	}
	return n.store.Resend(ctx, id)
}

// ResendNext sends the next batch of a resend and returns how many it were; 0
// once it is finished.
func (n *Notifier) ResendNext(ctx context.Context, id string) (int, error) {
	sent := 0
	err := n.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		r, err := tx.LockResend(ctx, id)
		if err != nil || !r.FinishedAt.IsZero() {
			return err
		}
		if err := tx.LockStream(ctx, r.PartyID); err != nil {
			return err
		}
		e, err := tx.LockEndpoint(ctx, r.EndpointID)
		switch {
		case errors.Is(err, ErrNotFound):
			return tx.Resent(ctx, r.ID, 0, n.clock.Now()) // deleted meanwhile
		case err != nil:
			return fmt.Errorf("locking endpoint: %w", err)
		case e.PartyID != r.PartyID:
			return ErrConflict
		case e.State == EndpointActive:
			if sent, err = n.resendSome(ctx, tx, r, e); err != nil {
				return err
			}
		}
		if sent == 0 {
			return tx.Resent(ctx, r.ID, 0, n.clock.Now())
		}
		return tx.Resent(ctx, r.ID, sent, time.Time{})
	})
	if errors.Is(err, ErrNotFound) {
		return 0, nil // erased meanwhile
	}
	return sent, err
}

func (n *Notifier) resendSome(ctx context.Context, tx Tx, r Resend, e Endpoint) (int, error) {
	room := min(resendBatch, MaxResend-r.Resent)
	due := n.clock.Now()
	if e.PausedUntil.After(due) {
		due = e.PausedUntil
	}
	if r.Kind != ResendMissing && room > 0 {
		sent, err := tx.ResendFailed(ctx, r, due, room)
		if err != nil || sent > 0 {
			return sent, err
		}
	}
	if r.Kind == ResendFailed || room <= 0 {
		return 0, nil
	}
	missing, err := tx.MissingNotices(ctx, r, e.Types, room)
	if err != nil || len(missing) == 0 {
		return 0, err
	}
	for i := range missing {
		d := &missing[i]
		d.ID, d.EndpointID, d.State, d.NextAt = NewID(PrefixDelivery), e.ID, DeliveryPending, due
	}
	if err := tx.InsertDeliveries(ctx, missing); err != nil {
		return 0, fmt.Errorf("inserting deliveries: %w", err)
	}
	return len(missing), tx.RaiseEndpoint(ctx, e.ID)
}

// Resends lists the newest resends of an endpoint of the actor's party.
func (r *Records) Resends(ctx context.Context, actor Actor, endpointID string) ([]Resend, error) {
	if _, err := r.Endpoint(ctx, actor, endpointID); err != nil {
		return nil, err
	}
	return r.store.Resends(ctx, endpointID, shownResends)
}

// TroubledEndpoint is an endpoint that its party should look at.
type TroubledEndpoint struct {
	ID    string
	State EndpointState
}

// Troubled lists the endpoints of the actor's party that fail, or that the
// service switched off.
func (r *Records) Troubled(ctx context.Context, actor Actor) ([]TroubledEndpoint, error) {
	if actor.PartyID == "" || actor.Kind != ActorDelegator && actor.Kind != ActorRecipient {
		return nil, nil
	}
	return r.store.TroubledEndpoints(ctx, actor.PartyID)
}
