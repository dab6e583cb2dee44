// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"ininjo/poa"
)

// Enqueuer inserts a job in the transaction; the zero at means now. The jobs
// room implements it on River.
type Enqueuer func(ctx context.Context, tx pgx.Tx, j poa.Job, at time.Time) error

// Config says which database to open, and with what.
type Config struct {
	// URL is a PostgreSQL connection string. Its login should be a member of
	// the role ininjo_program and of nothing else.
	URL     string
	Sealer  *Sealer
	Enqueue Enqueuer
	Clock   poa.Clock
	// MaxConns bounds each of the two pools; zero means 16.
	MaxConns int32
	// Role is taken after connecting where the login is a member of it; empty
	// means ininjo_program.
	Role string
	// ReplicaURL names a streaming replica of the database, for lists, histories and
	// exports; empty for none. ReplicaWait is how long a read waits until the replica
	// has everything that was there when it came; zero means 250 ms.
	ReplicaURL  string
	ReplicaWait time.Duration
}

// DB is the store. It is safe for concurrent use.
type DB struct {
	reader
	bun *bun.DB
	// acts carries transactions and bun's reads; pool the validity read and what
	// runs beside transactions, so that neither waits for the other's sessions.
	acts *pgxpool.Pool
	pool *pgxpool.Pool
	// ahead carries the transactions of [DB.Ahead], on two sessions of their own.
	ahead    *pgxpool.Pool
	aheadBun *bun.DB
	// gate lets other transactions give way to the numbering.
	gate gate
	// asked carries the questions of now.
	asked   *groups
	seal    *Sealer
	enqueue Enqueuer
	clock   poa.Clock
	outbox  *announcer
	// due is poked after commits that made deliveries due.
	due chan struct{}
	// replica is nil where there is none.
	replica *replica
	// indexedFrom is the audit log's first month, in Unix seconds, before which the
	// index of inquiries holds nothing; 0 where this process does not know.
	indexedFrom atomic.Int64
}

var _ poa.Store = (*DB)(nil)

// Open connects to a migrated database and returns the store on it.
func Open(ctx context.Context, c Config) (*DB, error) {
	if c.Sealer == nil || c.Clock == nil {
		return nil, errors.New("opening database: a sealer and a clock must be given")
	}
	pool, err := connect(ctx, c)
	if err != nil {
		return nil, err
	}
	acts, err := connect(ctx, c)
	if err != nil {
		pool.Close()
		return nil, err
	}
	ahead, err := newPool(ctx, aheadOf(c), aheadSettings...)
	if err != nil {
		pool.Close()
		acts.Close()
		return nil, err
	}
	asked, err := newGroups(ctx, c)
	if err != nil {
		pool.Close()
		acts.Close()
		ahead.Close()
		return nil, err
	}
	d := &DB{bun: newBun(openBun(acts)), acts: acts, pool: pool, ahead: ahead, aheadBun: newBun(openBun(ahead)), asked: asked, seal: c.Sealer, enqueue: c.Enqueue, clock: c.Clock, due: make(chan struct{}, 1)}
	d.reader = reader{db: d, q: d.bun}
	d.outbox = newAnnouncer(pool)
	if c.ReplicaURL != "" {
		if d.replica, err = openReplica(ctx, c, pool); err != nil {
			d.Close()
			return nil, err
		}
	}
	return d, nil
}

func newBun(sqldb *sql.DB) *bun.DB { return bun.NewDB(sqldb, pgdialect.New()) }

// connect opens a pool and proves that it reaches the server.
func connect(ctx context.Context, c Config) (*pgxpool.Pool, error) {
	pool, err := newPool(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connecting to database: %w", translate(err))
	}
	return pool, nil
}

// newPool opens a pool that connects when it is used.
func newPool(ctx context.Context, c Config, settings ...string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, errors.New("parsing the database's URL: it is not a PostgreSQL URL") // pgx quotes parts of it
	}
	config.MaxConns = 16
	if c.MaxConns > 0 {
		config.MaxConns = c.MaxConns
	}
	config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	config.ConnConfig.RuntimeParams["application_name"] = "ininjo"
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	config.ConnConfig.RuntimeParams["jit"] = "off" // compiling takes longer than any of our statements
	role := c.Role
	if role == "" {
		role = RoleProgram
	}
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error { return takeRole(ctx, conn, role) }
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, "=")
		config.ConnConfig.RuntimeParams[name] = value
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("opening database: %w", translate(err))
	}
	return pool, nil
}

// takeRole gives up what the login may do beyond the role (design.md, rule 15).
func takeRole(ctx context.Context, conn *pgx.Conn, role string) error {
	var member bool
	err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1 AND pg_has_role(session_user, oid, 'MEMBER'))`, role).Scan(&member)
	if err != nil {
		return fmt.Errorf("asking for the login's roles: %w", err)
	}
	if !member {
		return nil
	}
	_, err = conn.Exec(ctx, "SET ROLE "+pgx.Identifier{role}.Sanitize())
	return err
}

// Pool returns the pool of prepared statements, for River.
func (d *DB) Pool() *pgxpool.Pool { return d.pool }

// Due is sent to after commits of this process that made deliveries due.
func (d *DB) Due() <-chan struct{} { return d.due }

// poke wakes whoever waits at c, once however often it is called, and never
// waits.
func poke(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Close ends every connection.
func (d *DB) Close() {
	d.outbox.stop()
	if d.replica != nil {
		d.replica.close()
	}
	_ = d.bun.Close()
	d.acts.Close()
	_ = d.aheadBun.Close()
	d.ahead.Close()
	d.asked.close()
	d.pool.Close()
}

// reader implements poa.Reader on the pool or on one transaction's session.
type reader struct {
	db *DB
	q  bun.IDB
}
