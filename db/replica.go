// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/uptrace/bun"

	"ininjo/poa"
)

const (
	// replicaWait is Config.ReplicaWait where it is not set.
	replicaWait = 250 * time.Millisecond
	// replicaPoll is how often a replica is asked again while a read waits for it.
	replicaPoll = 5 * time.Millisecond
	// replicaRest is how long a replica that could not serve is left alone: reads
	// must not wait for it one after another.
	replicaRest = time.Second
)

// replica is a streaming replica of the database. It serves reads that may be
// large: lists, histories, exports and status lists. What a read finds there is
// never older than the primary was when the read came, so that nobody misses what
// he just wrote, by whichever process; whether a delegation is valid is asked of
// the primary alone.
type replica struct {
	bun     *bun.DB
	reads   *pgxpool.Pool
	pool    *pgxpool.Pool
	primary *pgxpool.Pool
	wait    time.Duration

	resting atomic.Bool
	// served counts the reads of the replica, fallen those that the primary served in
	// its place.
	served, fallen atomic.Int64
}

// openReplica does not connect: the service starts while its replica is away.
func openReplica(ctx context.Context, c Config, primary *pgxpool.Pool) (*replica, error) {
	wait := c.ReplicaWait
	if wait == 0 {
		wait = replicaWait
	}
	c.URL = c.ReplicaURL
	pool, err := newPool(ctx, c)
	if err != nil {
		return nil, err
	}
	reads, err := newPool(ctx, c)
	if err != nil {
		pool.Close()
		return nil, err
	}
	return &replica{bun: newBun(openBun(reads)), reads: reads, pool: pool, primary: primary, wait: wait}, nil
}

func (r *replica) close() {
	_ = r.bun.Close()
	r.reads.Close()
	r.pool.Close()
}

// replayedSQL tells whether a server is a replica that has everything up to a
// place in the primary's log. One that was promoted is none.
const replayedSQL = "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= $1::text::pg_lsn"

// caughtUp waits until the replica has everything that the primary has now. False
// where that takes too long, or where it cannot be reached.
func (r *replica) caughtUp(ctx context.Context) bool {
	if r.resting.Load() {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, r.wait)
	defer cancel()
	var place string
	if err := r.primary.QueryRow(ctx, "SELECT pg_current_wal_insert_lsn()::text").Scan(&place); err != nil {
		return false // the primary's own matter
	}
	poll := time.NewTicker(replicaPoll)
	defer poll.Stop()
	for {
		var replayed bool
		if err := r.pool.QueryRow(ctx, replayedSQL, place).Scan(&replayed); err != nil {
			r.rest()
			return false
		}
		if replayed {
			return true
		}
		select {
		case <-ctx.Done():
			r.rest()
			return false
		case <-poll.C:
		}
	}
}

// rest leaves the replica alone for a while.
func (r *replica) rest() {
	if r.resting.CompareAndSwap(false, true) {
		time.AfterFunc(replicaRest, func() { r.resting.Store(false) })
	}
}

// place is where a read happens: at the replica or at the primary.
type place struct {
	reader
	pool *pgxpool.Pool
}

// away reads at the replica where there is one that has everything, else at the
// primary; and there as well whatever the replica could not answer: its queries
// can be cut off by what it replays.
func away[T any](ctx context.Context, d *DB, read func(place) (T, error)) (T, error) {
	primary := place{d.reader, d.pool}
	if d.replica == nil {
		return read(primary)
	}
	if d.replica.caughtUp(ctx) {
		found, err := read(place{reader{db: d, q: d.replica.bun}, d.replica.pool})
		var faults poa.Faults
		if err == nil || ctx.Err() != nil || errors.As(err, &faults) || errors.Is(err, poa.ErrNotFound) {
			d.replica.served.Add(1)
			return found, err
		}
	}
	d.replica.fallen.Add(1)
	return read(primary)
}

// ReplicaReads is how many reads the replica served, and how many the primary
// served in its place; 0 where there is none.
func (d *DB) ReplicaReads() (served, fallen int64) {
	if d.replica == nil {
		return 0, 0
	}
	return d.replica.served.Load(), d.replica.fallen.Load()
}

// ReplicaLag is how far the replica is behind: 0 where it has everything that the
// primary has, else for how long nothing new was replayed. It fails where there is
// no replica, or where it cannot be reached.
func (d *DB) ReplicaLag(ctx context.Context) (time.Duration, error) {
	if d.replica == nil {
		return 0, poa.ErrNotFound
	}
	var place string
	if err := d.pool.QueryRow(ctx, "SELECT pg_current_wal_insert_lsn()::text").Scan(&place); err != nil {
		return 0, failed(err, "asking how far the primary is")
	}
	var seconds *float64
	err := d.replica.pool.QueryRow(ctx, `SELECT CASE WHEN NOT pg_is_in_recovery() THEN NULL WHEN pg_last_wal_replay_lsn() >= $1::text::pg_lsn THEN 0
		ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8 END`, place).Scan(&seconds)
	if err != nil {
		return 0, failed(err, "asking how far the replica is")
	}
	if seconds == nil {
		return 0, errors.New("asking how far the replica is: it is none, or replayed nothing yet")
	}
	return time.Duration(max(0, *seconds) * float64(time.Second)), nil
}
