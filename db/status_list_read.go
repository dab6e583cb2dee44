// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"ininjo/poa"
	"ininjo/poa/statuslist"
)

const (
	// statusListShift is where a list's number stands above an index.
	statusListShift = 20
	// standingsBlocks is how many blocks of the table one statement reads: about a
	// million entries, so that memory is bounded on both sides.
	standingsBlocks = 8192
	// maxConsumed bounds the changes of a list that one publication takes in; the
	// rest is the next one's.
	maxConsumed = statusListSize
)

// ReadStatusLists reads lists in one snapshot: of one with few changes only these,
// beside what is published; of the others every entry.
func (d *DB) ReadStatusLists(ctx context.Context, lists []int, now time.Time, bound int) ([]poa.StatusListReading, error) {
	return away(ctx, d, func(at place) ([]poa.StatusListReading, error) {
		var readings []poa.StatusListReading
		err := pgx.BeginTxFunc(ctx, at.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(t pgx.Tx) error {
			var err error
			readings, err = (&listReader{t, now, bound}).read(ctx, lists)
			return err
		})
		return readings, failed(err, "reading status lists")
	})
}

// listReader reads lists within one transaction.
type listReader struct {
	q     pgx.Tx
	now   time.Time
	bound int
}

// query runs a statement that is not kept prepared: the stretches of the table
// stand in its text. Numbers come as they are, not as text.
func (r *listReader) query(ctx context.Context, statement string, args pgx.NamedArgs) (pgx.Rows, error) {
	rows, err := r.q.Query(ctx, statement, pgx.QueryExecModeDescribeExec, args)
	return rows, failed(err, "reading status lists")
}

func (r *listReader) read(ctx context.Context, lists []int) ([]poa.StatusListReading, error) {
	heads, err := r.heads(ctx, lists)
	if err != nil {
		return nil, err
	}
	at := micros(r.now)
	for _, h := range heads {
		if !at.After(h.AsOf) { // another process's clock is ahead: nothing turns back
			at = h.AsOf.Add(time.Microsecond)
		}
	}
	r.now = at
	readings := make([]poa.StatusListReading, len(heads))
	whole := map[int]statuslist.Entries{}
	for i, h := range heads {
		readings[i] = poa.StatusListReading{StatusListHead: h, At: at}
		changed, err := r.changes(ctx, &readings[i])
		switch {
		case err != nil:
			return nil, err
		case h.Version == 0 || h.Whole || h.Changed > r.bound || h.Changed == 0: // the last: it is old, so that it heals
			readings[i].Entries = statuslist.NewEntries()
			whole[h.List] = readings[i].Entries
		default:
			err = r.few(ctx, &readings[i], changed)
		}
		if err != nil {
			return nil, err
		}
	}
	return readings, r.whole(ctx, whole)
}

// heads reads what is published of the lists, in the snapshot.
func (r *listReader) heads(ctx context.Context, lists []int) ([]poa.StatusListHead, error) {
	rows, err := r.query(ctx, "SELECT * FROM ("+headsSQL+") AS heads WHERE list = ANY (@lists)", pgx.NamedArgs{"now": r.now.UTC(), "bound": r.bound + 1, "lists": lists})
	if err != nil {
		return nil, err
	}
	heads, err := pgx.CollectRows(rows, scanHead)
	return heads, failed(err, "reading status lists")
}

// changes reads which entries changed by acts.
func (r *listReader) changes(ctx context.Context, reading *poa.StatusListReading) ([]int32, error) {
	rows, err := r.query(ctx, "SELECT id, index FROM status_list_changes WHERE list = @list ORDER BY id LIMIT @limit", pgx.NamedArgs{"list": reading.List, "limit": maxConsumed})
	if err != nil {
		return nil, err
	}
	var changed []int32
	var id int64
	var index int32
	_, err = pgx.ForEachRow(rows, []any{&id, &index}, func() error {
		reading.Consumed, changed = append(reading.Consumed, id), append(changed, index)
		return nil
	})
	return changed, failed(err, "reading changes of status lists")
}

// fewSQL is how entries stand that an act changed or time turned. One without a
// row was erased.
const fewSQL = `SELECT index, CASE WHEN ends_at <= @now THEN 1 WHEN suspended @> @now::timestamptz THEN 2 WHEN begins_at > @now THEN 1 ELSE 0 END FROM (
	SELECT index, begins_at, ends_at, suspended FROM status_list_standings WHERE list = @list AND index = ANY (@changed)
	UNION ALL ` + flipsSQL + `) AS entries`

// few takes what is published and sets what changed.
func (r *listReader) few(ctx context.Context, reading *poa.StatusListReading, changed []int32) error {
	var published []byte
	if err := r.q.QueryRow(ctx, "SELECT token FROM status_list_publications WHERE list = $1", reading.List).Scan(&published); err != nil {
		return failed(err, "reading a status list")
	}
	token, err := statuslist.Own(string(published))
	if err != nil {
		return fmt.Errorf("reading status list %d as it was published: %w", reading.List, err)
	}
	reading.Entries = token.Entries
	for _, index := range changed {
		reading.Entries.Set(int(index), statuslist.Invalid)
	}
	rows, err := r.query(ctx, fewSQL, pgx.NamedArgs{"list": reading.List, "changed": changed, "from": reading.AsOf, "now": r.now})
	if err != nil {
		return err
	}
	var index, status int
	_, err = pgx.ForEachRow(rows, []any{&index, &status}, func() error {
		reading.Entries.Set(index, statuslist.Status(status))
		return nil
	})
	return failed(err, "reading entries of status lists")
}

// wholeSQL reads a stretch of the table in the order in which it lies on the disk:
// the entries that are VALID and those that are SUSPENDED, each as one array.
const wholeSQL = `SELECT array_agg(list << %[1]d | index) FILTER (WHERE begins_at <= @now AND (suspended IS NULL OR NOT suspended @> @now::timestamptz)),
		array_agg(list << %[1]d | index) FILTER (WHERE suspended @> @now::timestamptz)
	FROM status_list_standings WHERE ctid >= '(%[2]d,0)' AND ctid < '(%[3]d,0)' AND ends_at > @now`

// whole reads every entry of the lists. Going through the table in its own order
// takes a fraction of the time that going by an index takes.
func (r *listReader) whole(ctx context.Context, lists map[int]statuslist.Entries) error {
	if len(lists) == 0 {
		return nil
	}
	var blocks int64
	err := r.q.QueryRow(ctx, "SELECT pg_relation_size('status_list_standings') / current_setting('block_size')::bigint").Scan(&blocks)
	if err != nil {
		return failed(err, "measuring the standings of status lists")
	}
	for from := int64(0); from < blocks; from += standingsBlocks {
		rows, err := r.query(ctx, fmt.Sprintf(wholeSQL, statusListShift, from, from+standingsBlocks), pgx.NamedArgs{"now": r.now})
		if err != nil {
			return err
		}
		for rows.Next() {
			raw := rows.RawValues()
			if err := errors.Join(setAll(lists, raw[0], statuslist.Valid), setAll(lists, raw[1], statuslist.Suspended)); err != nil {
				rows.Close()
				return err
			}
		}
		if err := rows.Err(); err != nil {
			return failed(err, "reading entries of status lists")
		}
	}
	return nil
}

// setAll sets what an array of four-byte numbers names, in PostgreSQL's binary
// form: dimensions, a flag, the element's type, length and lower bound, and then
// each element behind its length. No row is decoded by itself: there are millions.
func setAll(lists map[int]statuslist.Entries, array []byte, s statuslist.Status) error {
	const header, element = 20, 8
	if len(array) == 0 { // none
		return nil
	}
	if len(array) < header || (len(array)-header)%element != 0 || int(binary.BigEndian.Uint32(array[12:])) != (len(array)-header)/element {
		return errors.New("reading entries of status lists: an array of another form")
	}
	var entries statuslist.Entries
	last, wanted := -1, false
	for place := header; place < len(array); place += element {
		number := int(binary.BigEndian.Uint32(array[place+4:]))
		if list := number >> statusListShift; list != last {
			entries, wanted = lists[list]
			last = list
		}
		if wanted {
			entries.Set(number&(statusListSize-1), s)
		}
	}
	return nil
}
