// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// late is a transaction that begins with its first statement: where that goes in
// a batch, in the same round trip.
type late struct {
	conn *pgx.Conn
	// begun is nil until the transaction began.
	begun pgx.Tx
}

var _ pgx.Tx = (*late)(nil)

// begin begins the transaction unless it began before.
func (l *late) begin(ctx context.Context) error {
	if l.begun != nil {
		return nil
	}
	begun, err := l.conn.Begin(ctx)
	if err == nil {
		l.begun = begun
	}
	return err
}

// SendBatch sends statements, behind the beginning where there was none yet.
func (l *late) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	if l.begun != nil {
		return l.begun.SendBatch(ctx, b)
	}
	var behind pgx.Batch
	behind.BeginTx(pgx.TxOptions{})
	behind.QueuedQueries = append(behind.QueuedQueries, b.QueuedQueries...)
	results := l.conn.SendBatch(ctx, &behind)
	l.begun = results.Tx()
	if _, err := results.Exec(); err != nil {
		return pgx.FailedBatchResults(b, errors.Join(err, results.Close()))
	}
	return results
}

// Begin begins a transaction within the transaction.
func (l *late) Begin(ctx context.Context) (pgx.Tx, error) {
	if err := l.begin(ctx); err != nil {
		return nil, err
	}
	return l.begun.Begin(ctx)
}

// Commit commits; of what never began there is nothing to commit.
func (l *late) Commit(ctx context.Context) error {
	if l.begun == nil {
		return nil
	}
	return l.begun.Commit(ctx)
}

// Rollback rolls back what began.
func (l *late) Rollback(ctx context.Context) error {
	if l.begun == nil {
		return nil
	}
	return l.begun.Rollback(ctx)
}

// CopyFrom copies rows into a table.
func (l *late) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	if err := l.begin(ctx); err != nil {
		return 0, err
	}
	return l.begun.CopyFrom(ctx, table, columns, rows)
}

// LargeObjects are none of ours.
func (l *late) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }

// Prepare prepares a statement, which needs no transaction.
func (l *late) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	return l.conn.Prepare(ctx, name, sql)
}

// Exec runs a statement that returns no rows.
func (l *late) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if err := l.begin(ctx); err != nil {
		return pgconn.CommandTag{}, err
	}
	return l.begun.Exec(ctx, sql, args...)
}

// Query runs a statement that returns rows.
func (l *late) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if err := l.begin(ctx); err != nil {
		return nil, err
	}
	return l.begun.Query(ctx, sql, args...)
}

// QueryRow runs a statement that returns one row.
func (l *late) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if err := l.begin(ctx); err != nil {
		return failedRow{err}
	}
	return l.begun.QueryRow(ctx, sql, args...)
}

// Conn is the session.
func (l *late) Conn() *pgx.Conn { return l.conn }

// failedRow is the row of a statement that could not run.
type failedRow struct{ err error }

// Scan returns why.
func (r failedRow) Scan(...any) error { return r.err }
