// SPDX-License-Identifier: Apache-2.0

package measure_test

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ininjo/db"
	"ininjo/db/dbtest"
	"ininjo/db/embedded"
	"ininjo/poa"
	"ininjo/poa/receipt"
)

// databaseName is that of the cluster's one database.
const databaseName = "ininjo"

// world is a durable PostgreSQL with delegations, and what a program on it needs.
// It lies in a folder and is there again for the next run.
type world struct {
	dir      string
	cluster  *embedded.Cluster
	postgres int
	asked
	token string
}

// folder is where databases are kept between runs.
func folder() string {
	if dir := os.Getenv("ININJO_BENCH_DIR"); dir != "" {
		return dir
	}
	return filepath.Join(os.TempDir(), "ininjo-bench")
}

// openWorld starts the database with so many delegations and fills it at its
// first use.
func openWorld(tb testing.TB, delegations int) *world {
	tb.Helper()
	w := &world{dir: filepath.Join(folder(), strconv.Itoa(delegations))}
	must(tb, os.MkdirAll(w.dir, 0o755))
	if _, err := os.Stat(w.marker()); err != nil {
		must(tb, os.RemoveAll(filepath.Join(w.dir, "pg"))) // what is left of one that was cut off
		w.start(tb, loadSettings)
		w.prepare(tb)
		progress("loading %d delegations into %s", delegations, w.dir)
		w.load(tb, delegations)
		must(tb, w.cluster.Stop(context.Background()))
		must(tb, os.WriteFile(w.marker(), nil, 0o600))
		progress("loaded")
	}
	w.start(tb, delayed(commitDelay(tb), runSettings))
	tb.Cleanup(func() { _ = w.cluster.Stop(context.Background()) })
	w.postgres = postmaster(tb, w.dir)
	w.prepare(tb)
	w.makeKeys(tb)
	w.fill(tb, delegations)
	return w
}

// marker is there once all delegations are.
func (w *world) marker() string { return filepath.Join(w.dir, "loaded") }

// loadSettings make loading fast: what a power cut leaves of it is loaded anew.
var loadSettings = map[string]string{"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_wal_size": "4GB",
	"shared_buffers": "1GB", "maintenance_work_mem": "512MB", "work_mem": "512MB", "wal_level": "minimal", "max_wal_senders": "0"}

// runSettings are what docs/operations.md recommends where many ask.
var runSettings = map[string]string{"max_wal_size": "8GB", "min_wal_size": "8GB", "checkpoint_timeout": "15min", "shared_buffers": "2GB", "bgwriter_lru_maxpages": "1000"}

// start starts the cluster.
func (w *world) start(tb testing.TB, settings map[string]string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 2*time.Minute)
	defer cancel()
	var err error
	w.cluster, err = embedded.Start(ctx, embedded.Config{DataDir: w.dir, Settings: settings})
	must(tb, err)
}

// prepare makes the database and brings it up to date.
func (w *world) prepare(tb testing.TB) {
	tb.Helper()
	ctx := tb.Context()
	must(tb, db.EnsureDatabase(ctx, w.cluster.SuperuserURL("postgres"), databaseName))
	must(tb, db.Bootstrap(ctx, w.cluster.SuperuserURL(databaseName), dbtest.Logins(w.cluster)))
	must(tb, db.Migrate(ctx, w.cluster.URL(db.LoginMigrate, databaseName)))
}

func postmaster(tb testing.TB, dir string) int {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "pg", "postmaster.pid"))
	must(tb, err)
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	must(tb, err)
	return pid
}

func (w *world) url() string { return w.cluster.SuperuserURL(databaseName) }

// exec runs statements as superuser.
func (w *world) exec(tb testing.TB, statements ...string) {
	tb.Helper()
	conn, err := pgx.Connect(context.Background(), w.url())
	must(tb, err)
	defer conn.Close(context.Background())
	for _, statement := range statements {
		_, err := conn.Exec(context.Background(), statement)
		must(tb, err)
	}
}

// count reads one number.
func (w *world) count(tb testing.TB, query string) (n int) {
	tb.Helper()
	conn, err := pgx.Connect(context.Background(), w.url())
	must(tb, err)
	defer conn.Close(context.Background())
	must(tb, conn.QueryRow(context.Background(), query).Scan(&n))
	return n
}

// makeKeys makes those of the program's keys that an earlier run did not: all of
// them, so that receipts are signed and the audit log is sealed as anywhere else.
func (w *world) makeKeys(tb testing.TB) {
	tb.Helper()
	dir := filepath.Join(w.dir, "keys")
	must(tb, os.MkdirAll(dir, 0o700))
	for name, text := range map[string]func() []byte{
		"master.key": secret, "hash.key": secret,
		"receipt.pem": func() []byte {
			private, err := receipt.GenerateKey(rand.Reader)
			must(tb, err)
			text, err := receipt.MarshalPrivatePEM(private)
			must(tb, err)
			return text
		},
		"webhook.pem": func() []byte { return signingKey(tb) }, "checkpoint.pem": func() []byte { return signingKey(tb) },
	} {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err != nil {
			must(tb, os.WriteFile(path, text(), 0o600))
		}
	}
}

func secret() []byte {
	key := make([]byte, 32)
	rand.Read(key)
	return []byte(base64.StdEncoding.EncodeToString(key) + "\n")
}

func signingKey(tb testing.TB) []byte {
	tb.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	must(tb, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	must(tb, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// binary is the program, built as its operator builds it.
var binary = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(folder(), "bin")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "ininjo")
	if out, err := exec.Command("go", "build", "-o", path, "ininjo/server").CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the program: %w: %s", err, out)
	}
	return path, nil
})

// contestant is a server process that is measured.
type contestant struct {
	cmd  *exec.Cmd
	base string
}

// start runs a process and returns once it said its address.
func start(tb testing.TB, environ []string, path string, args ...string) *contestant {
	tb.Helper()
	c := &contestant{cmd: exec.Command(path, args...)}
	c.cmd.Env = append(os.Environ(), environ...)
	log, err := os.CreateTemp(tb.TempDir(), "log-")
	must(tb, err)
	c.cmd.Stderr = log
	out, err := c.cmd.StdoutPipe()
	must(tb, err)
	must(tb, startTied(tb, c.cmd))
	tb.Cleanup(func() {
		_ = c.cmd.Process.Signal(syscall.SIGCONT)
		_ = c.cmd.Process.Signal(syscall.SIGTERM)
		_ = errors.Join(c.cmd.Wait(), log.Close())
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if at := strings.Index(lines.Text(), "http://"); at >= 0 {
			c.base, _, _ = strings.Cut(lines.Text()[at:], " ")
			c.base = strings.TrimSuffix(c.base, "/")
			go func() {
				for lines.Scan() { // what it prints on is not held
				}
			}()
			return c
		}
	}
	text, _ := os.ReadFile(log.Name())
	tb.Fatalf("%v ended before it served: %s", args, text)
	return nil
}

// startTied starts a process that goes with this one, however this one ends. The
// kernel ties it to the thread that made it, which is kept for as long.
func startTied(tb testing.TB, cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started, over := make(chan error), make(chan struct{})
	tb.Cleanup(func() { close(over) })
	go func() {
		runtime.LockOSThread()
		started <- cmd.Start()
		<-over
	}()
	return <-started
}

// ininjo starts the program on the world's database.
func (w *world) ininjo(tb testing.TB, environ ...string) *contestant {
	tb.Helper()
	path, err := binary()
	must(tb, err)
	data, err := os.MkdirTemp(tb.TempDir(), "data-")
	must(tb, err)
	keyStore := filepath.Join(w.dir, "key-store")
	must(tb, os.MkdirAll(keyStore, 0o700))
	return start(tb, environ, path, "serve", "--addr", "127.0.0.1:0", "--data-dir", data,
		"--database-url", w.cluster.URL(db.LoginApp, databaseName), "--migrate-database-url", w.cluster.URL(db.LoginMigrate, databaseName),
		"--keys", filepath.Join(w.dir, "keys"), "--key-store", keyStore,
		"--token-rate", "1000000000", "--unknown-rate", "0") // counted and told, and never reached
}

// floor starts the floor on the world's database.
func (w *world) floor(tb testing.TB, environ ...string) *contestant {
	tb.Helper()
	path, err := os.Executable()
	must(tb, err)
	return start(tb, append(environ, floorVariable+"="+w.cluster.URL(db.LoginApp, databaseName)), path)
}

// halt lets a process stand still while another one is measured, and carry on.
func (c *contestant) halt(tb testing.TB, halted bool) {
	tb.Helper()
	s := syscall.SIGCONT
	if halted {
		s = syscall.SIGSTOP
	}
	must(tb, c.cmd.Process.Signal(s))
}

// newToken gives the recipient of the benchmarks a token.
func (w *world) newToken(tb testing.TB) {
	tb.Helper()
	text, hash := poa.NewSecret("inj_live")
	w.token = text
	w.exec(tb, fmt.Sprintf(`INSERT INTO api_tokens (id, account_id, party_id, kind, sealed, hash, scope, created_at, expires_at)
		VALUES ('%s', 'acc_bench', 'rcp_bench', 'RECIPIENT', '\x00', '\x%s', 'VALIDITY', now() - interval '1 day', now() + interval '10 days')`,
		poa.NewID("tok_"), hex.EncodeToString(hash[:])))
}
