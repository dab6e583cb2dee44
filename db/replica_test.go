// SPDX-License-Identifier: Apache-2.0

//go:build unix

package db_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ininjo/db"
	"ininjo/db/dbtest"
	"ininjo/db/embedded"
	"ininjo/poa"
	"ininjo/poa/poatest"
	"ininjo/poa/statuslist"
)

// pair is a PostgreSQL of the test's own with a streaming replica.
type pair struct {
	t       *testing.T
	dir     string
	bin     string
	owner   *syscall.Credential
	primary *embedded.Cluster
	standby string // its folder
}

// newPair starts a primary and copies it, as an operator does, with pg_basebackup.
func newPair(t *testing.T) *pair {
	t.Helper()
	bin, err := embedded.FindBinaries("")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := dbtest.MakeFolder("replica-")
	if err != nil {
		t.Fatal(err)
	}
	p := &pair{t: t, dir: dir, bin: bin, standby: filepath.Join(dir, "standby")}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p.primary, err = embedded.Start(t.Context(), embedded.Config{DataDir: filepath.Join(dir, "primary"), BinDir: bin,
		Settings: map[string]string{"wal_level": "replica", "max_wal_senders": "4", "fsync": "off", "shared_buffers": "32MB"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.primary.Stop(context.WithoutCancel(t.Context())) })
	pg := filepath.Join(dir, "primary", "pg")
	info, err := os.Stat(pg)
	if err != nil {
		t.Fatal(err)
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && os.Getuid() == 0 {
		p.owner = &syscall.Credential{Uid: stat.Uid, Gid: stat.Gid}
	}
	if err := os.WriteFile(filepath.Join(pg, "pg_hba.conf"), []byte("local all all trust\nlocal replication all trust\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.exec(p.primary.SuperuserURL("postgres"), "SELECT pg_reload_conf()")
	if err := os.Mkdir(p.standby, 0o700); err != nil {
		t.Fatal(err)
	}
	if p.owner != nil {
		if err := os.Chown(p.standby, int(p.owner.Uid), int(p.owner.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	u, err := url.Parse(p.primary.SuperuserURL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	p.run("pg_basebackup", "-h", p.socket(u), "-p", p.port(u), "-U", "postgres", "-D", p.standby, "-R", "-X", "stream", "-c", "fast", "--no-sync")
	return p
}

func (p *pair) socket(u *url.URL) string {
	if host := u.Query().Get("host"); host != "" {
		return host
	}
	return u.Hostname()
}

func (p *pair) port(u *url.URL) string {
	if port := u.Query().Get("port"); port != "" {
		return port
	}
	if u.Port() != "" {
		return u.Port()
	}
	return "5432"
}

// run runs one of PostgreSQL's programs as the owner of the data.
func (p *pair) run(name string, args ...string) {
	p.t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(p.t.Context()), filepath.Join(p.bin, name), args...)
	cmd.Dir, cmd.SysProcAttr = p.standby, &syscall.SysProcAttr{Credential: p.owner}
	out, err := os.CreateTemp(p.t.TempDir(), name)
	if err != nil {
		p.t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out // a file: pg_ctl's child would hold a pipe open
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		if log, err := os.ReadFile(filepath.Join(p.standby, "log")); err == nil {
			said = append(said, log...)
		}
		p.t.Fatalf("%s: %v: %s", name, err, said)
	}
}

// start starts the replica, on a socket of its own.
func (p *pair) start() {
	p.t.Helper()
	p.run("pg_ctl", "-D", p.standby, "-l", filepath.Join(p.standby, "log"), "-w", "-o",
		"-c listen_addresses='' -c hot_standby=on -c max_connections=300 -c unix_socket_directories='"+p.standby+"' -c log_min_messages=log", "start")
	p.t.Cleanup(func() {
		cmd := exec.CommandContext(context.WithoutCancel(p.t.Context()), filepath.Join(p.bin, "pg_ctl"), "-D", p.standby, "-m", "immediate", "stop")
		cmd.Dir, cmd.SysProcAttr = p.standby, &syscall.SysProcAttr{Credential: p.owner}
		_ = cmd.Run() // where it was stopped it fails
	})
}

// replicaURL is the replica's as a login.
func (p *pair) replicaURL(login string) string {
	u, err := url.Parse(p.primary.URL(login, "ininjo"))
	if err != nil {
		p.t.Fatal(err)
	}
	q := u.Query()
	port := p.port(u)
	q.Set("host", p.standby)
	q.Set("port", port)
	u.Host, u.RawQuery = "", q.Encode()
	return u.String()
}

func (p *pair) exec(address string, statements ...string) {
	p.t.Helper()
	conn, err := pgx.Connect(p.t.Context(), address)
	if err != nil {
		p.t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(p.t.Context()))
	for _, s := range statements {
		if _, err := conn.Exec(p.t.Context(), s); err != nil {
			p.t.Fatalf("%s: %v", s, err)
		}
	}
}

// world migrates the primary and opens the store on both.
func (p *pair) world() *world {
	t, ctx := p.t, p.t.Context()
	t.Helper()
	super := p.primary.SuperuserURL("ininjo")
	for _, err := range []error{db.EnsureDatabase(ctx, p.primary.SuperuserURL("postgres"), "ininjo"), db.Bootstrap(ctx, super, dbtest.Logins(p.primary)),
		db.Migrate(ctx, p.primary.URL(db.LoginMigrate, "ininjo"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	w := &world{Database: &dbtest.Database{Clock: poatest.NewClock(start), URL: p.primary.URL(db.LoginApp, "ininjo"), SuperuserURL: super}}
	store, err := db.NewFolderKeyStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if w.Sealer, err = db.NewSealer(store, []byte(strings.Repeat("m", 32)), []byte(strings.Repeat("h", 32)), w.Clock); err != nil {
		t.Fatal(err)
	}
	if w.DB, err = db.Open(ctx, db.Config{URL: w.URL, ReplicaURL: p.replicaURL(db.LoginApp), ReplicaWait: 2 * time.Second, Sealer: w.Sealer, Clock: w.Clock, MaxConns: 4}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.DB.Close)
	w.delegator = w.party(t, poa.PartyDelegator)
	return w
}

// where tells which of the two served what f read.
func (w *world) where(f func()) string {
	served, fallen := w.DB.ReplicaReads()
	f()
	nowServed, nowFallen := w.DB.ReplicaReads()
	switch {
	case nowServed > served && nowFallen == fallen:
		return "replica"
	case nowFallen > fallen && nowServed == served:
		return "primary"
	}
	return "both or neither"
}

// listedOnce lists the one delegation of a delegator, and its history.
func (w *world) listedOnce(t *testing.T, d poa.Delegation, version int) {
	t.Helper()
	list, err := w.DB.Delegations(t.Context(), poa.DelegationFilter{DelegatorID: d.DelegatorID, Now: w.Clock.Now()}, poa.Order{}, poa.Page{First: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range list.Items {
		if each.ID == d.ID && each.Version == version {
			if facts := w.facts(t, d.ID); len(facts) != version {
				t.Errorf("%d facts at version %d", len(facts), version)
			}
			return
		}
	}
	t.Errorf("%s is not listed in version %d", d.ID, version)
}

// untilServed waits until reads are served there again.
func (w *world) untilServed(t *testing.T, by string) {
	t.Helper()
	machine := poa.SystemClock{}
	for deadline := machine.Now().Add(30 * time.Second); w.where(func() { w.facts(t, poa.NewDelegationID()) }) != by; {
		if machine.Now().After(deadline) {
			t.Fatalf("reads are not served by the %s", by)
		}
	}
}

// TestReplica reads beside a real streaming replica: what was just written is
// there, and where the replica lags, is away or was promoted, the primary answers.
func TestReplica(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	w := p.world()
	d := w.accepted(t, w.delegator, days(0, 5))
	if by := w.where(func() { w.listedOnce(t, d, 1) }); by != "primary" { // it was not started yet
		t.Errorf("without a replica the %s served", by)
	}
	p.start()
	w.untilServed(t, "replica")
	for range 20 { // each read comes right after a write
		d = w.accepted(t, w.delegator, days(0, 5))
		if by := w.where(func() { w.listedOnce(t, d, 1) }); by != "replica" {
			t.Errorf("the %s served", by)
		}
	}
	if lag, err := w.DB.ReplicaLag(t.Context()); err != nil || lag > time.Second {
		t.Errorf("behind by %v, %v", lag, err)
	}
	signer := newSigner(t)
	if by := w.where(func() {
		if err := w.publishRead(signer, w.readList(t, 100)); err != nil {
			t.Errorf("publishing: %v", err)
		}
	}); by != "replica" {
		t.Errorf("the %s served the list", by)
	}
	w.append(t, d, poa.Fact{Kind: poa.FactRevoked, Stands: true, From: w.Clock.Now()})
	w.Clock.Advance(time.Minute)
	if by := w.where(func() {
		if got := w.readList(t, 100).Entries.At(d.StatusList.Index); got != statuslist.Invalid {
			t.Errorf("revoked, and in the list %s", got)
		}
	}); by != "replica" {
		t.Errorf("the %s served the list", by)
	}

	p.exec(p.replicaURL("postgres"), "SELECT pg_wal_replay_pause()") // it lags
	late := w.accepted(t, w.delegator, days(0, 5))
	if by := w.where(func() { w.listedOnce(t, late, 1) }); by != "primary" && by != "both or neither" {
		t.Errorf("beside a replica that lags the %s served", by)
	}
	if lag, err := w.DB.ReplicaLag(t.Context()); err != nil || lag == 0 {
		t.Errorf("behind by %v, %v", lag, err)
	}
	p.exec(p.replicaURL("postgres"), "SELECT pg_wal_replay_resume()")
	w.untilServed(t, "replica")

	p.run("pg_ctl", "-D", p.standby, "-m", "immediate", "-w", "stop")
	w.listedOnce(t, w.accepted(t, w.delegator, days(0, 5)), 1)
	if _, err := w.DB.ReplicaLag(t.Context()); err == nil {
		t.Error("a replica that is away has a lag")
	}
	p.start()
	w.untilServed(t, "replica")
	p.run("pg_ctl", "-D", p.standby, "-w", "promote")
	for range 5 {
		d = w.accepted(t, w.delegator, days(0, 5))
		w.listedOnce(t, d, 1)
	}
	if by := w.where(func() { w.listedOnce(t, d, 1) }); by != "primary" {
		t.Errorf("beside a replica that was promoted the %s served", by)
	}
	if _, err := w.DB.StatusListToken(t.Context(), 0, 99); !errors.Is(err, poa.ErrNotFound) {
		t.Errorf("a version that is not there: %v", err)
	}
}
