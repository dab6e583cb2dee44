// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
	"strings"
	"unicode"
)

// MaxAnswer is how much of what an endpoint answered is kept, in bytes.
const MaxAnswer = 4 << 10

// keptAttempts is how many attempts of a delivery are shown, the newest.
const keptAttempts = 30

// bounded cuts what is kept of an answer.
func (a Attempt) bounded() Attempt {
	a.Answer = a.Answer[:min(len(a.Answer), MaxAnswer)]
	return a
}

// AnswerText is the answer as text that does no harm where it is shown: control
// characters as their pictures, what is no UTF-8 or turns the direction of
// writing as U+FFFD. Lines and tabs stay.
func (a Attempt) AnswerText() string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < 0x20:
			return 0x2400 + r
		case r == 0x7F:
			return 0x2421
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == '\u2028', r == '\u2029', !unicode.IsGraphic(r):
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(string(a.Answer), "\uFFFD"))
}

// ResendDelivery makes one more attempt of a delivery that arrived or failed:
// the same webhook-id, a new attempt. One that still waits for an attempt is a
// CONFLICT, and so is one whose endpoint is switched off.
func (n *Notifier) ResendDelivery(ctx context.Context, actor Actor, key, id string) (Delivery, error) {
	if err := n.admit(ctx, actor, ActionDeliveryResent, n.mayNotify(ctx, actor)); err != nil {
		return Delivery{}, err
	}
	_, err := n.perform(ctx, actor, ActionDeliveryResent, key, id, func(ctx context.Context, a *act) (string, error) {
		if err := a.shareParty(ctx); err != nil {
			return "", err
		}
		d, err := ownDelivery(ctx, a, actor, id)
		if err != nil {
			return "", err
		}
		e, err := a.ownEndpoint(ctx, d.EndpointID)
		if err != nil {
			return "", err
		}
		if e.State != EndpointActive {
			return "", ErrConflict // nothing would be sent
		}
		if err := a.Tx.ResendDelivery(ctx, d.ID, a.now); err != nil {
			return "", err
		}
		return d.ID, nil
	})
	if err != nil {
		return Delivery{}, err
	}
	return ownDelivery(ctx, n.store, actor, id)
}

// ownDelivery reads a delivery of the actor's party. Missing and another's look
// the same.
func ownDelivery(ctx context.Context, from Reader, actor Actor, id string) (Delivery, error) {
	if !IsID(id, PrefixDelivery) {
		return Delivery{}, ErrNotFound
	}
	d, err := from.Delivery(ctx, id)
	if err == nil && (actor.PartyID == "" || d.Notice.PartyID != actor.PartyID) {
		return Delivery{}, ErrNotFound
	}
	return d, err
}

// Delivery returns one delivery of the actor's party with its attempts, the
// newest first.
func (r *Records) Delivery(ctx context.Context, actor Actor, id string) (Delivery, []Attempt, error) {
	if err := signedIn(actor); err != nil {
		return Delivery{}, nil, err
	}
	d, err := ownDelivery(ctx, r.store, actor, id)
	if err != nil {
		return Delivery{}, nil, err
	}
	attempts, err := r.store.Attempts(ctx, actor.PartyID, []string{id}, keptAttempts)
	return d, attempts[id], err
}

// DeliveryPage lists deliveries of an endpoint of the actor's party, the newest
// first.
func (r *Records) DeliveryPage(ctx context.Context, actor Actor, endpointID string, p Page) (List[Delivery], error) {
	if _, err := r.Endpoint(ctx, actor, endpointID); err != nil {
		return List[Delivery]{}, err
	}
	if err := checkPage(p).Err(); err != nil {
		return List[Delivery]{}, err
	}
	return r.store.DeliveryPage(ctx, endpointID, p)
}

// AttemptsOf returns the newest attempts of each of the deliveries of the
// actor's party, in one statement.
func (r *Records) AttemptsOf(ctx context.Context, actor Actor, ids []string, each int) (map[string][]Attempt, error) {
	if err := signedIn(actor); err != nil {
		return nil, err
	}
	attempts, err := r.store.Attempts(ctx, actor.PartyID, ids, min(max(each, 1), keptAttempts))
	if err != nil {
		return nil, fmt.Errorf("reading attempts: %w", err)
	}
	return attempts, nil
}
