// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"ininjo/db"
	"ininjo/db/dbtest"
	"ininjo/poa"
	"ininjo/poa/poatest"
)

// TestSeveralProcessesSetUpAtOnce has four of them make roles and tables in one
// fresh database.
func TestSeveralProcessesSetUpAtOnce(t *testing.T) {
	t.Parallel()
	c := dbtest.Cluster(t)
	dbtest.New(t) // the login roles are there
	const name = "several_at_once"
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := db.EnsureDatabase(t.Context(), c.SuperuserURL("postgres"), name); err != nil {
				t.Error(err)
				return
			}
			if err := db.Bootstrap(t.Context(), c.SuperuserURL(name), dbtest.Logins(c)); err != nil {
				t.Error(err)
				return
			}
			if err := db.Migrate(t.Context(), c.URL(db.LoginMigrate, name)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	conn, err := pgx.Connect(t.Context(), c.SuperuserURL(name))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	var foreign, river int
	err = conn.QueryRow(t.Context(), `SELECT
		count(*) FILTER (WHERE relnamespace = 'public'::regnamespace AND relowner <> 'ininjo_owner'::regrole),
		count(*) FILTER (WHERE relnamespace = 'river'::regnamespace AND relowner = 'ininjo_program'::regrole)
		FROM pg_class WHERE relkind IN ('r', 'p')`).Scan(&foreign, &river)
	if err != nil || foreign != 0 || river < 4 {
		t.Errorf("%v, %d tables of another owner, %d of River's", err, foreign, river)
	}
}

// TestDatabasesOfOneClusterSetUpAtOnce has those of several databases change the
// roles, which are the same, again and again.
func TestDatabasesOfOneClusterSetUpAtOnce(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for range 4 {
		d := dbtest.New(t)
		wg.Go(func() {
			for range 25 {
				if err := db.Bootstrap(t.Context(), d.SuperuserURL, dbtest.Logins(dbtest.Cluster(t))); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestBootstrapSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	d.Exec(t, "DROP SCHEMA river CASCADE", "REVOKE CREATE ON SCHEMA public FROM ininjo_owner")
	err := db.Bootstrap(t.Context(), d.URL, nil)
	if err == nil || !strings.Contains(err.Error(), "CREATE ROLE") || !strings.Contains(err.Error(), "superuser") {
		t.Errorf("got %v", err)
	}
	if err := db.Migrate(t.Context(), d.URL); err == nil || !strings.Contains(err.Error(), "ininjo_owner") {
		t.Errorf("the program's login migrates: %v", err)
	}
	if err := db.Bootstrap(t.Context(), d.SuperuserURL, nil); err != nil {
		t.Error(err)
	}
	if err := db.Bootstrap(t.Context(), d.URL, nil); err != nil {
		t.Errorf("all is there, and yet: %v", err)
	}
}

func TestOpenTakesTheProgramsRole(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	store, err := db.Open(t.Context(), db.Config{URL: d.SuperuserURL, Sealer: d.Sealer, Clock: poatest.NewClock(dbtest.Start)})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var role, zone string
	if err := store.Pool().QueryRow(t.Context(), "SELECT current_user, current_setting('TimeZone')").Scan(&role, &zone); err != nil || role != db.RoleProgram || zone != "UTC" {
		t.Errorf("%v, role %s, zone %s", err, role, zone)
	}
}

func TestOpenTellsNoPassword(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	for _, url := range []string{"postgres://app:geheim@[::1", "postgres://app:geheim@127.0.0.1:1/x?connect_timeout=2"} {
		_, err := db.Open(t.Context(), db.Config{URL: url, Sealer: d.Sealer, Clock: d.Clock})
		if err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("got %v", err)
		}
		if strings.Contains(url, "127") && poa.CodeOf(err) != poa.CodeUnavailable {
			t.Errorf("got %v", err)
		}
	}
}
