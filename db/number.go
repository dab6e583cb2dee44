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

// takeChanges marks each by its own ID: never by a highest one, which would lose
// what commits late. The condition stands twice: a leader that waited for another
// one's transaction, of which one does not know yet that it is none, finds them
// done. Who waits for notices is woken by the commit. Of what began to watch
// before the change nothing is missed: to begin takes the delegation's lock.
const takeChanges = `WITH taken AS (
	UPDATE outbox SET numbered_at = $2
	WHERE id = ANY (ARRAY(SELECT id FROM outbox WHERE numbered_at IS NULL ORDER BY id LIMIT $1)) AND numbered_at IS NULL
	RETURNING id, party_id, ` + changeNames + `
)
SELECT taken.*, w.recipients, w.since, (SELECT pg_notify('` + NoticesChannel + `', '')::text) IS NULL
FROM taken LEFT JOIN LATERAL (
	SELECT array_agg(recipient_id ORDER BY recipient_id) AS recipients, array_agg(since_version ORDER BY recipient_id) AS since
	FROM watches WHERE delegation_id = taken.delegation_id AND ended_at IS NULL
) w ON true
ORDER BY id`

// TakeChanges marks the oldest changes that are not numbered yet as numbered and
// returns them, in the order of their IDs. Until the transaction ends acts of this
// process give way.
func (t *tx) TakeChanges(ctx context.Context, limit int, at time.Time) ([]poa.TakenChange, error) {
	t.goOn()
	t.goOn = t.db.gate.close()
	var changes []poa.TakenChange
	var s together
	s.query("taking changes", func(rows pgx.Rows) error {
		var id int64
		var party *string
		var columns changeColumns
		var recipients []string
		var since []int
		err := rows.Scan(append(append([]any{&id, &party}, columns.places()...), &recipients, &since, nil)...)
		if err != nil {
			return err
		}
		c := poa.TakenChange{Change: columns.change(id), Watchers: make([]poa.Watcher, len(recipients))}
		c.PartyID = fromNullText[string](party)
		for i := range recipients {
			c.Watchers[i] = poa.Watcher{RecipientID: recipients[i], SinceVersion: since[i]}
		}
		changes = append(changes, c)
		return nil
	}, takeChanges, limit, at.UTC())
	err := s.send(ctx, t.pgx)
	return changes, err
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
// numbers that passed the endpoints' filters, together with the commit. A change
// that a party was told of already is a conflict.
func (t *tx) InsertNotices(_ context.Context, notices []poa.Notice, deliveries []poa.Delivery, last map[string]int64) error {
	type notice = *poa.Notice
	args := []any{column(notices, func(n notice) string { return n.PartyID }), column(notices, func(n notice) string { return n.Stream }),
		column(notices, func(n notice) int64 { return n.Sequence }), column(notices, func(n notice) int64 { return n.ID })}
	columns := column(notices, func(n notice) changeColumns { return columnsOf(n.Change) })
	s := &t.last
	s.exec("inserting notices", insertNotices, append(args, changeArrays(columns)...)...)
	if len(deliveries) > 0 {
		t.insertDeliveries(s, deliveries)
		ids := slices.Sorted(maps.Keys(last))
		s.exec("advancing endpoints", advanceEndpoints, ids, column(ids, func(id *string) int64 { return last[*id] }))
	}
	return nil
}
