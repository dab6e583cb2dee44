// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"time"

	"ininjo/poa"
)

// monthsAhead is how far ahead partitions of the audit tables are made.
const monthsAhead = 3

// MakePartitions makes the audit tables' partitions from the month of now to
// three months ahead. What is there already stays.
func (d *DB) MakePartitions(ctx context.Context, now time.Time) error {
	now = now.UTC()
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	_, err := d.bun.NewRaw("SELECT audit_add_partitions(?::date, ?::date)", first.Format(time.DateOnly), first.AddDate(0, monthsAhead, 0).Format(time.DateOnly)).Exec(ctx)
	return failed(err, "making partitions")
}

// DefaultRows counts the rows that no monthly partition took. Anything but 0
// means that partitions were not made in time, and raises an alert.
func (d *DB) DefaultRows(ctx context.Context) (int64, error) {
	var n int64
	err := d.bun.NewRaw("SELECT audit_default_rows()").Scan(ctx, &n)
	return n, failed(err, "counting rows of default partitions")
}

// Followed says up to which instants what follows every answer is done: the audit
// log is sealed into its tree, inquiries are indexed. Zero before the first time.
func (d *DB) Followed(ctx context.Context) (sealed, indexed time.Time, err error) {
	var through, until *time.Time
	err = d.bun.NewRaw("SELECT CASE WHEN num_nulls(h.audit_through, h.inquiries_through) = 0 THEN least(h.audit_through, h.inquiries_through) END, nullif(m.until, 'epoch') FROM log_head h, inquiry_index_mark m").Scan(ctx, &through, &until)
	return fromNullTime(through), fromNullTime(until), failed(err, "reading how far answers are followed")
}

// Mark marks the database for good, e.g. as a demonstration's. Marking twice
// does nothing.
func (d *DB) Mark(ctx context.Context, name string) error {
	_, err := d.bun.NewRaw("INSERT INTO marks (name, at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", name, d.clock.Now()).Exec(ctx)
	return failed(err, "marking the database")
}

// IsMarked reports whether the database bears the mark.
func (d *DB) IsMarked(ctx context.Context, name string) (bool, error) {
	var marked bool
	err := d.bun.NewRaw("SELECT EXISTS (SELECT FROM marks WHERE name = ?)", name).Scan(ctx, &marked)
	return marked, failed(err, "reading the database's marks")
}

// IsEmpty reports whether nobody has used the database yet: no parties, no
// accounts, no documents and no marks.
func (d *DB) IsEmpty(ctx context.Context) (bool, error) {
	var empty bool
	err := d.bun.NewRaw("SELECT NOT (EXISTS (SELECT FROM parties) OR EXISTS (SELECT FROM accounts) OR EXISTS (SELECT FROM published) OR EXISTS (SELECT FROM marks))").Scan(ctx, &empty)
	return empty, failed(err, "looking whether the database is empty")
}

// Ping reaches the server.
func (d *DB) Ping(ctx context.Context) error {
	var one int
	return failed(d.pool.QueryRow(ctx, "SELECT 1").Scan(&one), "reaching the database")
}

// Ready reaches the server and returns by how much its clock is ahead of the
// machine's: by how much it lies outside the time in which it was asked, so that a
// slow answer is not taken for a wrong clock. A process whose machine's clock is over
// 500 ms off is not ready (design.md, rule 2).
func (d *DB) Ready(ctx context.Context, machine poa.Clock) (time.Duration, error) {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return 0, failed(err, "reaching the database")
	}
	defer conn.Release()
	var server time.Time
	before := machine.Now()
	if err := conn.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&server); err != nil {
		return 0, failed(err, "reading the database's clock")
	}
	return max(server.Sub(machine.Now()), 0) + min(server.Sub(before), 0), nil
}
