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

type outboxRow struct {
	bun.BaseModel `bun:"table:outbox,alias:o"`

	ID int64 `bun:"id,pk,autoincrement"`
	changeColumns
	// PartyID is the one party concerned, null where a delegation says who is.
	PartyID *string `bun:"party_id"`
}

func rowOfChange(c poa.Change) outboxRow {
	return outboxRow{changeColumns: columnsOf(c), PartyID: nullText(c.PartyID)}
}

// Publish inserts the outbox row of a change; after the commit the leader is
// woken.
func (t *tx) Publish(ctx context.Context, c poa.Change) error {
	return t.PublishAll(ctx, []poa.Change{c})
}

// PublishAll inserts the outbox rows of changes, in their order.
func (t *tx) PublishAll(ctx context.Context, changes []poa.Change) error {
	if len(changes) == 0 {
		return nil
	}
	rows := make([]outboxRow, len(changes))
	for i, c := range changes {
		rows[i] = rowOfChange(c)
	}
	if _, err := t.q.NewInsert().Model(&rows).Returning("NULL").Exec(ctx); err != nil {
		return failed(err, "publishing changes")
	}
	t.published = true
	return nil
}

// TakeChanges returns the oldest changes that are not numbered yet. It locks
// them, so that even two leaders, of which one does not know yet that it is
// none, number no change twice: the later one waits and finds them done.
func (t *tx) TakeChanges(ctx context.Context, limit int) ([]poa.Change, error) {
	var rows []outboxRow
	err := t.q.NewSelect().Model(&rows).Where("numbered_at IS NULL").OrderExpr("id").Limit(int64(limit)).For("NO KEY UPDATE").Scan(ctx)
	if err != nil {
		return nil, failed(err, "taking changes")
	}
	changes := make([]poa.Change, len(rows))
	for i, r := range rows {
		changes[i] = r.change(r.ID)
		changes[i].PartyID = fromNullText[string](r.PartyID)
	}
	return changes, nil
}

// MarkNumbered marks changes as done, each by its own ID: never by a highest
// one, which would lose what commits late.
func (t *tx) MarkNumbered(ctx context.Context, ids []int64, at time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := t.q.NewUpdate().Model((*outboxRow)(nil)).Set("numbered_at = ?", at.UTC()).
		Where("id IN (?)", bun.List(ids)).Where("numbered_at IS NULL").Exec(ctx)
	if err != nil {
		return failed(err, "marking changes as numbered")
	}
	_, err = t.q.ExecContext(ctx, "SELECT pg_notify('"+NoticesChannel+"', '')") // who waits is woken by the commit
	return failed(err, "telling of numbered changes")
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
