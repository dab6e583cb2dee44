// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Statements that run for every change and every delivery go to pgx, which
// prepares them once for each session: parsing and planning them anew costs more
// than to run them. They take whole columns as arrays, so that their text stays
// the same however many rows there are.

// querier is a transaction or a pool.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// eachRow runs a statement and reads its rows one after another.
func eachRow(ctx context.Context, q querier, what string, scan func(pgx.Rows) error, statement string, args ...any) error {
	rows, err := q.Query(ctx, statement, args...)
	if err != nil {
		return failed(err, what)
	}
	return failed(scanEach(rows, scan), what)
}

func scanEach(rows pgx.Rows, scan func(pgx.Rows) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// together sends statements in one round trip.
type together struct {
	batch pgx.Batch
	whats []string
	done  []func(pgx.BatchResults) error
}

func (s *together) exec(what, statement string, args ...any) {
	s.add(what, func(r pgx.BatchResults) error {
		_, err := r.Exec()
		return err
	}, statement, args)
}

func (s *together) query(what string, scan func(pgx.Rows) error, statement string, args ...any) {
	s.add(what, func(r pgx.BatchResults) error {
		rows, err := r.Query()
		if err != nil {
			return err
		}
		return scanEach(rows, scan)
	}, statement, args)
}

func (s *together) add(what string, done func(pgx.BatchResults) error, statement string, args []any) {
	s.batch.Queue(statement, args...)
	s.whats, s.done = append(s.whats, what), append(s.done, done)
}

// batcher is a session, or a transaction on one.
type batcher interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

func (s *together) send(ctx context.Context, t batcher) error {
	results := t.SendBatch(ctx, &s.batch)
	for i, done := range s.done {
		if err := done(results); err != nil {
			_ = results.Close() // it says the same again
			return failed(err, s.whats[i])
		}
	}
	return failed(results.Close(), "sending statements")
}

// column gathers one column of many rows.
func column[R, T any](rows []R, of func(*R) T) []T {
	values := make([]T, len(rows))
	for i := range rows {
		values[i] = of(&rows[i])
	}
	return values
}

// Changes as columns: their names, and the types of the arrays that hold them
// from the parameter on that is named first.
const (
	changeNames = "type, delegation_id, delegator_id, version, status, at, effective_at, announcement_id"
	changeTypes = "$%d::text[], $%d::text[], $%d::text[], $%d::int[], $%d::text[], $%d::timestamptz[], $%d::timestamptz[], $%d::text[]"
)

// changeArraysFrom is changeTypes with the parameters from the first on.
func changeArraysFrom(first int) string {
	numbers := make([]any, strings.Count(changeTypes, "%d"))
	for i := range numbers {
		numbers[i] = first + i
	}
	return fmt.Sprintf(changeTypes, numbers...)
}

// changeArrays are the columns of changes, in the order of changeNames.
func changeArrays(rows []changeColumns) []any {
	type row = *changeColumns
	return []any{column(rows, func(r row) string { return r.Type }), column(rows, func(r row) *string { return r.DelegationID }),
		column(rows, func(r row) *string { return r.DelegatorID }), column(rows, func(r row) int { return r.Version }),
		column(rows, func(r row) string { return r.Status }), column(rows, func(r row) time.Time { return r.At }),
		column(rows, func(r row) *time.Time { return r.EffectiveAt }), column(rows, func(r row) *string { return r.AnnouncementID })}
}

// places are the places of a change's columns, in the order of changeNames.
func (c *changeColumns) places() []any {
	return []any{&c.Type, &c.DelegationID, &c.DelegatorID, &c.Version, &c.Status, &c.At, &c.EffectiveAt, &c.AnnouncementID}
}
