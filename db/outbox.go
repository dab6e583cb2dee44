// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

// changeColumns are a change as the outbox, the notices and the deliveries hold
// it: codes, IDs and instants only.
type changeColumns struct {
	Type         string     `bun:"type"`
	DelegationID *string    `bun:"delegation_id"`
	DelegatorID  *string    `bun:"delegator_id"`
	Version      int        `bun:"version"`
	Status       string     `bun:"status"`
	At           time.Time  `bun:"at"`
	EffectiveAt  *time.Time `bun:"effective_at"`

	AnnouncementID *string `bun:"announcement_id"`
}

func columnsOf(c poa.Change) changeColumns {
	return changeColumns{Type: string(c.Type), DelegationID: nullText(c.DelegationID), DelegatorID: nullText(c.DelegatorID), Version: c.Version,
		Status: string(c.Status), At: c.At.UTC(), EffectiveAt: nullTime(c.EffectiveAt), AnnouncementID: nullText(c.AnnouncementID)}
}

func (c changeColumns) change(id int64) poa.Change {
	return poa.Change{ID: id, Type: poa.NoticeType(c.Type), DelegationID: fromNullText[poa.DelegationID](c.DelegationID),
		DelegatorID: fromNullText[string](c.DelegatorID), Version: c.Version, Status: poa.ValidityStatus(c.Status), At: c.At.UTC(),
		EffectiveAt: fromNullTime(c.EffectiveAt), AnnouncementID: fromNullText[string](c.AnnouncementID)}
}

// Publish inserts the outbox row of a change, together with the commit; after it
// the leader is woken.
func (t *tx) Publish(ctx context.Context, c poa.Change) error {
	return t.PublishAll(ctx, []poa.Change{c})
}

// publishChanges gives the rows their IDs in the order of the changes. An act
// publishes one change as a rule: publishChange does that for half the price.
var (
	publishChange  = `INSERT INTO outbox (party_id, ` + changeNames + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	publishChanges = `INSERT INTO outbox (party_id, ` + changeNames + `)
	SELECT party_id, ` + changeNames + ` FROM unnest($1::text[], ` + changeArraysFrom(2) + `) WITH ORDINALITY AS c (party_id, ` + changeNames + `, place)
	ORDER BY place`
)

// PublishAll inserts the outbox rows of changes, in their order, together with the
// commit.
func (t *tx) PublishAll(_ context.Context, changes []poa.Change) error {
	if len(changes) == 0 {
		return nil
	}
	t.published = true
	const what = "publishing changes"
	if len(changes) == 1 {
		c := columnsOf(changes[0])
		t.last.exec(what, publishChange, nullText(changes[0].PartyID),
			c.Type, c.DelegationID, c.DelegatorID, c.Version, c.Status, c.At, c.EffectiveAt, c.AnnouncementID)
		return nil
	}
	// The one party concerned; null where a delegation says who is.
	parties := column(changes, func(c *poa.Change) *string { return nullText(c.PartyID) })
	columns := column(changes, func(c *poa.Change) changeColumns { return columnsOf(*c) })
	t.last.exec(what, publishChanges, append([]any{parties}, changeArrays(columns)...)...)
	return nil
}

// Head returns the head of a party's sequence and begins one where there is
// none. It takes no lock on an existing one: the leader is not kept waiting.
func (t *tx) Head(ctx context.Context, partyID string) (stream string, sequence int64, err error) {
	if _, err := t.q.ExecContext(ctx, `INSERT INTO streams (party_id) VALUES (?) ON CONFLICT DO NOTHING`, partyID); err != nil {
		return "", 0, failed(err, "beginning a sequence")
	}
	err = t.q.QueryRowContext(ctx, `SELECT stream::text, sequence FROM streams WHERE party_id = ?`, partyID).Scan(&stream, &sequence)
	return stream, sequence, failed(err, "reading a sequence's head")
}

type noticeRow struct {
	bun.BaseModel `bun:"table:notices,alias:n"`

	PartyID  string `bun:"party_id,pk"`
	Stream   string `bun:"stream,pk"`
	Sequence int64  `bun:"sequence,pk"`
	ChangeID int64  `bun:"change_id"`
	changeColumns
}

// Notices returns a party's notices of its present stream after a number.
func (r reader) Notices(ctx context.Context, partyID string, after int64, limit int) ([]poa.Notice, error) {
	var rows []noticeRow
	err := r.q.NewSelect().Model(&rows).Join("JOIN streams AS s ON s.party_id = n.party_id AND s.stream = n.stream").
		Where("n.party_id = ?", partyID).Where("n.sequence > ?", after).OrderExpr("n.sequence").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, failed(err, "reading notices")
	}
	notices := make([]poa.Notice, len(rows))
	for i, row := range rows {
		notices[i] = poa.Notice{PartyID: row.PartyID, Stream: row.Stream, Sequence: row.Sequence, Change: row.change(row.ChangeID)}
	}
	return notices, nil
}
