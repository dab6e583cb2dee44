// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"ininjo/db"
	"ininjo/db/embedded"
)

// databaseName is that of the private PostgreSQL.
const databaseName = "ininjo"

// database is where the service's state is: the private cluster, which the
// program starts and stops, or a PostgreSQL of the user's.
type database struct {
	cluster *embedded.Cluster
	// url is the program's, migrateURL the one that migrates.
	url, migrateURL string
}

// openDatabase starts the private PostgreSQL, or names the user's, and brings it
// up to date.
func openDatabase(ctx context.Context, c Config, log *slog.Logger) (*database, error) {
	d, err := locateDatabase(ctx, c, log)
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, d.migrateURL); err != nil {
		return nil, errors.Join(fmt.Errorf("migrating database: %w", err), d.close(ctx))
	}
	return d, nil
}

func locateDatabase(ctx context.Context, c Config, log *slog.Logger) (*database, error) {
	if c.DatabaseURL == "" {
		return startPrivate(ctx, c, log)
	}
	d := &database{url: c.DatabaseURL, migrateURL: c.MigrateDatabaseURL}
	if d.migrateURL == "" {
		log.Warn("one database URL for all: the program could change history; give --migrate-database-url with a login of its own")
		d.migrateURL = c.DatabaseURL
	}
	if err := db.Bootstrap(ctx, d.migrateURL, nil); err != nil {
		return nil, fmt.Errorf("preparing database: %w", err)
	}
	return d, nil
}

func startPrivate(ctx context.Context, c Config, log *slog.Logger) (*database, error) {
	cluster, err := embedded.Start(ctx, embedded.Config{DataDir: c.DataDir, BinDir: c.PostgresBin, Logger: log})
	if errors.Is(err, embedded.ErrInUse) && c.beside {
		cluster, err = embedded.Attach(c.DataDir)
	}
	if err != nil {
		return nil, fmt.Errorf("starting private PostgreSQL: %w", err)
	}
	d := &database{cluster: cluster, url: cluster.URL(db.LoginApp, databaseName), migrateURL: cluster.URL(db.LoginMigrate, databaseName)}
	logins := db.Logins{}
	for _, login := range []string{db.LoginMigrate, db.LoginApp, db.LoginRetention, db.LoginAuditor} {
		logins[login] = cluster.Password(login)
	}
	err = db.EnsureDatabase(ctx, cluster.SuperuserURL("postgres"), databaseName)
	if err == nil {
		err = db.Bootstrap(ctx, cluster.SuperuserURL(databaseName), logins)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("preparing private PostgreSQL: %w", err), d.close(ctx))
	}
	return d, nil
}

// done is closed when the private PostgreSQL ended by itself; nil for another.
func (d *database) done() <-chan struct{} {
	if d.cluster == nil {
		return nil
	}
	return d.cluster.Done()
}

func (d *database) close(ctx context.Context) error {
	if d.cluster == nil {
		return nil
	}
	return d.cluster.Stop(context.WithoutCancel(ctx))
}

// withDefaults fills in what depends on other settings.
func (c Config) withDefaults() (Config, error) {
	if c.DatabaseURL != "" && (c.Keys == "" || c.KeyStore == "") {
		return c, errors.New("with --database-url, --keys and --key-store must be given: keys are made only together with the private PostgreSQL")
	}
	abs, err := filepath.Abs(c.DataDir)
	if err != nil {
		return c, fmt.Errorf("finding --data-dir: %w", err)
	}
	c.DataDir = abs
	for setting, name := range map[*string]string{&c.Keys: "keys", &c.KeyStore: "key-store", &c.MailDir: "mail"} {
		if *setting == "" {
			*setting = filepath.Join(c.DataDir, name)
		}
	}
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return c, fmt.Errorf("making --data-dir: %w", err)
	}
	return c, nil
}
