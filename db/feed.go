// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ininjo/poa"
)

// feedRow is one notice of a slice, beside where the sequence stands; one row
// without a notice where there is none.
type feedRow struct {
	Head           int64
	HeadStream     string
	Acknowledged   int64
	AcknowledgedAt *time.Time
	Sequence       *int64
	ChangeID       *int64
	Type           *string
	DelegationID   *string
	DelegatorID    *string
	Version        *int
	Status         *string
	At             *time.Time
	EffectiveAt    *time.Time
	AnnouncementID *string
}

// readFeed takes the party, the number and the bound. One statement sees one
// state: no number is missing between the notices and the head.
const readFeed = `SELECT s.sequence AS head, s.stream::text AS head_stream, coalesce(a.sequence, 0) AS acknowledged, a.at AS acknowledged_at,
	n.sequence, n.change_id, n.type, n.delegation_id, n.delegator_id, n.version, n.status, n.at, n.effective_at, n.announcement_id
	FROM streams s
	LEFT JOIN LATERAL (SELECT k.sequence, k.at FROM feed_acknowledgements k WHERE k.party_id = s.party_id AND k.stream = s.stream
		ORDER BY k.sequence DESC LIMIT 1) a ON true
	LEFT JOIN LATERAL (SELECT * FROM notices m WHERE m.party_id = s.party_id AND m.stream = s.stream AND m.sequence > ?1
		ORDER BY m.sequence LIMIT ?2) n ON true
	WHERE s.party_id = ?0 ORDER BY n.sequence`

// FeedSlice reads a party's notices after a number and where the sequence stands.
func (r reader) FeedSlice(ctx context.Context, partyID string, after int64, limit int) (poa.FeedSlice, error) {
	var rows []feedRow
	if err := r.q.NewRaw(readFeed, partyID, after, limit).Scan(ctx, &rows); err != nil {
		return poa.FeedSlice{}, failed(err, "reading feed")
	}
	return sliceOf(partyID, rows), nil
}

// readFeedPrepared is the same for those who wait: all of them ask at each change.
var readFeedPrepared = strings.NewReplacer("?0", "$1", "?1", "$2", "?2", "$3").Replace(readFeed)

// FeedSlice reads a party's notices after a number and where the sequence stands.
func (d *DB) FeedSlice(ctx context.Context, partyID string, after int64, limit int) (poa.FeedSlice, error) {
	rows, err := d.pool.Query(ctx, readFeedPrepared, partyID, after, limit)
	if err != nil {
		return poa.FeedSlice{}, failed(err, "reading feed")
	}
	read, err := pgx.CollectRows(rows, pgx.RowToStructByPos[feedRow])
	if err != nil {
		return poa.FeedSlice{}, failed(err, "reading feed")
	}
	return sliceOf(partyID, read), nil
}

func sliceOf(partyID string, rows []feedRow) poa.FeedSlice {
	var slice poa.FeedSlice
	for _, row := range rows {
		slice.Head, slice.Acknowledged, slice.AcknowledgedAt = poa.Head{Stream: row.HeadStream, Sequence: row.Head}, row.Acknowledged, fromNullTime(row.AcknowledgedAt)
		if row.Sequence != nil {
			slice.Notices = append(slice.Notices, row.notice(partyID))
		}
	}
	return slice
}

func (row feedRow) notice(partyID string) poa.Notice {
	c := changeColumns{Type: *row.Type, DelegationID: row.DelegationID, DelegatorID: row.DelegatorID, Version: *row.Version, Status: *row.Status, At: *row.At, EffectiveAt: row.EffectiveAt,
		AnnouncementID: row.AnnouncementID}
	return poa.Notice{PartyID: partyID, Stream: row.HeadStream, Sequence: *row.Sequence, Change: c.change(*row.ChangeID)}
}

// Heads reads where the sequences of parties stand. It is asked for thousands at
// once and again and again: its statement is prepared.
func (d *DB) Heads(ctx context.Context, partyIDs []string) (map[string]poa.Head, error) {
	heads := make(map[string]poa.Head, len(partyIDs))
	rows, err := d.pool.Query(ctx, "SELECT party_id, stream::text, sequence FROM streams WHERE party_id = ANY ($1)", partyIDs)
	if err != nil {
		return nil, failed(err, "reading heads of sequences")
	}
	var party string
	var head poa.Head
	_, err = pgx.ForEachRow(rows, []any{&party, &head.Stream, &head.Sequence}, func() error {
		heads[party] = head
		return nil
	})
	return heads, failed(err, "reading heads of sequences")
}

// AcknowledgeFeed keeps that a party has everything up to a number, unless it is
// kept already.
func (t *tx) AcknowledgeFeed(ctx context.Context, partyID string, at poa.Head, now time.Time) error {
	_, err := t.q.ExecContext(ctx, `INSERT INTO feed_acknowledgements (party_id, stream, sequence, at)
		SELECT ?0, ?1::uuid, ?2, ?3::timestamptz WHERE NOT EXISTS (SELECT FROM feed_acknowledgements WHERE party_id = ?0 AND stream = ?1::uuid AND sequence >= ?2)
		ON CONFLICT DO NOTHING`, partyID, at.Stream, at.Sequence, now.UTC())
	return failed(err, "acknowledging feed")
}
