// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"ininjo/poa"
)

// lockStatusLists is the session advisory lock of whoever publishes status lists.
const lockStatusLists = 7310003

var _ poa.StatusListStore = (*DB)(nil)

// AloneWithStatusLists runs fn unless another process does at this moment. The
// lock saves work; what keeps lists from going backwards is their version.
func (d *DB) AloneWithStatusLists(ctx context.Context, fn func(context.Context) error) error {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return failed(err, "taking a session")
	}
	defer conn.Release()
	var alone bool
	if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", lockStatusLists).Scan(&alone); err != nil || !alone {
		return failed(err, "asking for the status lists")
	}
	defer func() {
		unlocking, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		if _, err := conn.Exec(unlocking, "SELECT pg_advisory_unlock($1)", lockStatusLists); err != nil {
			_ = conn.Conn().Close(unlocking) // the lock ends with its session
		}
	}()
	return fn(ctx)
}

// flipsSQL are the entries of a list that time alone turned between two moments.
const flipsSQL = `SELECT index, begins_at, ends_at, suspended FROM status_list_standings WHERE list = @list AND ends_at > @from AND ends_at <= @now
	UNION ALL SELECT index, begins_at, ends_at, suspended FROM status_list_standings WHERE list = @list AND begins_at > @from AND begins_at <= @now
	UNION ALL SELECT index, begins_at, ends_at, suspended FROM status_list_standings WHERE list = @list AND suspended IS NOT NULL
		AND coalesce(upper(suspended), 'infinity'::timestamptz) > @from AND (suspended @> @from::timestamptz) <> (suspended @> @now::timestamptz)`

const headsSQL = `SELECT l.list, coalesce(p.version, 0), p.as_of, p.issued_at, coalesce(p.kid, ''), coalesce(p.whole, false), (
		SELECT count(*) FROM (SELECT FROM status_list_changes c WHERE c.list = l.list LIMIT @bound) AS changed) + (
		SELECT count(*) FROM (SELECT FROM status_list_standings s WHERE s.list = l.list AND s.ends_at > p.as_of AND s.ends_at <= @now LIMIT @bound) AS ended) + (
		SELECT count(*) FROM (SELECT FROM status_list_standings s WHERE s.list = l.list AND s.begins_at > p.as_of AND s.begins_at <= @now LIMIT @bound) AS begun) + (
		SELECT count(*) FROM (SELECT FROM status_list_standings s WHERE s.list = l.list AND s.suspended IS NOT NULL AND coalesce(upper(s.suspended), 'infinity'::timestamptz) > p.as_of
			AND (s.suspended @> p.as_of) <> (s.suspended @> @now::timestamptz) LIMIT @bound) AS turned)
	FROM status_lists l LEFT JOIN status_list_publications p ON p.list = l.list ORDER BY l.list`

// StatusListHeads returns every list in the order of its number.
func (d *DB) StatusListHeads(ctx context.Context, now time.Time, bound int) ([]poa.StatusListHead, error) {
	rows, err := d.pool.Query(ctx, headsSQL, pgx.NamedArgs{"now": now.UTC(), "bound": bound})
	if err != nil {
		return nil, failed(err, "reading status lists")
	}
	heads, err := pgx.CollectRows(rows, scanHead)
	return heads, failed(err, "reading status lists")
}

func scanHead(row pgx.CollectableRow) (poa.StatusListHead, error) {
	var h poa.StatusListHead
	var asOf, issued *time.Time
	err := row.Scan(&h.List, &h.Version, &asOf, &issued, &h.KeyID, &h.Whole, &h.Changed)
	h.AsOf, h.IssuedAt = fromNullTime(asOf), fromNullTime(issued)
	return h, err
}

// publicationRow is what is published of a list.
type publicationRow struct {
	bun.BaseModel `bun:"table:status_list_publications,alias:p"`

	List     int       `bun:"list,pk"`
	Version  int64     `bun:"version"`
	AsOf     time.Time `bun:"as_of"`
	IssuedAt time.Time `bun:"issued_at"`
	KID      string    `bun:"kid"`
	Token    []byte    `bun:"token"`
}

// PublishStatusList puts a list in the place of the version before: an older one
// finds no row to change.
func (d *DB) PublishStatusList(ctx context.Context, token poa.StatusListToken, consumed []int64) error {
	row := publicationRow{List: token.List, Version: token.Version, AsOf: token.AsOf.UTC(), IssuedAt: token.IssuedAt.UTC(), KID: token.KeyID, Token: []byte(token.Token)}
	return d.InTx(ctx, func(ctx context.Context, begun poa.Tx) error {
		t, ok := begun.(*tx)
		if !ok {
			return errors.New("publishing status list: this is no transaction of this store")
		}
		if err := t.putStatusList(ctx, row); err != nil || len(consumed) == 0 {
			return err
		}
		_, err := t.q.ExecContext(ctx, "DELETE FROM status_list_changes WHERE id = ANY (?::bigint[])", pgdialect.Array(consumed))
		return failed(err, "dropping published changes")
	})
}

func (t *tx) putStatusList(ctx context.Context, row publicationRow) error {
	if row.Version == 1 {
		res, err := t.q.NewInsert().Model(&row).On("CONFLICT (list) DO NOTHING").Exec(ctx)
		return changed(res, err, "publishing status list")
	}
	res, err := t.q.NewUpdate().Model(&row).Column("version", "as_of", "issued_at", "kid", "token").Set("whole = false").
		WherePK().Where("version = ?", row.Version-1).Exec(ctx)
	return changed(res, err, "publishing status list")
}

// DropStatusListChanges forgets what is not published. Whatever is published later
// is then read as a whole.
func (d *DB) DropStatusListChanges(ctx context.Context) error {
	return d.InTx(ctx, func(ctx context.Context, begun poa.Tx) error {
		t, ok := begun.(*tx)
		if !ok {
			return errors.New("dropping changes: this is no transaction of this store")
		}
		if _, err := t.q.ExecContext(ctx, "UPDATE status_list_publications SET whole = true WHERE NOT whole"); err != nil {
			return failed(err, "dropping changes of status lists")
		}
		_, err := t.q.ExecContext(ctx, "DELETE FROM status_list_changes")
		return failed(err, "dropping changes of status lists")
	})
}

// StatusListVersion returns the version of a published list, 0 where none is
// published yet.
func (d *DB) StatusListVersion(ctx context.Context, list int) (int64, error) {
	var version int64
	err := d.pool.QueryRow(ctx, `SELECT coalesce(p.version, 0) FROM status_lists l LEFT JOIN status_list_publications p ON p.list = l.list WHERE l.list = $1`, list).Scan(&version)
	return version, failed(err, "reading a status list's version")
}

// StatusListToken returns a published list, of the version wanted or a later one.
func (d *DB) StatusListToken(ctx context.Context, list int, version int64) (poa.StatusListToken, error) {
	return away(ctx, d, func(at place) (poa.StatusListToken, error) { return at.statusListToken(ctx, list, version) })
}

func (r reader) statusListToken(ctx context.Context, list int, version int64) (poa.StatusListToken, error) {
	var row publicationRow
	if err := r.q.NewSelect().Model(&row).Where("list = ? AND version >= ?", list, version).Scan(ctx); err != nil {
		return poa.StatusListToken{}, failed(err, "reading a status list")
	}
	return poa.StatusListToken{List: row.List, Version: row.Version, AsOf: row.AsOf.UTC(), IssuedAt: row.IssuedAt.UTC(), KeyID: row.KID, Token: string(row.Token)}, nil
}

// StatusLists returns the numbers of the lists.
func (d *DB) StatusLists(ctx context.Context) ([]int, error) {
	var numbers []int
	err := d.bun.NewRaw("SELECT list FROM status_lists ORDER BY list").Scan(ctx, &numbers)
	return numbers, failed(err, "reading status lists")
}
