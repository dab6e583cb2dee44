// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"ininjo/poa"
)

// Numbering works on many changes with one statement for each step: on one at a
// time the leader could not keep up with several writers.

// watchersOf finds who watches which delegation since before which version.
const watchersOf = `SELECT q.change_id, w.recipient_id
	FROM unnest(?::bigint[], ?::text[], ?::int[]) AS q (change_id, delegation_id, before)
	JOIN watches w ON w.delegation_id = q.delegation_id AND w.ended_at IS NULL AND w.since_version < q.before
	ORDER BY q.change_id, w.recipient_id`

// WatchersOf returns the recipients that watch each delegation since before the
// version, by change.
func (t *tx) WatchersOf(ctx context.Context, told []poa.Told) (map[int64][]string, error) {
	changes, delegations, before := make([]int64, len(told)), make([]string, len(told)), make([]int, len(told))
	for i, q := range told {
		changes[i], delegations[i], before[i] = q.ChangeID, string(q.DelegationID), q.Before
	}
	var rows []struct {
		ChangeID    int64
		RecipientID string
	}
	err := t.q.NewRaw(watchersOf, pgdialect.Array(changes), pgdialect.Array(delegations), pgdialect.Array(before)).Scan(ctx, &rows)
	if err != nil {
		return nil, failed(err, "reading watchers")
	}
	watchers := map[int64][]string{}
	for _, row := range rows {
		watchers[row.ChangeID] = append(watchers[row.ChangeID], row.RecipientID)
	}
	return watchers, nil
}

// drawSequences takes the rows' locks in the order of the parties, as two
// leaders of which one does not know yet that it is none must.
const drawSequences = `INSERT INTO streams (party_id, sequence)
	SELECT party_id, drawn FROM unnest(?::text[], ?::bigint[]) AS q (party_id, drawn) ORDER BY party_id
	ON CONFLICT (party_id) DO UPDATE SET sequence = streams.sequence + excluded.sequence
	RETURNING party_id, stream::text, sequence`

// DrawSequences draws so many next numbers of each party's sequence and returns
// the heads after them. The rows' locks hold until the end of the transaction, so
// numbers have no gaps.
func (t *tx) DrawSequences(ctx context.Context, counts map[string]int) (map[string]poa.StreamHead, error) {
	parties := slices.Sorted(maps.Keys(counts))
	drawn := make([]int, len(parties))
	for i, party := range parties {
		drawn[i] = counts[party]
	}
	var rows []struct {
		PartyID  string
		Stream   string
		Sequence int64
	}
	if err := t.q.NewRaw(drawSequences, pgdialect.Array(parties), pgdialect.Array(drawn)).Scan(ctx, &rows); err != nil {
		return nil, failed(err, "drawing numbers of sequences")
	}
	heads := make(map[string]poa.StreamHead, len(rows))
	for _, row := range rows {
		heads[row.PartyID] = poa.StreamHead{Stream: row.Stream, Sequence: row.Sequence}
	}
	return heads, nil
}

// InsertNotices stores numbered changes. A change that a party was told of
// already is a conflict.
func (t *tx) InsertNotices(ctx context.Context, notices []poa.Notice) error {
	rows := make([]noticeRow, len(notices))
	for i, n := range notices {
		rows[i] = noticeRow{PartyID: n.PartyID, Stream: n.Stream, Sequence: n.Sequence, ChangeID: n.ID, changeColumns: columnsOf(n.Change)}
	}
	_, err := t.q.NewInsert().Model(&rows).Exec(ctx)
	return failed(err, "inserting notices")
}

// LockEndpointHeads locks the active endpoints of parties and returns them, the
// oldest first. Nothing sealed is opened.
func (t *tx) LockEndpointHeads(ctx context.Context, partyIDs []string) ([]poa.EndpointHead, error) {
	var rows []struct {
		bun.BaseModel `bun:"table:endpoints,alias:e"`

		ID           string     `bun:"id"`
		PartyID      string     `bun:"party_id"`
		Types        []string   `bun:"types,array"`
		LastSequence int64      `bun:"last_sequence"`
		PausedUntil  *time.Time `bun:"paused_until"`
	}
	err := t.q.NewSelect().Model(&rows).Where("party_id IN (?)", bun.List(partyIDs)).Where("state = 'ACTIVE'").Where("deleted_at IS NULL").
		OrderExpr("created_at, id").For("NO KEY UPDATE").Scan(ctx)
	if err != nil {
		return nil, failed(err, "locking endpoints")
	}
	heads := make([]poa.EndpointHead, len(rows))
	for i, row := range rows {
		heads[i] = poa.EndpointHead{ID: row.ID, PartyID: row.PartyID, Types: fromTexts[poa.NoticeType](row.Types), Sequence: row.LastSequence,
			PausedUntil: fromNullTime(row.PausedUntil)}
	}
	return heads, nil
}

// AdvanceEndpoints sets the last numbers that passed the endpoints' filters.
func (t *tx) AdvanceEndpoints(ctx context.Context, last map[string]int64) error {
	ids := slices.Sorted(maps.Keys(last))
	numbers := make([]int64, len(ids))
	for i, id := range ids {
		numbers[i] = last[id]
	}
	_, err := t.q.ExecContext(ctx, `UPDATE endpoints e SET last_sequence = q.last FROM unnest(?::text[], ?::bigint[]) AS q (id, last) WHERE e.id = q.id`,
		pgdialect.Array(ids), pgdialect.Array(numbers))
	return failed(err, "advancing endpoints")
}
