// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// lockLeader is the session advisory lock of the one leader that numbers.
	lockLeader = 7310002
	// leaderRetry is how often a process asks whether the leader is gone. It
	// asks and does not wait in the lock: a statement that waits would hold back
	// the cleaning of every table.
	leaderRetry = time.Second
)

// leaderKey is the context key of the leader's session.
type leaderKey struct{}

type leader struct {
	mu   sync.Mutex
	conn *pgx.Conn
	// local is poked by this process's own commits.
	local <-chan struct{}
}

// Lead waits until this process is the one leader that numbers changes and then
// runs fn, which may call [DB.Wait]. It returns what fn returns. A leader whose
// session breaks learns it from Wait; until then the lock that TakeChanges takes
// keeps two leaders from numbering the same change.
func (d *DB) Lead(ctx context.Context, fn func(context.Context) error) error {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return failed(err, "taking the leader's session")
	}
	session := conn.Hijack() // it is closed, never given back: closing frees the lock
	defer session.Close(context.WithoutCancel(ctx))
	if err := becomeLeader(ctx, session); err != nil {
		return err
	}
	if _, err := session.Exec(ctx, "LISTEN "+OutboxChannel); err != nil {
		return failed(err, "listening for changes")
	}
	d.outbox.leading.Store(true)
	defer d.outbox.leading.Store(false)
	return fn(context.WithValue(d.Ahead(ctx), leaderKey{}, &leader{conn: session, local: d.outbox.local}))
}

func becomeLeader(ctx context.Context, session *pgx.Conn) error {
	retry := time.NewTicker(leaderRetry)
	defer retry.Stop()
	for {
		var leads bool
		if err := session.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", lockLeader).Scan(&leads); err != nil {
			return failed(err, "asking to be the leader")
		}
		if leads {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-retry.C:
		}
	}
}

// Wait returns when a process announced changes, or after max: an announcement
// can be lost, so the leader also polls. It must be called with a context of
// [DB.Lead]; an error means that this process leads no longer.
func (d *DB) Wait(ctx context.Context, maximum time.Duration) error {
	l, ok := ctx.Value(leaderKey{}).(*leader)
	if !ok {
		return errors.New("waiting for changes: this is not the leader")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	bounded, cancel := context.WithTimeout(ctx, maximum)
	var watching sync.WaitGroup
	watching.Go(func() { // a commit of our own ends the waiting, too
		select {
		case <-l.local:
			cancel()
		case <-bounded.Done():
		}
	})
	_, err := l.conn.WaitForNotification(bounded)
	cancel()
	watching.Wait() // what it heard counts for this waiting and no later one
	if err == nil || ctx.Err() == nil && bounded.Err() != nil && !l.conn.IsClosed() {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("waiting for changes: %w", translate(err))
}
