// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

// rollbackTimeout bounds a rollback, which runs even where the caller's
// context is over.
const rollbackTimeout = 5 * time.Second

// tx is one transaction: bun writes on the session on which pgx began it, so
// that rows and River's jobs commit together.
type tx struct {
	reader
	pgx *late
	// published tells whether an outbox row was inserted: then the commit is
	// announced.
	published bool
	// due tells whether deliveries became due: then those who deliver in this
	// process are woken.
	due bool
	// goOn lets acts go on that give way to this transaction.
	goOn func()
	// last are statements that go together with the commit: those whose rows the
	// act itself reads no more.
	last together
	// over is set once the commit was sent.
	over bool
}

var _ poa.Tx = (*tx)(nil)

// InTx runs fn in one transaction on one session and commits if it returns nil.
// An error of fn is returned as it is, after rollback; a panic rolls back and
// goes on. This is the only place where a transaction begins that changes anything.
func (d *DB) InTx(ctx context.Context, fn func(context.Context, poa.Tx) error) error {
	published, due := false, false
	if !isAhead(ctx) {
		d.gate.pass(ctx)
	}
	err := d.onSession(ctx, func(conn bun.Conn, late *late) error {
		t := &tx{reader: reader{db: d, q: conn}, pgx: late, goOn: func() {}}
		defer func() { t.goOn() }()
		defer t.rollback(ctx, conn)
		if err := fn(ctx, t); err != nil {
			return err
		}
		if err := t.commit(ctx); err != nil {
			return err
		}
		published, due = t.published, t.due
		return nil
	})
	if published {
		d.outbox.announce()
	}
	if due {
		poke(d.due)
	}
	return err
}

// onSession borrows one session for bun and pgx alike, with a transaction that
// begins with the first statement of either.
func (d *DB) onSession(ctx context.Context, fn func(bun.Conn, *late) error) error {
	conn, err := d.lane(ctx).Conn(ctx)
	if err != nil {
		return fmt.Errorf("taking a session: %w", translate(err))
	}
	defer conn.Close()
	late, err := lateOn(conn)
	if err != nil {
		return err
	}
	return fn(conn, late)
}

// lateOn returns a transaction on the pgx connection under bun's. It outlives
// Raw, which is sound as long as conn is neither closed nor used by another
// goroutine.
func lateOn(conn bun.Conn) (*late, error) {
	var l *late
	err := conn.Raw(func(driver any) error {
		c, ok := driver.(*bunConn)
		if !ok {
			return errors.New("the driver is not pgx")
		}
		l = &late{conn: c.Conn.Conn()}
		c.late = l
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("finding the session: %w", translate(err))
	}
	return l, nil
}

// commit sends what was kept for the end and the commit in one round trip.
func (t *tx) commit(ctx context.Context) error {
	const what = "committing transaction"
	if len(t.last.done) == 0 {
		return failed(t.pgx.Commit(ctx), what)
	}
	if t.pgx.begun == nil {
		// What is sent together is a transaction by itself, from the first statement
		// to the end of the batch.
		return t.last.send(ctx, t.pgx.conn)
	}
	t.last.exec(what, "COMMIT")
	if err := t.last.send(ctx, t.pgx); err != nil {
		return err
	}
	t.over = true
	return nil
}

// rollback does nothing after a commit. Where it fails the session is broken
// and the pool throws it away. It runs under the lock of database/sql: where the
// caller's context ended, that may be closing the session just now.
func (t *tx) rollback(ctx context.Context, conn bun.Conn) {
	if t.over {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	_ = conn.Raw(func(any) error { return t.pgx.Rollback(ctx) })
}

// Enqueue inserts a job in the transaction.
func (t *tx) Enqueue(ctx context.Context, j poa.Job, at time.Time) error {
	if t.db.enqueue == nil {
		return fmt.Errorf("enqueuing %s: no queue was handed in", j.Kind())
	}
	if err := t.db.enqueue(ctx, t.pgx, j, at); err != nil {
		return fmt.Errorf("enqueuing %s: %w", j.Kind(), translate(err))
	}
	return nil
}

// changed returns ErrConflict where a guarded update touched no row.
func changed(res sql.Result, err error, what string) error {
	return touched(res, err, what, poa.ErrConflict)
}

// touched returns otherwise where a statement touched no row.
func touched(res sql.Result, err error, what string, otherwise error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, translate(err))
	}
	n, err := res.RowsAffected()
	if err != nil {
		return fmt.Errorf("%s: %w", what, translate(err))
	}
	if n == 0 {
		return otherwise
	}
	return nil
}
