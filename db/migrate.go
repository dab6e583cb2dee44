// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/uptrace/bun/migrate"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// riverSchema holds River's tables, which the program owns.
const riverSchema = "river"

// RiverSchema is where River's tables are, for the jobs room's client.
const RiverSchema = riverSchema

// Migrate brings the database of the URL up to date: our tables as their owner,
// then River's as the program. The login must be a member of both roles.
// Several processes may migrate at once; they wait for one another.
func Migrate(ctx context.Context, url string) error {
	lock, err := connectOnce(ctx, url)
	if err != nil {
		return err
	}
	defer lock.Close(context.WithoutCancel(ctx)) // which releases the lock
	if _, err := lock.Exec(ctx, "SELECT pg_advisory_lock($1)", lockSetup); err != nil {
		return failed(err, "waiting for other migrations")
	}
	if err := migrateOurs(ctx, url); err != nil {
		return fmt.Errorf("migrating tables: %w", err)
	}
	if err := migrateRiver(ctx, url); err != nil {
		return fmt.Errorf("migrating River's tables: %w", err)
	}
	return nil
}

func migrateOurs(ctx context.Context, url string) error {
	pool, err := connect(ctx, Config{URL: url, Role: RoleOwner, MaxConns: 2})
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := requireRole(ctx, pool, RoleOwner); err != nil {
		return err
	}
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return fmt.Errorf("reading migrations: %w", err)
	}
	migrations := migrate.NewMigrations()
	if err := migrations.Discover(files); err != nil {
		return fmt.Errorf("reading migrations: %w", err)
	}
	bundb := newBun(openBun(pool))
	defer bundb.Close()
	migrator := migrate.NewMigrator(bundb, migrations, migrate.WithMarkAppliedOnSuccess(true))
	if err := migrator.Init(ctx); err != nil {
		return failed(err, "preparing migrations")
	}
	_, err = migrator.Migrate(ctx)
	return failed(err, "applying migrations")
}

func migrateRiver(ctx context.Context, url string) error {
	pool, err := connect(ctx, Config{URL: url, Role: RoleProgram, MaxConns: 2})
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := requireRole(ctx, pool, RoleProgram); err != nil {
		return err
	}
	config := &rivermigrate.Config{Schema: riverSchema, Logger: slog.New(slog.DiscardHandler)}
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), config)
	if err != nil {
		return fmt.Errorf("preparing migrations: %w", err)
	}
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return failed(err, "applying migrations")
}

// requireRole refuses a login that is not a member of the role: what it made
// would belong to the wrong one.
func requireRole(ctx context.Context, pool *pgxpool.Pool, role string) error {
	var current string
	if err := pool.QueryRow(ctx, "SELECT current_user").Scan(&current); err != nil {
		return failed(err, "asking for the role")
	}
	if current != role {
		return fmt.Errorf("the login is not a member of %s; as superuser run: GRANT %s TO <the login>", role, role)
	}
	return nil
}
