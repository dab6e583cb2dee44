// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

// watchedRow is a watch with the hot row of its delegation: an alias of p, for
// the status' SQL.
type watchedRow struct {
	bun.BaseModel `bun:"table:projections,alias:p"`

	DelegationID string    `bun:"delegation_id"`
	Since        time.Time `bun:"since"`
	SinceVersion int       `bun:"since_version"`
	RecipientID  string    `bun:"recipient_id"`

	AcceptedAt      time.Time  `bun:"accepted_at"`
	ValidFrom       time.Time  `bun:"valid_from"`
	ValidThrough    time.Time  `bun:"valid_through"`
	Version         int        `bun:"version"`
	FinalKind       *string    `bun:"final_kind"`
	FinalAt         *time.Time `bun:"final_at"`
	FinalReason     *string    `bun:"final_reason"`
	FinalVersion    *int       `bun:"final_version"`
	FinalRecordedAt *time.Time `bun:"final_recorded_at"`
	Suspensions     []byte     `bun:"suspensions"`
}

func (w watchedRow) row(now time.Time) (poa.WatchRow, error) {
	projected := projectionRow{DelegationID: w.DelegationID, AcceptedAt: w.AcceptedAt, ValidFrom: w.ValidFrom, ValidThrough: w.ValidThrough, Version: w.Version,
		FinalKind: w.FinalKind, FinalAt: w.FinalAt, FinalReason: w.FinalReason, FinalVersion: w.FinalVersion, FinalRecordedAt: w.FinalRecordedAt,
		Suspensions: w.Suspensions}
	p, err := projected.projection()
	return poa.WatchRow{Watch: poa.Watch{RecipientID: w.RecipientID, DelegationID: poa.DelegationID(w.DelegationID), Since: w.Since.UTC(), SinceVersion: w.SinceVersion},
		Standing: p.StandingAt(now), Term: p.Term}, err
}

// WatchPage lists a recipient's watches with their standings, the newest first,
// in one statement.
func (r reader) WatchPage(ctx context.Context, recipientID string, f poa.WatchFilter, p poa.Page) (poa.List[poa.WatchRow], error) {
	filtered := func(rows *[]watchedRow) *bun.SelectQuery {
		q := r.q.NewSelect().Model(rows).ColumnExpr("w.delegation_id, w.since, w.since_version, w.recipient_id").
			ColumnExpr("p.accepted_at, p.valid_from, p.valid_through, p.version, p.final_kind, p.final_at, p.final_reason, p.final_version, p.final_recorded_at, p.suspensions").
			Join("JOIN watches AS w ON w.delegation_id = p.delegation_id").Where("w.recipient_id = ?", recipientID).Where("w.ended_at IS NULL")
		if len(f.Statuses) > 0 {
			q = q.Where("? IN (?)", statusAt(f.Now), bun.List(texts(f.Statuses)))
		}
		return q
	}
	place := func(row watchedRow) cursor { return cursor{At: row.Since.UTC(), ID: row.DelegationID} }
	convert := func(_ context.Context, row watchedRow) (poa.WatchRow, error) { return row.row(f.Now) }
	return paged(ctx, filtered, ordering{column: "w.since", id: "w.delegation_id", uncounted: true}, p, place, convert)
}

// CountWatches tells how many delegations a recipient watches.
func (r reader) CountWatches(ctx context.Context, recipientID string) (int, error) {
	n, err := r.q.NewSelect().Model((*watchRow)(nil)).Where("recipient_id = ?", recipientID).Where("ended_at IS NULL").Count(ctx)
	return int(n), failed(err, "counting watches")
}

// WatchAsked tells whether a recipient watches what it asks about.
func (r reader) WatchAsked(ctx context.Context, recipientID string) (bool, error) {
	var on bool
	err := r.q.NewSelect().TableExpr("parties").Column("watch_asked").Where("id = ?", recipientID).Scan(ctx, &on)
	return on, failed(err, "reading setting")
}

// SetWatchAsked keeps whether a recipient watches what it asks about.
func (t *tx) SetWatchAsked(ctx context.Context, recipientID string, on bool) error {
	res, err := t.q.NewUpdate().TableExpr("parties").Set("watch_asked = ?", on).Where("id = ?", recipientID).Where("role = 'RECIPIENT'").Exec(ctx)
	return touched(res, err, "keeping setting", poa.ErrNotFound)
}
