// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Notifier tells parties of changes that concern them. Webhook, mail and feed
// are views of one sequence for each party; numbers are given after the commit
// by one leader (design.md, section 6). Nobody is told of an audited event
// because of the audit (6.2.7): no notice has the audit log as its source.
type Notifier struct {
	office
	policy Policy
}

// NewNotifier returns the rules over a clock and a store.
func NewNotifier(clock Clock, store Store, policy Policy) *Notifier {
	return &Notifier{office: office{clock, store}, policy: policy}
}

// numberBatch bounds how many changes the leader numbers in one transaction.
const numberBatch = 200

// Number numbers the oldest changes that are not numbered yet for the parties
// that they concern, with their deliveries and jobs, in one transaction. It is
// called by the one leader alone and returns how many changes it took.
func (n *Notifier) Number(ctx context.Context) (int, error) {
	taken := 0
	err := n.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		changes, err := tx.TakeChanges(ctx, numberBatch)
		if err != nil {
			return fmt.Errorf("taking changes: %w", err)
		}
		ids := make([]int64, len(changes))
		for i, c := range changes {
			ids[i] = c.ID
			if err := n.number(ctx, tx, c); err != nil {
				return fmt.Errorf("numbering change %d: %w", c.ID, err)
			}
		}
		taken = len(ids)
		if taken == 0 {
			return nil
		}
		return tx.MarkNumbered(ctx, ids, n.clock.Now())
	})
	return taken, err
}

func (n *Notifier) number(ctx context.Context, tx Tx, c Change) error {
	parties, err := concerned(ctx, tx, c)
	if err != nil {
		return err
	}
	for _, party := range parties {
		stream, sequence, err := tx.NextSequence(ctx, party)
		if err != nil {
			return fmt.Errorf("drawing sequence: %w", err)
		}
		notice := Notice{PartyID: party, Stream: stream, Sequence: sequence, Change: c}
		if err := tx.InsertNotice(ctx, notice); err != nil {
			return fmt.Errorf("inserting notice: %w", err)
		}
		if err := n.deliver(ctx, tx, notice); err != nil {
			return err
		}
		if err := n.mailNotice(ctx, tx, notice); err != nil {
			return err
		}
	}
	return nil
}

// concerned are the delegator, and the recipients that watch: of a filing that
// was never accepted they know nothing.
func concerned(ctx context.Context, tx Tx, c Change) ([]string, error) {
	if c.PartyID != "" {
		return []string{c.PartyID}, nil
	}
	parties := []string{c.DelegatorID}
	if c.Type == NoticeRefused {
		return parties, nil
	}
	version := c.Version
	if c.byTime() {
		version++ // no new version: whoever read this very one when it began is told, too
	}
	watchers, err := tx.Watchers(ctx, c.DelegationID, version)
	if err != nil {
		return nil, fmt.Errorf("reading watchers: %w", err)
	}
	return append(parties, watchers...), nil
}

// byTime reports whether time alone brought the change about: a term's start or
// end, or an end that was recorded before and took effect now.
func (c Change) byTime() bool {
	switch c.Type {
	case NoticeEffective, NoticeExpiring, NoticeExpired:
		return true
	default:
		return !c.EffectiveAt.IsZero() && !c.EffectiveAt.After(c.At)
	}
}

func (n *Notifier) deliver(ctx context.Context, tx Tx, notice Notice) error {
	endpoints, err := tx.Endpoints(ctx, notice.PartyID)
	if err != nil {
		return fmt.Errorf("reading endpoints: %w", err)
	}
	for _, e := range endpoints {
		if e.State != EndpointActive || len(e.Types) > 0 && !slices.Contains(e.Types, notice.Type) {
			continue
		}
		previous, err := tx.AdvanceEndpoint(ctx, e.ID, notice.Sequence)
		if err != nil {
			return fmt.Errorf("advancing endpoint: %w", err)
		}
		if err := n.enqueueDelivery(ctx, tx, Delivery{ID: NewID(PrefixDelivery), EndpointID: e.ID, Notice: notice, Previous: previous, State: DeliveryPending}); err != nil {
			return err
		}
	}
	return nil
}

func (n *Notifier) enqueueDelivery(ctx context.Context, tx Tx, d Delivery) error {
	if err := tx.InsertDelivery(ctx, d); err != nil {
		return fmt.Errorf("inserting delivery: %w", err)
	}
	return tx.Enqueue(ctx, DeliverWebhook{DeliveryID: d.ID, EndpointID: d.EndpointID}, time.Time{})
}

// WebhookData is the data of a webhook's body: thin, without personal data.
type WebhookData struct {
	DelegationID DelegationID   `json:"delegationId,omitempty"`
	Status       ValidityStatus `json:"status,omitempty"`
	Version      int            `json:"version,omitempty"`
	EffectiveAt  *time.Time     `json:"effectiveAt,omitempty"`
	Stream       string         `json:"stream"`
	Sequence     int64          `json:"sequence"`
	Previous     int64          `json:"previous"`
	// AnnouncementID and Repository are set where the notice tells of an
	// announcement: its text stands at the address.
	AnnouncementID string `json:"announcementId,omitempty"`
	Repository     string `json:"repository,omitempty"`
}

// WebhookBody is the body of a webhook (Standard Webhooks 1.0.0).
type WebhookBody struct {
	Type      NoticeType  `json:"type"`
	Timestamp time.Time   `json:"timestamp"`
	Data      WebhookData `json:"data"`
}

// Body returns what is posted to the endpoint.
func (d Delivery) Body() WebhookBody {
	c := d.Notice.Change
	return WebhookBody{Type: c.Type, Timestamp: c.At, Data: WebhookData{DelegationID: c.DelegationID, Status: c.Status, Version: c.Version,
		EffectiveAt: instant(c.EffectiveAt), Stream: d.Notice.Stream, Sequence: d.Notice.Sequence, Previous: d.Previous, AnnouncementID: c.AnnouncementID}}
}

// Outgoing returns a delivery with its endpoint for a worker. It returns
// ErrNotFound where the endpoint was deleted or switched off, or the delivery
// was made: then there is nothing left to do.
func (n *Notifier) Outgoing(ctx context.Context, deliveryID string) (Delivery, Endpoint, error) {
	d, err := n.store.Delivery(ctx, deliveryID)
	if err != nil {
		return Delivery{}, Endpoint{}, err
	}
	e, err := n.store.Endpoint(ctx, d.EndpointID)
	if err != nil {
		return Delivery{}, Endpoint{}, err
	}
	if d.State != DeliveryPending && d.ResendAt.IsZero() || e.State != EndpointActive {
		return Delivery{}, Endpoint{}, ErrNotFound
	}
	return d, e, nil
}

// Attempted records an attempt. last tells that no further one will be made.
// An endpoint that answered 410 Gone is switched off.
func (n *Notifier) Attempted(ctx context.Context, a Attempt, last bool) error {
	state := DeliveryPending
	switch {
	case a.Status >= 200 && a.Status < 300 && a.Error == "":
		state = DeliveryDelivered
	case last || a.Status == 410:
		state = DeliveryFailed
	}
	err := n.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.RecordAttempt(ctx, a.bounded(), state); err != nil || state != DeliveryDelivered {
			return err
		}
		return n.verify(ctx, tx, a)
	})
	if err != nil || a.Status != 410 {
		return err
	}
	return n.switchOff(ctx, a.DeliveryID, "GONE")
}

func (n *Notifier) switchOff(ctx context.Context, deliveryID, reason string) error {
	_, err := n.perform(ctx, System, ActionEndpointDisabled, "", nil, func(ctx context.Context, a *act) (string, error) {
		d, err := a.Delivery(ctx, deliveryID)
		if err != nil {
			return "", err
		}
		e, err := a.Endpoint(ctx, d.EndpointID)
		if err != nil {
			return "", err
		}
		e.State, e.DisabledReason = EndpointDisabled, reason
		return e.ID, a.UpdateEndpoint(ctx, e)
	})
	return err
}

// AnnounceTerms publishes starts and ends of terms, and future-dated ends that
// took effect, each once. It returns how many; call it until it returns 0.
func (n *Notifier) AnnounceTerms(ctx context.Context) (int, error) {
	due, err := n.store.DueTerms(ctx, n.clock.Now(), n.policy.ExpiringAhead, numberBatch)
	if err != nil {
		return 0, fmt.Errorf("reading due terms: %w", err)
	}
	for _, c := range due {
		if err := n.announce(ctx, c); err != nil && !errors.Is(err, ErrConflict) {
			return 0, fmt.Errorf("announcing %s of %s: %w", c.Type, c.DelegationID, err)
		}
	}
	return len(due), nil
}

// announce publishes one due change, unless another process was first. A start
// or a coming end is marked but not told where the delegation has ended since:
// it would arrive after its end.
func (n *Notifier) announce(ctx context.Context, c Change) error {
	_, err := n.perform(ctx, System, ActionAnnounced, "", nil, func(ctx context.Context, a *act) (string, error) {
		d, err := a.LockDelegation(ctx, c.DelegationID)
		if err != nil {
			return "", err
		}
		fresh, err := a.MarkAnnounced(ctx, d.ID, c.Type, c.Version, a.now)
		if err != nil {
			return "", err
		}
		if !fresh {
			return "", ErrConflict
		}
		a.note("type", string(c.Type))
		p, err := a.Projection(ctx, d.ID)
		if err != nil {
			return "", err
		}
		if p.ended(a.now) && (c.Type == NoticeEffective || c.Type == NoticeExpiring) {
			a.note("told", "false")
			return string(d.ID), nil
		}
		return string(d.ID), a.Publish(ctx, Change{Type: c.Type, DelegationID: d.ID, DelegatorID: d.DelegatorID, Version: p.Version,
			Status: p.StandingAt(a.now).Status, At: a.now, EffectiveAt: c.EffectiveAt})
	})
	return err
}
