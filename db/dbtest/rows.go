// SPDX-License-Identifier: Apache-2.0

package dbtest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ininjo/poa"
)

// countsSQL counts the rows of every table, partitions with their parent.
const countsSQL = `SELECT c.oid::regclass::text, (xpath('/row/n/text()', query_to_xml('SELECT count(*) AS n FROM ' || c.oid::regclass, false, true, '')))[1]::text::int
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT IN ('pg_catalog', 'information_schema')`

// Counts returns how many rows every table holds, as the superuser sees them.
func (d *Database) Counts(tb testing.TB) map[string]int {
	tb.Helper()
	counts := map[string]int{}
	var table string
	var n int
	d.query(tb, countsSQL, func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&table, &n}, func() error { counts[table] = n; return nil })
		return err
	})
	return counts
}

// Text returns the first column of the first row, as the superuser sees it.
func (d *Database) Text(tb testing.TB, sql string) string {
	tb.Helper()
	var text string
	d.query(tb, sql, func(rows pgx.Rows) (err error) {
		text, err = pgx.CollectOneRow(rows, pgx.RowTo[string])
		return err
	})
	return text
}

func (d *Database) query(tb testing.TB, sql string, read func(pgx.Rows) error) {
	tb.Helper()
	err := d.superuser.use(tb.Context(), func(conn *pgx.Conn) error {
		rows, err := conn.Query(tb.Context(), sql)
		if err != nil {
			return fmt.Errorf("asking: %w", err)
		}
		return read(rows)
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// FailingJobs lets no job be inserted while fails says so, with the error that
// it returns; else jobs go into the table that [Database.Jobs] reads.
func FailingJobs(fails func() error) Option {
	return WithEnqueuer(func(ctx context.Context, tx pgx.Tx, j poa.Job, at time.Time) error {
		if err := fails(); err != nil {
			return err
		}
		return InsertJob(ctx, tx, j, at)
	})
}

// Rows returns every row of every table as text, as the superuser sees it: bytes
// stand there in hex.
func (d *Database) Rows(tb testing.TB) []string {
	tb.Helper()
	var all []string
	for table := range d.Counts(tb) {
		d.query(tb, "SELECT t::text FROM "+table+" t", func(rows pgx.Rows) error {
			texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
			all = append(all, texts...)
			return err
		})
	}
	return all
}
