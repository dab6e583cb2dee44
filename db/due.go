// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

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

// LockDelegationRows takes FOR NO KEY UPDATE on delegations, in the order of their
// IDs.
func (t *tx) LockDelegationRows(ctx context.Context, ids []poa.DelegationID) error {
	_, err := t.q.ExecContext(ctx, `SELECT count(*) FROM (SELECT id FROM delegations WHERE id = ANY (?::text[]) ORDER BY id FOR NO KEY UPDATE) AS locked`,
		pgdialect.Array(texts(ids)))
	return failed(err, "locking delegations")
}

// MarkAnnounced records that due changes were announced and returns those that
// were not before.
func (t *tx) MarkAnnounced(ctx context.Context, due []poa.Change, at time.Time) ([]poa.Change, error) {
	ids, types, versions := make([]string, len(due)), make([]string, len(due)), make([]int, len(due))
	marks := map[string]int{}
	for i, c := range due {
		ids[i], types[i], versions[i] = string(c.DelegationID), string(c.Type), c.Version
		if announcedOnce[c.Type] {
			versions[i] = 0
		}
		marks[ids[i]+" "+types[i]] = i
	}
	var rows []struct{ DelegationID, Type string }
	err := t.q.NewRaw(`INSERT INTO announced (delegation_id, type, version, at) SELECT id, type, version, ? FROM unnest(?::text[], ?::text[], ?::int[]) AS q (id, type, version)
		ON CONFLICT DO NOTHING RETURNING delegation_id, type`, at.UTC(), pgdialect.Array(ids), pgdialect.Array(types), pgdialect.Array(versions)).Scan(ctx, &rows)
	if err != nil {
		return nil, failed(err, "marking as announced")
	}
	places := make([]int, len(rows))
	for i, row := range rows {
		places[i] = marks[row.DelegationID+" "+row.Type]
	}
	slices.Sort(places) // in the order in which they became due
	fresh := make([]poa.Change, len(places))
	for i, place := range places {
		fresh[i] = due[place]
	}
	return fresh, nil
}
