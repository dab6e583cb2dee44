// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
	"slices"
	"time"

	"ininjo/poa/receipt"
)

// Notifier tells parties of changes that concern them. Webhook, mail and feed
// are views of one sequence for each party; numbers are given after the commit
// by one leader (design.md, section 6). Nobody is told of an audited event
// because of the audit (6.2.7): no notice has the audit log as its source.
type Notifier struct {
	office
	policy Policy
	// heartbeats signs heartbeats; nil where none are.
	heartbeats receipt.Signer
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
	// Heartbeat is the JWS of a service.heartbeat.
	Heartbeat string `json:"heartbeat,omitempty"`
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
		EffectiveAt: instant(c.EffectiveAt), Stream: d.Notice.Stream, Sequence: max(d.Notice.Sequence, d.Head), Previous: d.Previous, Heartbeat: d.Heartbeat,
		AnnouncementID: c.AnnouncementID}}
}

// BodyOf is what is told of a notice where it is asked for.
func (n *Notifier) BodyOf(notice Notice) WebhookBody { return notice.Body().At(n.policy) }

// At is the body with the address at which an announcement's text stands.
func (b WebhookBody) At(policy Policy) WebhookBody {
	if b.Data.AnnouncementID != "" {
		b.Data.Repository = policy.PublicURL + AnnouncementText{ID: b.Data.AnnouncementID}.Path()
	}
	return b
}

// dueTerms bounds how many due changes are read at once, announceBatch how many
// are published in one transaction: their delegations are locked that long.
const (
	dueTerms      = 5000
	announceBatch = 500
)

// AnnounceTerms publishes starts and ends of terms, and future-dated ends that
// took effect, each once. It returns how many; call it until it returns 0.
func (n *Notifier) AnnounceTerms(ctx context.Context) (int, error) {
	due, err := n.store.DueTerms(ctx, n.clock.Now(), n.policy.ExpiringAhead, dueTerms)
	if err != nil {
		return 0, fmt.Errorf("reading due terms: %w", err)
	}
	for some := range slices.Chunk(due, announceBatch) {
		err := n.store.InTx(ctx, func(ctx context.Context, tx Tx) error { return n.announce(ctx, tx, some) })
		if err != nil {
			return 0, fmt.Errorf("announcing terms: %w", err)
		}
	}
	return len(due), nil
}

// announce publishes due changes, but for those that another process was first
// with. Each has its audit event and its outbox row, however many share the
// transaction.
func (n *Notifier) announce(ctx context.Context, tx Tx, due []Change) error {
	ids := make([]DelegationID, len(due))
	for i, c := range due {
		ids[i] = c.DelegationID
	}
	if err := tx.LockDelegationRows(ctx, ids); err != nil {
		return err
	}
	now := n.clock.Now()
	fresh, err := tx.MarkAnnounced(ctx, due, now)
	if err != nil {
		return err
	}
	projections, err := tx.Projections(ctx, ids)
	if err != nil {
		return err
	}
	var events []AuditEvent
	var changes []Change
	for _, c := range fresh {
		a := &act{actor: System, now: now, eventID: NewID(PrefixEvent), subject: string(c.DelegationID)}
		a.note("type", string(c.Type))
		if told, ok := announced(c, projections[c.DelegationID], now); ok {
			changes = append(changes, told)
		} else {
			a.note("told", "false")
		}
		events = append(events, a.event(ActionAnnounced, OutcomeDone))
	}
	if err := tx.AuditAll(ctx, events); err != nil {
		return fmt.Errorf("auditing %s: %w", ActionAnnounced, err)
	}
	return tx.PublishAll(ctx, changes)
}

// announced is what is told of a due change. A start or a coming end is told to
// nobody where the delegation has ended since: it would arrive after its end.
func announced(c Change, p Projection, now time.Time) (Change, bool) {
	if p.ended(now) && (c.Type == NoticeEffective || c.Type == NoticeExpiring) {
		return Change{}, false
	}
	return Change{Type: c.Type, DelegationID: c.DelegationID, DelegatorID: c.DelegatorID, Version: p.Version,
		Status: p.StandingAt(now).Status, At: now, EffectiveAt: c.EffectiveAt}, true
}
