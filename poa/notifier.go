// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
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

// WebhookData is the data of a webhook's body: thin, without personal data.
type WebhookData struct {
	DelegationID DelegationID   `json:"delegationId,omitempty"`
	Status       ValidityStatus `json:"status,omitempty"`
	Version      int            `json:"version,omitempty"`
	EffectiveAt  *time.Time     `json:"effectiveAt,omitempty"`
	Stream       string         `json:"stream"`
	Sequence     int64          `json:"sequence"`
	Previous     int64          `json:"previous"`
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
		EffectiveAt: instant(c.EffectiveAt), Stream: d.Notice.Stream, Sequence: d.Notice.Sequence, Previous: d.Previous}}
}

// OutgoingMail returns a message that was not sent yet, else ErrNotFound.
func (n *Notifier) OutgoingMail(ctx context.Context, id string) (Mail, error) {
	m, err := n.store.Mail(ctx, id)
	if err == nil && !m.SentAt.IsZero() {
		return Mail{}, ErrNotFound
	}
	return m, err
}

// MailSent records that a message was handed over.
func (n *Notifier) MailSent(ctx context.Context, id string) error {
	return n.store.InTx(ctx, func(ctx context.Context, tx Tx) error { return tx.MarkMailSent(ctx, id, n.clock.Now()) })
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
