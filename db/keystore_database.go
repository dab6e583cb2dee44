// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"ininjo/poa"
)

const (
	// keyStoreConns bounds the pool: keys are cached, so few are asked for.
	keyStoreConns = 4
	// keyStorePatience bounds a call of the key store: who waits for a key
	// holds a request.
	keyStorePatience = 10 * time.Second
)

// keyTable is made where it is missing. A destroyed key's row stays without the
// key; autovacuum takes the old version away as soon as it comes round.
const keyTable = `CREATE TABLE IF NOT EXISTS wrapped_keys (
	subject bytea PRIMARY KEY CHECK (length(subject) = 32),
	class text NOT NULL,
	wrapped bytea,
	destroyed_at timestamptz,
	CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 0)`

// DatabaseKeyStore is a key store in a PostgreSQL database of its own: one row
// for each key, found by a hash of its subject. It is safe for concurrent use.
type DatabaseKeyStore struct {
	pool  *pgxpool.Pool
	clock poa.Clock
}

var _ KeyStore = (*DatabaseKeyStore)(nil)

// NewDatabaseKeyStore connects to the database of the URL and makes the table
// where there is none. Call [KeyStoreApart] before it.
func NewDatabaseKeyStore(ctx context.Context, url string, clock poa.Clock) (*DatabaseKeyStore, error) {
	if clock == nil {
		return nil, errors.New("opening key store: a clock must be given")
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("opening key store: its URL is not a PostgreSQL URL") // pgx quotes parts of it
	}
	config.MaxConns = keyStoreConns
	config.ConnConfig.ConnectTimeout = keyStorePatience
	config.ConnConfig.RuntimeParams["application_name"] = "ininjo key store"
	config.ConnConfig.RuntimeParams["synchronous_commit"] = "on" // a key is durable before what it seals
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, failed(err, "opening key store")
	}
	s := &DatabaseKeyStore{pool: pool, clock: clock}
	if err := s.call(ctx, "preparing key store", s.prepare); err != nil {
		pool.Close()
		return nil, err
	}
	return s, nil
}

// prepare makes the table. A login that may not make tables can use one that is
// there; several processes may start at once.
func (s *DatabaseKeyStore) prepare(ctx context.Context) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", lockSetup); err != nil {
			return err
		}
		var there bool
		if err := tx.QueryRow(ctx, "SELECT to_regclass('wrapped_keys') IS NOT NULL").Scan(&there); err != nil || there {
			return err
		}
		_, err := tx.Exec(ctx, keyTable)
		return err
	})
}

// Get returns the wrapped key.
func (s *DatabaseKeyStore) Get(ctx context.Context, subject Subject) ([]byte, error) {
	var wrapped []byte
	err := s.call(ctx, "reading data key", func(ctx context.Context) error {
		hash := subject.hash()
		return s.pool.QueryRow(ctx, "SELECT wrapped FROM wrapped_keys WHERE subject = $1", hash[:]).Scan(&wrapped)
	})
	switch {
	case errors.Is(err, poa.ErrNotFound):
		return nil, errNoKey
	case err != nil:
		return nil, err
	}
	return wrapped, erasedIf(wrapped == nil)
}

// Put stores a wrapped key; the first of several processes wins. It returns
// after the commit is on disk.
func (s *DatabaseKeyStore) Put(ctx context.Context, subject Subject, wrapped []byte) error {
	hash := subject.hash()
	stored := false
	err := s.call(ctx, "writing data key", func(ctx context.Context) error {
		tag, err := s.pool.Exec(ctx, "INSERT INTO wrapped_keys (subject, class, wrapped) VALUES ($1, $2, $3) ON CONFLICT (subject) DO NOTHING",
			hash[:], string(subject.Class), wrapped)
		stored = tag.RowsAffected() == 1
		return err
	})
	if err != nil || stored {
		return err
	}
	_, err = s.Get(ctx, subject)
	return err
}

// Destroy removes the key and keeps the row, so that the key cannot come back.
func (s *DatabaseKeyStore) Destroy(ctx context.Context, subject Subject) error {
	hash := subject.hash()
	return s.call(ctx, "destroying data key", func(ctx context.Context) error {
		_, err := s.pool.Exec(ctx, `INSERT INTO wrapped_keys (subject, class, destroyed_at) VALUES ($1, $2, $3)
			ON CONFLICT (subject) DO UPDATE SET wrapped = NULL, destroyed_at = EXCLUDED.destroyed_at WHERE wrapped_keys.destroyed_at IS NULL`,
			hash[:], string(subject.Class), s.clock.Now())
		return err
	})
}

// Destroyed counts the rows of destroyed keys.
func (s *DatabaseKeyStore) Destroyed(ctx context.Context) (int, error) {
	n := 0
	err := s.call(ctx, "counting destroyed keys", func(ctx context.Context) error {
		return s.pool.QueryRow(ctx, "SELECT count(*) FROM wrapped_keys WHERE destroyed_at IS NOT NULL").Scan(&n)
	})
	return n, err
}

// Close ends every connection.
func (s *DatabaseKeyStore) Close() { s.pool.Close() }

// call bounds what f does. A key store that does not answer in time is
// unavailable; only the caller's own end is told as such.
func (s *DatabaseKeyStore) call(ctx context.Context, what string, f func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, keyStorePatience)
	defer cancel()
	err := f(bounded)
	if err != nil && ctx.Err() == nil && bounded.Err() != nil {
		err = &poa.Error{Code: poa.CodeUnavailable, Cause: errors.New("the key store does not answer")}
	}
	return failed(err, what)
}

// KeyStoreApart refuses a key store in the very database that holds the data:
// every backup of the data would hold the keys, and nobody could be erased. It
// reports whether both are on the same server, where a backup of the whole
// server holds both as well.
func KeyStoreApart(ctx context.Context, keyStoreURL, dataURL string) (sameServer bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, keyStorePatience)
	defer cancel()
	keys, err := identify(ctx, keyStoreURL)
	if err != nil {
		return false, fmt.Errorf("finding the key store's database: %w", err)
	}
	data, err := identify(ctx, dataURL)
	if err != nil {
		return false, fmt.Errorf("finding the data's database: %w", err)
	}
	if keys == data {
		return true, errors.New("the key store is the database that holds the data: give it another, which is in no backup of the data")
	}
	return keys.system == data.system, nil
}

// identity tells a database from every other: the server's identifier, drawn by
// initdb, and the database's number there.
type identity struct {
	system   int64
	database uint32
}

func identify(ctx context.Context, url string) (identity, error) {
	conn, err := connectOnce(ctx, url)
	if err != nil {
		return identity{}, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var id identity
	err = conn.QueryRow(ctx, "SELECT system_identifier, d.oid FROM pg_control_system(), pg_database d WHERE d.datname = current_database()").Scan(&id.system, &id.database)
	return id, failed(err, "asking which database it is")
}
