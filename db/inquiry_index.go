// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"math"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

const (
	// indexLag is by how much the index of inquiries stays behind: an inquiry waits
	// for its statement for at most groupTimeout, the statement takes at most as
	// long, and clocks differ by half a second. After that nothing older commits.
	indexLag = 30 * time.Second
	// indexRows is how many inquiries one transaction takes into the index, but where
	// more were asked in one millisecond.
	indexRows = 1000
)

// inquiryMark is up to which instant the index is whole, and the first ID of
// that instant.
type inquiryMark struct {
	Until time.Time `bun:"until"`
	ID    string    `bun:"id"`
}

func readMark(ctx context.Context, q bun.IDB, lock string) (inquiryMark, error) {
	var m inquiryMark
	err := q.NewRaw("SELECT until, id FROM inquiry_index_mark ?", bun.Safe(lock)).Scan(ctx, &m)
	m.Until = m.Until.UTC()
	return m, err
}

// indexedBy is the instant up to which nothing more commits, of whole milliseconds.
func indexedBy(now time.Time) time.Time {
	return now.UTC().Add(-indexLag).Truncate(time.Millisecond)
}

// IndexInquiries takes into the index what was asked up to half a minute ago,
// in the order of the instants, and drops what belongs to months that were taken
// out of the audit log. Run again it goes on where it ended.
func (d *DB) IndexInquiries(ctx context.Context, now time.Time) error {
	for limit := indexedBy(now); ; {
		began := d.clock.Now()
		from, until, err := d.indexStep(ctx, limit)
		if err != nil {
			return failed(err, "indexing inquiries")
		}
		if !until.Before(limit) {
			break
		}
		if err := rest(ctx, d.restAfterIndexing(began, from, until, limit)); err != nil {
			return failed(err, "indexing inquiries")
		}
	}
	return failed(d.dropIndexed(ctx), "dropping the index of months that are gone")
}

// restAfterIndexing is how long to rest after a step that began then, of a round up to
// the limit.
func (d *DB) restAfterIndexing(began, from, until, limit time.Time) time.Duration {
	now := d.clock.Now()
	return poa.RestAfter(now.Sub(began), until.Sub(from), limit.Sub(until), poa.GivesWay(d, now, until))
}

// dropIndexed drops what is older than the audit log's first month, once for each
// such month: it looks at the whole index.
func (d *DB) dropIndexed(ctx context.Context) error {
	var first *time.Time
	err := d.bun.NewRaw(`SELECT min(to_timestamp(right(c.relname, 7), 'YYYY"m"MM')) FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid
		WHERE audit_default_rows() = 0 AND h.inhparent = 'inquiries'::regclass AND c.relname ~ '^inquiries_y[0-9]{4}m[0-9]{2}$'`).Scan(ctx, &first)
	if err != nil || first == nil || d.indexedFrom.Load() == first.Unix() {
		return err
	}
	if _, err := d.bun.NewRaw("DELETE FROM inquiry_index WHERE answered_at < ?", *first).Exec(ctx); err != nil {
		return err
	}
	d.indexedFrom.Store(first.Unix())
	return nil
}

// rest waits for so long or until the context ends.
func rest(ctx context.Context, long time.Duration) error {
	over := time.NewTimer(long)
	defer over.Stop()
	select {
	case <-over.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// indexStep takes one stretch of time into the index, and says up to which instant
// the index was whole and is now.
func (d *DB) indexStep(ctx context.Context, limit time.Time) (from, until time.Time, err error) {
	err = d.bun.RunInTx(ctx, nil, func(ctx context.Context, t bun.Tx) error {
		mark, err := readMark(ctx, t, "FOR UPDATE")
		if err != nil {
			return err
		}
		if from, until = mark.Until, mark.Until; !until.Before(limit) {
			return nil
		}
		if until, err = mark.index(ctx, t, limit, indexRows); err == nil && !until.After(from) {
			until, err = mark.index(ctx, t, from.Add(time.Millisecond), math.MaxInt32)
		}
		if err != nil {
			return err
		}
		_, err = t.NewRaw("UPDATE inquiry_index_mark SET until = ?, id = ?", until, poa.FirstInquiryID(until)).Exec(ctx)
		return err
	})
	return from, until, err
}

// index takes into the index what comes behind the mark, at most so many rows, and
// returns up to which instant it is whole then: the limit, or the beginning of the
// last row's millisecond, so that no part of one is taken.
func (m inquiryMark) index(ctx context.Context, t bun.IDB, limit time.Time, rows int) (until time.Time, err error) {
	err = t.NewRaw(`WITH next AS MATERIALIZED (SELECT recipient_id, answered_at, id FROM inquiries
			WHERE id >= ? AND id < ? AND answered_at >= ? AND answered_at < ? ORDER BY id LIMIT ?),
		ends AS (SELECT CASE WHEN count(*) < ? THEN ?::timestamptz ELSE date_trunc('milliseconds', max(answered_at)) END AS until FROM next),
		taken AS (INSERT INTO inquiry_index (recipient_id, answered_at, inquiry_id)
			SELECT n.* FROM next n, ends WHERE n.answered_at < ends.until AND n.recipient_id <> '' ORDER BY 1, 2, 3)
		SELECT until FROM ends`, m.ID, poa.FirstInquiryID(limit), m.Until, limit, rows, rows, limit).Scan(ctx, &until)
	return until.UTC(), err
}

// asked reads the window of a recipient's inquiries: of what the index holds,
// and of what behind its mark the newest end of the table does. Each comes in
// order and no further than the window.
func (m inquiryMark) asked(q bun.IDB, f poa.InquiryFilter, w window) *bun.SelectQuery {
	that := inquiriesThat(f)
	indexed := that(q.NewSelect().ColumnExpr("i.*").TableExpr("inquiry_index AS x").
		Join("CROSS JOIN LATERAL (SELECT t.* FROM inquiries t WHERE t.id = x.inquiry_id AND t.answered_at = x.answered_at OFFSET 0) AS i").
		Where("x.recipient_id = ? AND x.answered_at < ?", f.RecipientID, m.Until), "x.answered_at")
	newest := that(q.NewSelect().ColumnExpr("i.*").TableExpr("inquiries AS i").Where("i.recipient_id = ? AND i.id >= ? AND i.answered_at >= ?", f.RecipientID, m.ID, m.Until), "i.answered_at")
	return q.NewSelect().ModelTableExpr("((?) UNION ALL (?)) AS i",
		w.narrow(indexed, ordering{column: "x.answered_at", id: "x.inquiry_id"}), w.narrow(newest, ordering{column: "i.answered_at", id: "i.id"}))
}
