// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"maps"
	"slices"

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
// leaders of which one does not know yet that it is none must. The locks hold
// until the end of the transaction, so numbers have no gaps.
const drawSequences = `INSERT INTO streams (party_id, sequence)
	SELECT party_id, drawn FROM unnest($1::text[], $2::bigint[]) AS q (party_id, drawn) ORDER BY party_id
	ON CONFLICT (party_id) DO UPDATE SET sequence = streams.sequence + excluded.sequence
	RETURNING party_id, stream::text, sequence`

const lockEndpointHeads = `SELECT last_sequence, ` + endpointNames + ` FROM endpoints
	WHERE party_id = ANY ($1::text[]) AND state = 'ACTIVE' AND deleted_at IS NULL ORDER BY created_at, id FOR NO KEY UPDATE`

// DrawSequences draws so many next numbers of each party's sequence, locks the
// parties' active endpoints, the oldest first, and reads their mail addresses.
func (t *tx) DrawSequences(ctx context.Context, counts map[string]int) (map[string]*poa.PartyHead, error) {
	parties := slices.Sorted(maps.Keys(counts))
	heads := make(map[string]*poa.PartyHead, len(parties))
	for _, party := range parties {
		heads[party] = &poa.PartyHead{}
	}
	var s together
	s.query("drawing numbers of sequences", func(rows pgx.Rows) error {
		var party string
		var head poa.StreamHead
		err := rows.Scan(&party, &head.Stream, &head.Sequence)
		heads[party].StreamHead = head
		return err
	}, drawSequences, parties, column(parties, func(party *string) int { return counts[*party] }))
	s.query("locking endpoints", func(rows pgx.Rows) error {
		var row endpointRow
		var last int64
		err := rows.Scan(append([]any{&last}, row.places()...)...)
		head := heads[row.PartyID]
		head.Endpoints = append(head.Endpoints, row.head(t.db, last))
		return err
	}, lockEndpointHeads, parties)
	s.query("reading mail addresses", func(rows pgx.Rows) error {
		a, err := t.scanMailAddress(ctx, rows)
		if err == nil {
			heads[a.PartyID].Addresses = append(heads[a.PartyID].Addresses, a)
		}
		return unlessErased(err)
	}, mailAddressesOf, parties)
	return heads, s.send(ctx, t.pgx)
}

// head is what numbering needs of the endpoint. What is sealed is opened after
// the commit, by whoever delivers.
func (r endpointRow) head(d *DB, last int64) poa.EndpointHead {
	return poa.EndpointHead{ID: r.ID, PartyID: r.PartyID, Types: fromTexts[poa.NoticeType](r.Types), Sequence: last, PausedUntil: fromNullTime(r.PausedUntil),
		Open: func(ctx context.Context) (poa.Endpoint, error) { return d.endpoint(ctx, r) }}
}

var insertNotices = `INSERT INTO notices (party_id, stream, sequence, change_id, ` + changeNames + `)
	SELECT * FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[], ` + changeArraysFrom(5) + `)`

const advanceEndpoints = `UPDATE endpoints e SET last_sequence = q.last FROM unnest($1::text[], $2::bigint[]) AS q (id, last) WHERE e.id = q.id`

// InsertNotices stores numbered changes and their deliveries, and sets the last
// numbers that passed the endpoints' filters. A change that a party was told of
// already is a conflict.
func (t *tx) InsertNotices(ctx context.Context, notices []poa.Notice, deliveries []poa.Delivery, last map[string]int64) error {
	type notice = *poa.Notice
	args := []any{column(notices, func(n notice) string { return n.PartyID }), column(notices, func(n notice) string { return n.Stream }),
		column(notices, func(n notice) int64 { return n.Sequence }), column(notices, func(n notice) int64 { return n.ID })}
	columns := column(notices, func(n notice) changeColumns { return columnsOf(n.Change) })
	var s together
	s.exec("inserting notices", insertNotices, append(args, changeArrays(columns)...)...)
	if len(deliveries) > 0 {
		t.insertDeliveries(&s, deliveries)
		ids := slices.Sorted(maps.Keys(last))
		s.exec("advancing endpoints", advanceEndpoints, ids, column(ids, func(id *string) int64 { return last[*id] }))
	}
	return s.send(ctx, t.pgx)
}
