// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"ininjo/db"
	"ininjo/db/dbtest"
)

// ownDatabase is a PostgreSQL of the operator's with an empty database, and what
// has to be given with it.
type ownDatabase struct {
	name, superuser, app, migrate string
	keys, keyStore                string
}

// newOwnDatabase does what operations.md tells the operator to do, on the
// cluster that the tests share.
func newOwnDatabase(t *testing.T) *ownDatabase {
	t.Helper()
	cluster := dbtest.Cluster(t)
	o := &ownDatabase{name: "own_" + strings.ToLower(rand.Text())}
	if err := db.EnsureDatabase(t.Context(), cluster.SuperuserURL("postgres"), o.name); err != nil {
		t.Fatal(err)
	}
	o.superuser, o.app, o.migrate = cluster.SuperuserURL(o.name), cluster.URL(db.LoginApp, o.name), cluster.URL(db.LoginMigrate, o.name)
	if err := db.Bootstrap(t.Context(), o.superuser, dbtest.Logins(cluster)); err != nil {
		t.Fatal(err)
	}
	o.keys, o.keyStore = t.TempDir(), t.TempDir()
	makeKeysByHand(t, o.keys)
	return o
}

// makeKeysByHand follows operations.md.
func makeKeysByHand(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"master.key", "hash.key"} {
		key := make([]byte, 32)
		rand.Read(key)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(base64.StdEncoding.EncodeToString(key)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", filepath.Join(dir, "receipt.pem")).CombinedOutput()
	if err != nil {
		t.Fatalf("openssl: %v: %s", err, out)
	}
	if out, err := exec.Command("openssl", "genpkey", "-algorithm", "ed25519", "-out", filepath.Join(dir, "webhook.pem")).CombinedOutput(); err != nil {
		t.Fatalf("openssl: %v: %s", err, out)
	}
}

// args are what every process on the database is given.
func (o *ownDatabase) args(t *testing.T) []string {
	return []string{"--database-url", o.app, "--migrate-database-url", o.migrate, "--keys", o.keys, "--key-store", o.keyStore, "--data-dir", freshHome(t)}
}

// ask reads one value as superuser.
func (o *ownDatabase) ask(t *testing.T, query string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), o.superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var value string
	if err := conn.QueryRow(t.Context(), query).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// change publishes a change and waits until a leader has numbered it.
func (o *ownDatabase) change(t *testing.T) {
	t.Helper()
	id := o.ask(t, `INSERT INTO outbox (type, version, status, at) VALUES ('service.announcement', 0, '', now()) RETURNING id::text`)
	await(t, "somebody numbers the change", func() bool {
		return o.ask(t, "SELECT (numbered_at IS NOT NULL)::text FROM outbox WHERE id = "+id) == "true"
	})
}

// TestDatabaseURL runs processes on a PostgreSQL of the operator's.
func TestDatabaseURL(t *testing.T) {
	t.Parallel()
	o := newOwnDatabase(t)
	// Two at once on an empty database: both migrate.
	first := launch(t, nil, append([]string{"serve", "--addr", "127.0.0.1:0"}, o.args(t)...)...)
	second := launch(t, nil, append([]string{"serve", "--addr", "127.0.0.1:0"}, o.args(t)...)...)
	for _, p := range []*program{first, second} {
		base := p.line(t, "http://")
		if status, body := fetch(t, base+"/readyz"); status != 200 {
			t.Errorf("%s answered %d %s", base, status, body)
		}
		if strings.Contains(p.stderr.String(), "one database URL for all") {
			t.Error("warned though the logins differ")
		}
	}
	if owner := o.ask(t, "SELECT tableowner FROM pg_tables WHERE tablename = 'outbox'"); owner != db.RoleOwner {
		t.Errorf("tables belong to %s", owner)
	}
	o.change(t)
	first.stop(t)
	o.change(t)
	third, _ := serving(t, nil, o.args(t)...)
	second.signal(t, syscall.SIGKILL) // which led: nobody else did
	second.status(t, patience)
	o.change(t)
	t.Run("work beside serve", func(t *testing.T) {
		worker := launch(t, nil, append([]string{"work", "--public-url", "https://ininjo.example.jp"}, o.args(t)...)...)
		worker.line(t, "working")
		third.stop(t)
		o.change(t)
		worker.stop(t)
	})
	if got := o.ask(t, "SELECT string_agg(DISTINCT action, ' ' ORDER BY action) FROM audit_events WHERE action LIKE 'service.st%'"); got != "service.start service.stop" {
		t.Errorf("the audit log holds %q", got)
	}
}

// TestDatabaseURLRefusals covers what must be given with a database of one's
// own, and given rightly.
func TestDatabaseURLRefusals(t *testing.T) {
	t.Parallel()
	o := newOwnDatabase(t)
	wantText(t, succeed(t, nil, "migrate", "--database-url", o.app, "--migrate-database-url", o.migrate, "--data-dir", freshHome(t)), "up to date")
	p, _ := serving(t, nil, o.args(t)...)
	p.stop(t)
	without := func(name string) []string {
		args := append([]string{"serve", "--addr", "127.0.0.1:0"}, o.args(t)...)
		for i, arg := range args {
			if arg == name {
				return append(args[:i:i], args[i+2:]...)
			}
		}
		t.Fatalf("no %s", name)
		return nil
	}
	with := func(name, value string) []string { return append(without(name), name, value) }
	other, part := t.TempDir(), t.TempDir()
	makeKeysByHand(t, other)
	for _, name := range []string{"master.key", "hash.key", "receipt.pem", "webhook.pem"} {
		if text, err := os.ReadFile(filepath.Join(o.keys, name)); err != nil || os.WriteFile(filepath.Join(part, name), text, 0o600) != nil {
			t.Fatal(err)
		}
	}
	theirs, err := os.ReadFile(filepath.Join(other, "hash.key"))
	if err != nil || os.WriteFile(filepath.Join(part, "hash.key"), theirs, 0o600) != nil {
		t.Fatal(err)
	}
	secret := "sehr-geheim"
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"no keys":                {without("--keys"), []string{"--keys and --key-store must be given"}},
		"no key store":           {without("--key-store"), []string{"--keys and --key-store must be given"}},
		"an empty key folder":    {with("--keys", t.TempDir()), []string{"reading key", "master.key", "--keys names a folder"}},
		"other keys":             {with("--keys", other), []string{`key "master"`, "not the one that this database was set up with"}},
		"another key for hashes": {with("--keys", part), []string{`key "hash"`, "not the one that this database was set up with"}},
		"no URL":                 {with("--database-url", "://"+secret), []string{"not a PostgreSQL URL"}},
		"nobody there":           {with("--migrate-database-url", "postgres://x:"+secret+"@127.0.0.1:1/x"), []string{"preparing database", "cannot be reached"}},
		"a login that may not":   {with("--migrate-database-url", o.app), []string{"migrating", db.RoleOwner}},
		"work alone":             {[]string{"work", "--data-dir", freshHome(t)}, []string{"work runs beside serve"}},
		"half of the URLs":       {[]string{"serve", "--migrate-database-url", o.migrate, "--data-dir", freshHome(t)}, []string{"goes with --database-url"}},
		"a public address with a path": {append(without("--data-dir"), "--data-dir", freshHome(t), "--public-url", "https://example.jp/ininjo"),
			[]string{"--public-url"}},
	} {
		t.Run(name, func(t *testing.T) {
			said := refused(t, nil, c.args...)
			wantText(t, said, c.want...)
			if strings.Contains(said, secret) {
				t.Errorf("the message quotes a secret: %s", said)
			}
		})
	}
	t.Run("one URL for all warns", func(t *testing.T) {
		args := without("--migrate-database-url")
		for i := range args {
			if args[i] == "--database-url" {
				args[i+1] = o.migrate
			}
		}
		one := launch(t, nil, args...)
		one.line(t, "http://")
		wantText(t, one.stderr.String(), "one database URL for all", "--migrate-database-url")
		one.stop(t)
	})
}
