// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

// endedSQL tells of a title whether its delegation is neither filed nor in
// force.
const endedSQL = `NOT EXISTS (SELECT FROM delegations d WHERE d.id = t.delegation_id AND d.state = 'SUBMITTED')
	AND NOT EXISTS (SELECT FROM projections p WHERE p.delegation_id = t.delegation_id AND (p.final_at IS NULL OR p.final_at > ?now) AND p.valid_through >= ?today)`

// lockSlotsSQL lets one process at a time hand out places in the bodies' rates.
const lockSlotsSQL = `SELECT qualification FROM title_slots ORDER BY qualification FOR UPDATE`

// openDueSQL opens a round of what is due, in one statement: each body's titles
// are asked one after another, no faster than its rate allows, behind what was
// handed out before.
const openDueSQL = `WITH due AS (
	SELECT t.delegation_id, t.qualification, row_number() OVER (PARTITION BY t.qualification ORDER BY t.due_at, t.delegation_id) - 1 AS place
	FROM (SELECT delegation_id, qualification, due_at FROM titles WHERE due_at <= ?now AND state NOT IN ('WAITING', 'OVER')
		ORDER BY due_at, delegation_id LIMIT ?limit FOR UPDATE) t
), rate AS (
	SELECT DISTINCT ON (b.qualification) b.qualification, greatest(s.next_at, ?now) AS start,
		CASE WHEN b.qualification IN (?connected) THEN interval '1 second' / b.connector_per_second ELSE interval '1 day' / b.hand_per_day END AS step
	FROM professional_bodies b JOIN title_slots s ON s.qualification = b.qualification ORDER BY b.qualification, b.version DESC
), opened AS (
	UPDATE titles t SET state = 'WAITING', round = t.round + 1, opened_at = ?now, ask_at = r.start + d.place * r.step
	FROM due d JOIN rate r ON r.qualification = d.qualification WHERE t.delegation_id = d.delegation_id
	RETURNING t.delegation_id, t.qualification, t.round, t.ask_at
), rounds AS (
	INSERT INTO title_rounds (delegation_id, round, opened_at, ask_at) SELECT delegation_id, round, ?now, ask_at FROM opened
), slots AS (
	UPDATE title_slots s SET next_at = m.last + r.step
	FROM (SELECT qualification, max(ask_at) AS last FROM opened GROUP BY qualification) m JOIN rate r ON r.qualification = m.qualification
	WHERE s.qualification = m.qualification
)
SELECT delegation_id, round, ask_at FROM opened ORDER BY ask_at, delegation_id`

// endSQL closes the checks of what ended, with their cases.
const endSQL = `WITH ended AS (
	UPDATE titles t SET state = 'OVER', due_at = NULL
	WHERE (t.state = 'WAITING' OR t.state <> 'OVER' AND t.due_at <= ?now) AND ` + endedSQL + ` RETURNING t.delegation_id
), closed AS (
	UPDATE cases c SET closed_at = ?now, closed_by = 'system', outcome = 'OVER' FROM ended e
	WHERE c.kind = 'TITLE' AND c.subject_id = e.delegation_id AND c.closed_at IS NULL
)
SELECT count(*) FROM ended`

type dueArgs struct {
	Now       time.Time
	Today     string
	Limit     int
	Connected any
}

func dueArgsOf(now time.Time, limit int, connected []poa.Qualification) dueArgs {
	names := texts(connected)
	if len(names) == 0 {
		names = []string{""}
	}
	return dueArgs{Now: now.UTC(), Today: poa.DateOf(now).String(), Limit: limit, Connected: bun.List(names)}
}

// OpenDueTitles opens a round of at most limit titles that are due.
func (t *tx) OpenDueTitles(ctx context.Context, connected []poa.Qualification, now time.Time, limit int) ([]poa.TitleAsk, error) {
	if _, err := t.q.ExecContext(ctx, lockSlotsSQL); err != nil {
		return nil, failed(err, "locking slots")
	}
	var rows []roundRow
	if err := t.q.NewRaw(openDueSQL, dueArgsOf(now, limit, connected)).Scan(ctx, &rows); err != nil {
		return nil, failed(err, "opening rounds")
	}
	asks := make([]poa.TitleAsk, len(rows))
	for i, r := range rows {
		asks[i] = poa.TitleAsk{DelegationID: poa.DelegationID(r.DelegationID), Round: r.Round, AskAt: r.AskAt.UTC()}
	}
	return asks, nil
}

// EndTitles closes the checks of delegations that ended, with their cases.
func (t *tx) EndTitles(ctx context.Context, now time.Time) (int, error) {
	var n int
	err := t.q.NewRaw(endSQL, dueArgsOf(now, 0, nil)).Scan(ctx, &n)
	return n, failed(err, "ending titles")
}

// AnyTitleDue reports whether a title is due.
func (r reader) AnyTitleDue(ctx context.Context, now time.Time) (bool, error) {
	var due bool
	err := r.q.NewRaw(`SELECT EXISTS (SELECT FROM titles WHERE due_at <= ?now AND state NOT IN ('WAITING', 'OVER'))`, dueArgsOf(now, 0, nil)).Scan(ctx, &due)
	return due, failed(err, "looking for due titles")
}

// EnqueueAll inserts jobs in the transaction, many at a time.
func (t *tx) EnqueueAll(ctx context.Context, jobs []poa.TimedJob) error {
	if len(jobs) == 0 {
		return nil
	}
	return t.Enqueue(ctx, poa.JobBatch(jobs), time.Time{})
}
