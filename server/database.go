// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

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
		return nil, errors.Join(fmt.Errorf("migrating database: %w", err), d.close(context.WithoutCancel(ctx)))
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
		cluster, err = attach(ctx, c.DataDir)
	}
	if err != nil {
		return nil, err
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
		return nil, errors.Join(fmt.Errorf("preparing private PostgreSQL: %w", err), d.close(context.WithoutCancel(ctx)))
	}
	return d, nil
}

// attachPatience is how long a command waits for a serve that is starting.
const attachPatience = 10 * time.Second

// attach reaches the private PostgreSQL that another process runs, and waits
// for it where that process is just starting it.
func attach(ctx context.Context, dataDir string) (*embedded.Cluster, error) {
	ctx, cancel := context.WithTimeout(ctx, attachPatience)
	defer cancel()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		cluster, err := embedded.Attach(dataDir)
		if err == nil {
			return cluster, nil
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-again.C:
		}
	}
}

// done is closed when the private PostgreSQL ended by itself; nil for another.
func (d *database) done() <-chan struct{} {
	if d.cluster == nil {
		return nil
	}
	return d.cluster.Done()
}

// close stops the private PostgreSQL: at once where ctx ends first, so that the
// next start recovers.
func (d *database) close(ctx context.Context) error {
	if d.cluster == nil {
		return nil
	}
	return d.cluster.Stop(ctx)
}
