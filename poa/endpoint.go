// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"time"
)

// MaxEndpoints bounds the endpoints of a party.
const MaxEndpoints = 20

// EndpointInput creates or changes a webhook endpoint.
type EndpointInput struct {
	IdempotencyKey string `json:"idempotencyKey" validate:"required,max=128,line"`
	// ID is empty to create.
	ID          string       `json:"id,omitempty" validate:"max=64"`
	URL         string       `json:"url" validate:"required,max=2000,line"`
	Types       []NoticeType `json:"types" validate:"max=20,dive,required"`
	Description string       `json:"description" validate:"max=200,line,free"`
	// Enabled is read when an endpoint is changed.
	Enabled bool `json:"enabled"`
}

// AddressChecker tells whether a URL may be posted to at all. Implemented by
// server/outside, which checks again at every dial.
type AddressChecker interface {
	Allowed(ctx context.Context, u *url.URL) bool
}

// CreateEndpoint makes a webhook endpoint for the actor's party. Its secret is
// shown this once: with the same idempotency key it is empty.
func (n *Notifier) CreateEndpoint(ctx context.Context, actor Actor, in EndpointInput, check AddressChecker) (Endpoint, error) {
	if err := n.admit(ctx, actor, ActionEndpointCreated, n.mayNotify(ctx, actor)); err != nil {
		return Endpoint{}, err
	}
	secret := ""
	id, err := n.perform(ctx, actor, ActionEndpointCreated, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		faults := checkEndpoint(ctx, in, check)
		if err := a.lockParty(ctx); err != nil { // the bound holds for endpoints made at once
			return "", err
		}
		existing, err := a.Endpoints(ctx, actor.PartyID)
		if err != nil {
			return "", fmt.Errorf("reading endpoints: %w", err)
		}
		if len(existing) >= MaxEndpoints {
			faults.Add(CodeTooMany, "url", "bound", fmt.Sprint(MaxEndpoints))
		}
		if err := faults.Err(); err != nil {
			return "", err
		}
		secret = newWebhookSecret()
		e := Endpoint{ID: NewID(PrefixEndpoint), PartyID: actor.PartyID, URL: in.URL, Types: in.Types, State: EndpointActive, Secret: secret, Description: in.Description, CreatedAt: a.now, AddressAt: a.now,
			MaxInFlight: DefaultInFlight}
		return e.ID, a.InsertEndpoint(ctx, e)
	})
	return n.shown(ctx, id, secret, err)
}

// shown returns an endpoint with nothing of its secrets but the one just made.
func (n *Notifier) shown(ctx context.Context, id, secret string, err error) (Endpoint, error) {
	if err != nil {
		return Endpoint{}, err
	}
	e, err := n.store.Endpoint(ctx, id)
	e.Secret, e.PreviousSecret = secret, ""
	return e, err
}

func checkEndpoint(ctx context.Context, in EndpointInput, check AddressChecker) Faults {
	faults := checkInput(in)
	for i, t := range in.Types {
		if !slices.Contains(NoticeTypes, t) {
			faults.Add(CodeInvalid, fmt.Sprintf("types.%d", i))
		}
	}
	u, err := url.Parse(in.URL)
	switch {
	case in.URL == "":
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http":
		faults.Add(CodeInvalid, "url")
	case !check.Allowed(ctx, u):
		faults.Add(CodeAddressNotAllowed, "url")
	}
	return faults
}

// newWebhookSecret draws 32 bytes as Standard Webhooks writes them.
func newWebhookSecret() string {
	var raw [32]byte
	rand.Read(raw[:])
	return "whsec_" + base64.StdEncoding.EncodeToString(raw[:])
}

func (n *Notifier) mayNotify(ctx context.Context, actor Actor) error {
	if actor.Kind != ActorDelegator {
		if err := actor.require(ActorRecipient); err != nil {
			return err
		}
	}
	if err := actor.requireMember(MemberDeveloper); err != nil {
		return err
	}
	return n.requireActive(ctx, actor)
}

// changeEndpoint changes an endpoint of the actor's own.
func (n *Notifier) changeEndpoint(ctx context.Context, actor Actor, action Action, key, id string, input any, do func(context.Context, *act, *Endpoint) error) error {
	if err := n.admit(ctx, actor, action, n.mayNotify(ctx, actor)); err != nil {
		return err
	}
	_, err := n.perform(ctx, actor, action, key, input, func(ctx context.Context, a *act) (string, error) {
		if err := a.shareParty(ctx); err != nil { // one of a party that ended is not switched on again
			return "", err
		}
		e, err := a.lockEndpoint(ctx, id)
		if err != nil {
			return "", err
		}
		a.subject = e.ID
		if err := do(ctx, a, &e); err != nil {
			return "", err
		}
		return e.ID, nil
	})
	return err
}

// ownEndpoint reads an endpoint of the actor's party. Missing and another's look
// the same.
func (a *act) ownEndpoint(ctx context.Context, id string) (Endpoint, error) {
	return a.endpointBy(ctx, id, a.Endpoint)
}

// lockEndpoint is ownEndpoint for what is written back whole: of two at once
// neither undoes the other's change.
func (a *act) lockEndpoint(ctx context.Context, id string) (Endpoint, error) {
	return a.endpointBy(ctx, id, a.LockEndpoint)
}

func (a *act) endpointBy(ctx context.Context, id string, read func(context.Context, string) (Endpoint, error)) (Endpoint, error) {
	if !IsID(id, PrefixEndpoint) {
		return Endpoint{}, ErrNotFound
	}
	e, err := read(ctx, id)
	if err == nil && e.PartyID != a.actor.PartyID {
		return Endpoint{}, ErrNotFound
	}
	return e, err
}

// UpdateEndpoint changes address, filter, description and state.
func (n *Notifier) UpdateEndpoint(ctx context.Context, actor Actor, in EndpointInput, check AddressChecker) (Endpoint, error) {
	err := n.changeEndpoint(ctx, actor, ActionEndpointUpdated, in.IdempotencyKey, in.ID, in, func(ctx context.Context, a *act, e *Endpoint) error {
		if err := checkEndpoint(ctx, in, check).Err(); err != nil {
			return err
		}
		if e.URL != in.URL { // proved again by a test of the new address
			e.AddressAt, e.VerifiedAt = a.now, time.Time{}
		}
		e.URL, e.Types, e.Description = in.URL, in.Types, in.Description
		return a.setEnabled(ctx, e, in.Enabled)
	})
	return n.shown(ctx, in.ID, "", err)
}

// setEnabled switches an endpoint on, with what is behind it forgiven and what
// waited due again, or off, and stores it.
func (a *act) setEnabled(ctx context.Context, e *Endpoint, on bool) error {
	was := e.State
	e.State, e.DisabledReason, e.DisabledAt = EndpointActive, "", time.Time{}
	if !on {
		e.State, e.DisabledReason, e.DisabledAt = EndpointDisabled, "OWNER", a.now
	}
	if was != e.State || e.AddressAt.Equal(a.now) { // it begins anew
		e.Failures, e.FailingSince, e.PausedUntil, e.Warned = 0, time.Time{}, time.Time{}, 0
	}
	if err := a.UpdateEndpoint(ctx, *e); err != nil {
		return err
	}
	switch {
	case !on:
		return a.HoldDeliveries(ctx, e.ID)
	case was != EndpointActive:
		return a.ResumeDeliveries(ctx, e.ID, a.now)
	}
	return nil
}

// DeleteEndpoint deletes an endpoint; what waits for it is not delivered.
func (n *Notifier) DeleteEndpoint(ctx context.Context, actor Actor, key, id string) error {
	return n.changeEndpoint(ctx, actor, ActionEndpointDeleted, key, id, id, func(ctx context.Context, a *act, e *Endpoint) error {
		if err := a.HoldDeliveries(ctx, e.ID); err != nil {
			return err
		}
		return a.Tx.DeleteEndpoint(ctx, e.ID, actor.PartyID)
	})
}

// RotateSecret gives the endpoint a new secret; the old one signs beside it for
// the overlap (0 to 7 days). The new secret is shown this once.
func (n *Notifier) RotateSecret(ctx context.Context, actor Actor, key, id string, overlap time.Duration) (Endpoint, error) {
	secret := ""
	err := n.changeEndpoint(ctx, actor, ActionEndpointRotated, key, id, []any{id, overlap}, func(ctx context.Context, a *act, e *Endpoint) error {
		if overlap < 0 || overlap > 7*24*time.Hour {
			return Faults{newFault(CodeInvalid, "overlapHours")}
		}
		secret = newWebhookSecret()
		e.PreviousSecret, e.PreviousUntil, e.Secret = e.Secret, a.now.Add(overlap), secret
		return a.UpdateEndpoint(ctx, *e)
	})
	return n.shown(ctx, id, secret, err)
}

// TestEndpoint sends an endpoint.test event and returns the delivery's ID. It
// has no number of the sequence: nothing changed. The first one that arrives
// proves the endpoint.
func (n *Notifier) TestEndpoint(ctx context.Context, actor Actor, key, id string) (string, error) {
	if err := n.admit(ctx, actor, ActionEndpointTested, n.mayNotify(ctx, actor)); err != nil {
		return "", err
	}
	return n.perform(ctx, actor, ActionEndpointTested, key, id, func(ctx context.Context, a *act) (string, error) {
		if err := a.shareParty(ctx); err != nil {
			return "", err
		}
		e, err := a.ownEndpoint(ctx, id)
		if err != nil {
			return "", err
		}
		a.subject = e.ID
		if e.State != EndpointActive {
			return "", ErrConflict // nothing would be sent
		}
		stream, _, err := a.Head(ctx, actor.PartyID)
		if err != nil {
			return "", fmt.Errorf("reading head of sequence: %w", err)
		}
		notice := Notice{PartyID: actor.PartyID, Stream: stream, Change: Change{Type: NoticeTest, At: a.now}}
		d := Delivery{ID: NewID(PrefixDelivery), EndpointID: e.ID, Notice: notice, State: DeliveryPending, NextAt: a.now}
		return d.ID, a.InsertDelivery(ctx, d)
	})
}
