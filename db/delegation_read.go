// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

// Delegation returns a delegation.
func (r reader) Delegation(ctx context.Context, id poa.DelegationID) (poa.Delegation, error) {
	var row delegationRow
	if err := r.q.NewSelect().Model(&row).Where("d.id = ?", string(id)).Scan(ctx); err != nil {
		return poa.Delegation{}, failed(err, "reading delegation")
	}
	return r.db.delegation(ctx, row)
}

// Delegations lists delegations. Statuses are computed from the projections at
// the filter's instant: no list depends on a job having run.
func (r reader) Delegations(ctx context.Context, f poa.DelegationFilter, o poa.Order, p poa.Page) (poa.List[poa.Delegation], error) {
	order := ordering{column: "d.drafted_at", id: "d.id", ascending: o.Ascending}
	place := func(row delegationRow) cursor { return cursor{At: row.DraftedAt.UTC(), ID: row.ID} }
	if o.Field == poa.OrderValidThrough {
		order.column, order.days = "d.valid_through", true
		place = func(row delegationRow) cursor { return cursor{Day: fromDay(&row.ValidThrough).String(), ID: row.ID} }
	}
	return paged(ctx, func(rows *[]delegationRow) *bun.SelectQuery { return r.filtered(rows, f) }, order, p, place, r.db.delegation)
}

func (r reader) filtered(rows *[]delegationRow, f poa.DelegationFilter) *bun.SelectQuery {
	q := r.q.NewSelect().Model(rows)
	if f.DelegatorID != "" {
		q = q.Where("d.delegator_id = ?", f.DelegatorID)
	}
	if f.WatchedBy != "" {
		q = q.Where("EXISTS (SELECT FROM watches w WHERE w.delegation_id = d.id AND w.recipient_id = ? AND w.ended_at IS NULL)", f.WatchedBy)
	}
	if len(f.States) > 0 {
		q = q.Where("d.state IN (?)", bun.List(texts(f.States)))
	}
	if len(f.Statuses) > 0 {
		q = q.Join("LEFT JOIN projections AS p ON p.delegation_id = d.id").
			Where("? IN (?)", statusAt(f.Now), bun.List(texts(f.Statuses)))
	}
	if !f.EndsBefore.IsZero() {
		q = q.Where("d.valid_through < ?", f.EndsBefore.String())
	}
	return r.matching(q, searchDelegations, "d.id", f.Search)
}

// Replacement returns the accepted replacement, or "".
func (r reader) Replacement(ctx context.Context, id poa.DelegationID) (poa.DelegationID, error) {
	var found []string
	err := r.q.NewSelect().Model((*delegationRow)(nil)).Column("id").
		Where("replaces = ?", string(id)).Where("state = ?", string(poa.StateAccepted)).Scan(ctx, &found)
	if err != nil || len(found) == 0 {
		return "", failed(err, "reading replacement")
	}
	return poa.DelegationID(found[0]), nil
}

// StaleDrafts returns drafts older than the instant, the oldest first.
func (r reader) StaleDrafts(ctx context.Context, before time.Time, limit int) ([]poa.DelegationID, error) {
	var found []string
	err := r.q.NewSelect().Model((*delegationRow)(nil)).Column("id").
		Where("state = ?", string(poa.StateDrafted)).Where("drafted_at < ?", before.UTC()).
		OrderExpr("drafted_at, id").Limit(int64(limit)).Scan(ctx, &found)
	return fromTexts[poa.DelegationID](found), failed(err, "reading drafts")
}
