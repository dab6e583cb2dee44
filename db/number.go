// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"ininjo/poa"
)

// Numbering works on many changes with one statement for each step: on one at a
// time the leader could not keep up with several writers.

// watchersOf finds who watches which delegation since before which version.
const watchersOf = `SELECT q.change_id, w.recipient_id
	FROM unnest($1::bigint[], $2::text[], $3::int[]) AS q (change_id, delegation_id, before)
	JOIN watches w ON w.delegation_id = q.delegation_id AND w.ended_at IS NULL AND w.since_version < q.before
	ORDER BY q.change_id, w.recipient_id`

// WatchersOf returns the recipients that watch each delegation since before the
// version, by change.
func (t *tx) WatchersOf(ctx context.Context, told []poa.Told) (map[int64][]string, error) {
	watchers := map[int64][]string{}
	err := eachRow(ctx, t.pgx, "reading watchers", func(rows pgx.Rows) error {
		var change int64
		var recipient string
		err := rows.Scan(&change, &recipient)
		watchers[change] = append(watchers[change], recipient)
		return err
	}, watchersOf, column(told, func(q *poa.Told) int64 { return q.ChangeID }), column(told, func(q *poa.Told) string { return string(q.DelegationID) }),
		column(told, func(q *poa.Told) int { return q.Before }))
	return watchers, err
}

// drawSequences takes the rows' locks in the order of the parties, as two
// leaders of which one does not know yet that it is none must.
const drawSequences = `INSERT INTO streams (party_id, sequence)
	SELECT party_id, drawn FROM unnest($1::text[], $2::bigint[]) AS q (party_id, drawn) ORDER BY party_id
	ON CONFLICT (party_id) DO UPDATE SET sequence = streams.sequence + excluded.sequence
	RETURNING party_id, stream::text, sequence`

// DrawSequences draws so many next numbers of each party's sequence and returns
// the heads after them. The rows' locks hold until the end of the transaction, so
// numbers have no gaps.
func (t *tx) DrawSequences(ctx context.Context, counts map[string]int) (map[string]poa.StreamHead, error) {
	parties := slices.Sorted(maps.Keys(counts))
	heads := make(map[string]poa.StreamHead, len(parties))
	err := eachRow(ctx, t.pgx, "drawing numbers of sequences", func(rows pgx.Rows) error {
		var party string
		var head poa.StreamHead
		err := rows.Scan(&party, &head.Stream, &head.Sequence)
		heads[party] = head
		return err
	}, drawSequences, parties, column(parties, func(party *string) int { return counts[*party] }))
	return heads, err
}

var insertNotices = `INSERT INTO notices (party_id, stream, sequence, change_id, ` + changeNames + `)
	SELECT * FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[], ` + changeArraysFrom(5) + `)`

// InsertNotices stores numbered changes. A change that a party was told of
// already is a conflict.
func (t *tx) InsertNotices(ctx context.Context, notices []poa.Notice) error {
	type notice = *poa.Notice
	args := []any{column(notices, func(n notice) string { return n.PartyID }), column(notices, func(n notice) string { return n.Stream }),
		column(notices, func(n notice) int64 { return n.Sequence }), column(notices, func(n notice) int64 { return n.ID })}
	columns := column(notices, func(n notice) changeColumns { return columnsOf(n.Change) })
	return t.execPrepared(ctx, "inserting notices", insertNotices, append(args, changeArrays(columns)...)...)
}

const lockEndpointHeads = `SELECT id, party_id, types, last_sequence, paused_until FROM endpoints
	WHERE party_id = ANY ($1::text[]) AND state = 'ACTIVE' AND deleted_at IS NULL ORDER BY created_at, id FOR NO KEY UPDATE`

// LockEndpointHeads locks the active endpoints of parties and returns them, the
// oldest first. Nothing sealed is opened.
func (t *tx) LockEndpointHeads(ctx context.Context, partyIDs []string) ([]poa.EndpointHead, error) {
	var heads []poa.EndpointHead
	err := eachRow(ctx, t.pgx, "locking endpoints", func(rows pgx.Rows) error {
		var head poa.EndpointHead
		var types []string
		var paused *time.Time
		err := rows.Scan(&head.ID, &head.PartyID, &types, &head.Sequence, &paused)
		head.Types, head.PausedUntil = fromTexts[poa.NoticeType](types), fromNullTime(paused)
		heads = append(heads, head)
		return err
	}, lockEndpointHeads, partyIDs)
	return heads, err
}

const advanceEndpoints = `UPDATE endpoints e SET last_sequence = q.last FROM unnest($1::text[], $2::bigint[]) AS q (id, last) WHERE e.id = q.id`

// AdvanceEndpoints sets the last numbers that passed the endpoints' filters.
func (t *tx) AdvanceEndpoints(ctx context.Context, last map[string]int64) error {
	ids := slices.Sorted(maps.Keys(last))
	return t.execPrepared(ctx, "advancing endpoints", advanceEndpoints, ids, column(ids, func(id *string) int64 { return last[*id] }))
}
