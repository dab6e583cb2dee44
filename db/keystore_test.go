// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"ininjo/db"
	"ininjo/db/dbtest"
	"ininjo/poa"
	"ininjo/poa/poatest"
)

// emptyDatabase makes a database with nothing in it on the tests' cluster.
func emptyDatabase(tb testing.TB) string {
	tb.Helper()
	cluster := dbtest.Cluster(tb)
	name := "keys_" + strings.ToLower(rand.Text())
	if err := db.EnsureDatabase(tb.Context(), cluster.SuperuserURL("postgres"), name); err != nil {
		tb.Fatal(err)
	}
	return cluster.SuperuserURL(name)
}

func openKeyDatabase(tb testing.TB, url string) *db.DatabaseKeyStore {
	tb.Helper()
	store, err := db.NewDatabaseKeyStore(tb.Context(), url, poatest.NewClock(dbtest.Start))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(store.Close)
	return store
}

// keyStores makes an empty key store of each kind. What is returned opens it,
// again and again, as several processes do.
var keyStores = map[string]func(testing.TB) func() db.KeyStore{
	"folder": func(tb testing.TB) func() db.KeyStore {
		dir := tb.TempDir()
		return func() db.KeyStore {
			store, err := db.NewFolderKeyStore(dir)
			if err != nil {
				tb.Fatal(err)
			}
			return store
		}
	},
	"database": func(tb testing.TB) func() db.KeyStore {
		url := emptyDatabase(tb)
		return func() db.KeyStore { return openKeyDatabase(tb, url) }
	},
}

// forEachKeyStore runs a test on every kind of key store.
func forEachKeyStore(t *testing.T, test func(*testing.T, func() db.KeyStore)) {
	t.Helper()
	for name, fresh := range keyStores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, fresh(t))
		})
	}
}

func TestKeyStoreKeepsTheFirst(t *testing.T) {
	t.Parallel()
	forEachKeyStore(t, func(t *testing.T, open func() db.KeyStore) {
		one, other := open(), open()
		subject, twin := db.Subject{Class: db.ClassAccount, ID: "dgr_1"}, db.Subject{Class: db.ClassAudit, ID: "dgr_1"}
		if key, err := one.Get(t.Context(), subject); err == nil || errors.Is(err, db.ErrErased) || key != nil {
			t.Errorf("an empty store holds %x, %v", key, err)
		}
		if err := errors.Join(one.Put(t.Context(), subject, []byte("first")), other.Put(t.Context(), subject, []byte("second")), other.Put(t.Context(), twin, []byte("twin"))); err != nil {
			t.Fatal(err)
		}
		for _, store := range []db.KeyStore{one, other, open()} {
			if key, err := store.Get(t.Context(), subject); err != nil || string(key) != "first" {
				t.Errorf("got %q, %v", key, err)
			}
			if key, err := store.Get(t.Context(), twin); err != nil || string(key) != "twin" {
				t.Errorf("got %q, %v", key, err)
			}
		}
	})
}

func TestDestroyedKeyNeverComesBack(t *testing.T) {
	t.Parallel()
	forEachKeyStore(t, func(t *testing.T, open func() db.KeyStore) {
		store, kept := open(), db.Subject{Class: db.ClassAccount, ID: "kept"}
		if err := store.Put(t.Context(), kept, []byte("kept")); err != nil {
			t.Fatal(err)
		}
		for _, subject := range []db.Subject{{Class: db.ClassAccount, ID: "had a key"}, {Class: db.ClassAccount, ID: "had none"}} {
			if subject.ID == "had a key" {
				if err := store.Put(t.Context(), subject, []byte("x")); err != nil {
					t.Fatal(err)
				}
			}
			if err := errors.Join(store.Destroy(t.Context(), subject), open().Destroy(t.Context(), subject)); err != nil {
				t.Fatal(err)
			}
			if key, err := open().Get(t.Context(), subject); !errors.Is(err, db.ErrErased) || key != nil {
				t.Errorf("%s: got %q, %v", subject.ID, key, err)
			}
			if err := open().Put(t.Context(), subject, []byte("y")); !errors.Is(err, db.ErrErased) {
				t.Errorf("%s: the key came back: %v", subject.ID, err)
			}
		}
		if key, err := store.Get(t.Context(), kept); err != nil || string(key) != "kept" {
			t.Errorf("another's key: %q, %v", key, err)
		}
	})
}

func TestDestroyedKeyErases(t *testing.T) {
	t.Parallel()
	forEachKeyStore(t, func(t *testing.T, open func() db.KeyStore) {
		s, other := sealerOn(t, open(), 1), sealerOn(t, open(), 1)
		subject := db.Subject{Class: db.ClassAccount, ID: "dgr_1"}
		if _, err := s.Seal(t.Context(), subject, "t", "c", "r", nil); err == nil {
			t.Error("sealed without a key")
		}
		if err := s.Create(t.Context(), subject); err != nil {
			t.Fatal(err)
		}
		sealed, err := s.Seal(t.Context(), subject, "t", "c", "r", []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := s.Destroy(t.Context(), subject); err != nil {
				t.Fatal(err)
			}
		}
		for _, sealer := range []*db.Sealer{s, other} {
			if _, err := sealer.Open(t.Context(), subject, "t", "c", "r", sealed); !errors.Is(err, db.ErrErased) {
				t.Errorf("got %v", err)
			}
			if err := sealer.Create(t.Context(), subject); !errors.Is(err, db.ErrErased) {
				t.Errorf("the key came back: %v", err)
			}
		}
	})
}

func TestConcurrentCreateGivesOneKey(t *testing.T) {
	t.Parallel()
	forEachKeyStore(t, func(t *testing.T, open func() db.KeyStore) {
		subject := db.Subject{Class: db.ClassDelegation, ID: "D"}
		sealers := make([]*db.Sealer, 4)
		sealed := make([][]byte, len(sealers))
		var wg sync.WaitGroup
		for i := range sealers {
			sealers[i] = sealerOn(t, open(), 1)
		}
		for i, s := range sealers {
			wg.Go(func() {
				err := s.Create(context.WithoutCancel(t.Context()), subject)
				if err == nil {
					sealed[i], err = s.Seal(t.Context(), subject, "t", "c", "r", []byte{byte(i)})
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for i := range sealed {
			if plain, err := sealers[0].Open(t.Context(), subject, "t", "c", "r", sealed[i]); err != nil || plain[0] != byte(i) {
				t.Errorf("sealer %d: %v", i, err)
			}
		}
	})
}

// TestKeyDatabase covers what only a database can get wrong.
func TestKeyDatabase(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	store := openKeyDatabase(t, url)
	subject := db.Subject{Class: db.ClassAccount, ID: "dgr_1"}
	if err := sealerOn(t, store, 1).Create(t.Context(), subject); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	t.Run("the key is wrapped and the subject hashed", func(t *testing.T) {
		var text string
		var wrapped []byte
		if err := conn.QueryRow(t.Context(), "SELECT k::text, wrapped FROM wrapped_keys k").Scan(&text, &wrapped); err != nil {
			t.Fatal(err)
		}
		if len(wrapped) != 12+32+16 || strings.Contains(text, "dgr_1") || bytes.Contains([]byte(text), []byte("64677231")) {
			t.Errorf("the row is %s", text)
		}
	})
	t.Run("a destroyed key leaves nothing but its time", func(t *testing.T) {
		if err := store.Destroy(t.Context(), subject); err != nil {
			t.Fatal(err)
		}
		var destroyed bool
		if err := conn.QueryRow(t.Context(), "SELECT wrapped IS NULL AND destroyed_at = $1 FROM wrapped_keys", dbtest.Start).Scan(&destroyed); err != nil || !destroyed {
			t.Errorf("%v, %v", destroyed, err)
		}
	})
	t.Run("a login without rights beyond the table", func(t *testing.T) {
		role := "keys_" + strings.ToLower(rand.Text())
		if _, err := conn.Exec(t.Context(), "CREATE ROLE "+role+" LOGIN PASSWORD 'p'; REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT SELECT, INSERT, UPDATE ON wrapped_keys TO "+role); err != nil {
			t.Fatal(err)
		}
		config := conn.Config()
		small := openKeyDatabase(t, "host='"+config.Host+"' port="+portOf(config)+" user="+role+" password=p dbname="+config.Database)
		if err := small.Put(t.Context(), db.Subject{Class: db.ClassAccount, ID: "2"}, []byte("k")); err != nil {
			t.Error(err)
		}
	})
}

func TestKeyDatabaseIsMadeOnce(t *testing.T) {
	t.Parallel()
	url, clock := emptyDatabase(t), poatest.NewClock(dbtest.Start)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			store, err := db.NewDatabaseKeyStore(t.Context(), url, clock)
			if err != nil {
				t.Error(err)
				return
			}
			store.Close()
		})
	}
	wg.Wait()
}

func TestKeyStoreIsApart(t *testing.T) {
	t.Parallel()
	data, keys := dbtest.New(t), emptyDatabase(t)
	if same, err := db.KeyStoreApart(t.Context(), keys, data.URL); err != nil || !same {
		t.Errorf("another database of the same server: %v, %v", same, err)
	}
	if _, err := db.KeyStoreApart(t.Context(), data.SuperuserURL, data.URL); err == nil || !strings.Contains(err.Error(), "holds the data") {
		t.Errorf("the data's own database: %v", err)
	}
}

func TestKeyDatabaseErrorsKeepThePassword(t *testing.T) {
	t.Parallel()
	const secret = "sehr-geheim"
	for name, url := range map[string]string{"nobody there": "postgres://x:" + secret + "@127.0.0.1:1/x", "no URL": "postgres://x:" + secret + "@127.0.0.1:port/x"} {
		_, opened := db.NewDatabaseKeyStore(t.Context(), url, poatest.NewClock(dbtest.Start))
		_, compared := db.KeyStoreApart(t.Context(), url, url)
		for _, err := range []error{opened, compared} {
			if err == nil || strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if name == "nobody there" && poa.CodeOf(opened) != poa.CodeUnavailable {
			t.Errorf("code %s", poa.CodeOf(opened))
		}
	}
}

func portOf(config *pgx.ConnConfig) string { return strconv.Itoa(int(config.Port)) }
