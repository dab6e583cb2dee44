// SPDX-License-Identifier: Apache-2.0

package dbtest

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ininjo/db"
	"ininjo/db/embedded"
	"ininjo/poa/poatest"
)

// template is the migrated database that every test's own is a copy of.
const template = "ininjo_template"

// Start is what the clock of a new test database shows.
var Start = time.Date(2026, 6, 1, 3, 0, 0, 0, time.UTC)

// Database is one test's own database, migrated and empty.
type Database struct {
	// DB is the store on it, as the program's role.
	DB *db.DB
	// URL is that of the program's login.
	URL string
	// SuperuserURL is for tests of what the database itself refuses.
	SuperuserURL string
	Clock        *poatest.Clock
	Sealer       *db.Sealer
	// KeyStore holds the wrapped data keys.
	KeyStore *db.FolderKeyStore
	// Name is the database's name.
	Name      string
	cluster   *embedded.Cluster
	enqueue   db.Enqueuer
	superuser session
}

// Option changes how a test database is opened.
type Option func(*Database)

// WithEnqueuer has jobs inserted by e instead of into the table that
// [Database.Jobs] reads.
func WithEnqueuer(e db.Enqueuer) Option { return func(d *Database) { d.enqueue = e } }

// WithClock has the database opened with another clock.
func WithClock(c *poatest.Clock) Option { return func(d *Database) { d.Clock = c } }

// New makes a database of the test's own, a copy of the migrated template, and
// drops it when the test ends.
func New(tb testing.TB, options ...Option) *Database {
	tb.Helper()
	cluster := Cluster(tb)
	if err := prepared(); err != nil {
		tb.Fatalf("preparing the tests' database: %v", err)
	}
	d := &Database{Name: "test_" + strconv.FormatInt(number.Add(1), 10), Clock: poatest.NewClock(Start), cluster: cluster, enqueue: InsertJob}
	for _, option := range options {
		option(d)
	}
	if err := making(cluster).execute(tb.Context(), fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s STRATEGY file_copy", d.Name, template)); err != nil {
		tb.Fatalf("making a test's database: %v", err)
	}
	tb.Cleanup(func() { drop(tb, cluster, d.Name) })
	d.URL, d.SuperuserURL = cluster.URL(db.LoginApp, d.Name), cluster.SuperuserURL(d.Name)
	d.superuser.url = d.SuperuserURL
	tb.Cleanup(d.superuser.close)
	d.makeSealer(tb)
	d.DB = d.Open(tb)
	return d
}

var number atomic.Int64

// prepared makes the template once for each test binary.
var prepared = sync.OnceValue(func() error {
	cluster, err := shared()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if err := db.EnsureDatabase(ctx, cluster.SuperuserURL("postgres"), template); err != nil {
		return err
	}
	if err := db.Bootstrap(ctx, cluster.SuperuserURL(template), Logins(cluster)); err != nil {
		return err
	}
	if err := db.Migrate(ctx, cluster.URL(db.LoginMigrate, template)); err != nil {
		return err
	}
	return once(ctx, cluster.SuperuserURL(template), jobsTable)
})

// Logins gives the passwords of the cluster's login roles.
func Logins(c *embedded.Cluster) db.Logins {
	logins := db.Logins{}
	for _, name := range []string{db.LoginMigrate, db.LoginApp, db.LoginRetention, db.LoginAuditor} {
		logins[name] = c.Password(name)
	}
	return logins
}

func drop(tb testing.TB, c *embedded.Cluster, name string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // the test's own is over
	defer cancel()
	if err := dropping(c).execute(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
		tb.Errorf("dropping a test's database: %v", err)
	}
}

func (d *Database) makeSealer(tb testing.TB) {
	tb.Helper()
	store, err := db.NewFolderKeyStore(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	d.KeyStore = store
	if d.Sealer, err = db.NewSealer(store, key('m'), key('h'), d.Clock); err != nil {
		tb.Fatal(err)
	}
}

// key is a fixed key of 32 bytes: tests have nothing to hide.
func key(fill byte) []byte {
	k := make([]byte, 32)
	for i := range k {
		k[i] = fill
	}
	return k
}

// Open opens the database once more, as another process would.
func (d *Database) Open(tb testing.TB) *db.DB {
	tb.Helper()
	store, err := db.Open(tb.Context(), db.Config{URL: d.URL, Sealer: d.Sealer, Enqueue: d.enqueue, Clock: d.Clock, MaxConns: 8})
	if err != nil {
		tb.Fatalf("opening a test's database: %v", err)
	}
	tb.Cleanup(store.Close)
	return store
}

// LoginURL is the URL of one of the cluster's login roles.
func (d *Database) LoginURL(login string) string { return d.cluster.URL(login, d.Name) }

// Exec runs statements as superuser.
func (d *Database) Exec(tb testing.TB, statements ...string) {
	tb.Helper()
	if err := d.superuser.execute(tb.Context(), statements...); err != nil {
		tb.Fatal(err)
	}
}
