// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

// dueSQL finds what time alone brought about. A start is announced only where
// the delegation was accepted before it, an end only where no final act came
// first, a final act only where it was recorded before it took effect.
const dueSQL = `
	SELECT p.delegation_id, 'delegation.effective' AS type, 0 AS mark, p.version AS change_version,
		` + beginsSQL + ` AS due_at, ` + beginsSQL + ` AS effective_at
	FROM projections p WHERE p.valid_from <= ?today AND p.accepted_at < ` + beginsSQL + `
		AND (p.final_at IS NULL OR p.final_at > ` + beginsSQL + `)
	UNION ALL
	SELECT p.delegation_id, 'delegation.expiring', 0, p.version, ` + endsSQL + ` - ?ahead * interval '1 millisecond', ` + endsSQL + `
	FROM projections p WHERE p.valid_from <= ?today AND p.valid_through >= ?today AND p.valid_through < ?soon
		AND (p.final_at IS NULL OR NOT ` + inTermSQL + `)
	UNION ALL
	SELECT p.delegation_id, 'delegation.expired', 0, p.version, ` + endsSQL + `, ` + endsSQL + `
	FROM projections p WHERE p.valid_through < ?today AND (p.final_at IS NULL OR NOT ` + inTermSQL + `)
	UNION ALL
	SELECT p.delegation_id, 'delegation.' || lower(p.final_kind), p.final_version, p.final_version, p.final_at, p.final_at
	FROM projections p WHERE p.final_at > p.final_recorded_at AND p.final_at <= ?now AND ` + inTermSQL

type dueRow struct {
	projectionRow `bun:",extend"`

	DelegatorID   string    `bun:"delegator_id"`
	Type          string    `bun:"type"`
	ChangeVersion int       `bun:"change_version"`
	EffectiveAt   time.Time `bun:"effective_at"`
}

// DueTerms returns what is due and was not announced, in the order in which it
// became due.
func (r reader) DueTerms(ctx context.Context, now time.Time, expiringAhead time.Duration, limit int) ([]poa.Change, error) {
	args := struct {
		Now         time.Time
		Today, Soon string
		Ahead       int64
	}{now.UTC(), poa.DateOf(now).String(), poa.DateOf(now.Add(expiringAhead)).String(), expiringAhead.Milliseconds()}
	var rows []dueRow
	err := r.q.NewSelect().Model(&rows).ExcludeColumn("*").
		ColumnExpr("p.delegation_id, p.accepted_at, p.valid_from, p.valid_through, p.version, p.final_kind, p.final_at, p.final_reason, p.final_version, p.final_recorded_at, p.suspensions").
		ColumnExpr("d.delegator_id, due.type, due.change_version, due.effective_at").
		Join("JOIN (?) AS due ON due.delegation_id = p.delegation_id", bun.SafeQuery(dueSQL, args)).
		Join("JOIN delegations AS d ON d.id = p.delegation_id").
		Where("NOT EXISTS (SELECT FROM announced a WHERE a.delegation_id = due.delegation_id AND a.type = due.type AND a.version = due.mark)").
		OrderExpr("due.due_at, due.delegation_id").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, failed(err, "reading due terms")
	}
	changes := make([]poa.Change, len(rows))
	for i, row := range rows {
		p, err := row.projection()
		if err != nil {
			return nil, err
		}
		changes[i] = poa.Change{Type: poa.NoticeType(row.Type), DelegationID: poa.DelegationID(row.DelegationID), DelegatorID: row.DelegatorID,
			Version: row.ChangeVersion, Status: p.StandingAt(now).Status, At: micros(now), EffectiveAt: row.EffectiveAt.UTC()}
	}
	return changes, nil
}

// announcedOnce are notices that a delegation has once in its life, whatever
// its version is by then.
var announcedOnce = map[poa.NoticeType]bool{poa.NoticeEffective: true, poa.NoticeExpiring: true, poa.NoticeExpired: true}

// MarkAnnounced records that a due change was announced; false where it already
// was. It waits for a transaction that is just announcing it.
func (t *tx) MarkAnnounced(ctx context.Context, id poa.DelegationID, typ poa.NoticeType, version int, at time.Time) (bool, error) {
	if announcedOnce[typ] {
		version = 0
	}
	res, err := t.q.ExecContext(ctx, `INSERT INTO announced (delegation_id, type, version, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		string(id), string(typ), version, at.UTC())
	if err != nil {
		return false, failed(err, "marking as announced")
	}
	n, err := res.RowsAffected()
	return n == 1, failed(err, "marking as announced")
}
