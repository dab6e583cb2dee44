// SPDX-License-Identifier: Apache-2.0

package outside_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
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
)

// killRounds is how often something is killed in task test; ININJO_KILLS is read
// by the longer runs.
const killRounds = 5

// killChanges is how many changes are committed while that happens.
const killChanges = 10_000

// ledger is the receiver in the test's own process: it keeps every notice by its
// number, and holds that a number has one webhook-id and one change.
type ledger struct {
	mu     sync.Mutex
	by     map[int64]entry
	known  map[string]bool // changes
	faults []string
	more   chan struct{}
	twice  int
}

type entry struct{ id, change string }

func (l *ledger) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	var hook poa.WebhookBody
	if body, err := io.ReadAll(r.Body); err != nil || json.Unmarshal(body, &hook) != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	e := entry{r.Header.Get("Webhook-Id"), strconv.Itoa(hook.Data.Version)}
	switch former, known := l.by[hook.Data.Sequence]; {
	case !known:
		if l.known[e.change] {
			l.faults = append(l.faults, fmt.Sprintf("change %s has a second number, %d", e.change, hook.Data.Sequence))
		}
		l.by[hook.Data.Sequence], l.known[e.change] = e, true
	case former != e:
		l.faults = append(l.faults, fmt.Sprintf("number %d came as %v and as %v", hook.Data.Sequence, former, e))
	default:
		l.twice++
	}
	if hook.Data.Previous != hook.Data.Sequence-1 {
		l.faults = append(l.faults, fmt.Sprintf("number %d follows %d", hook.Data.Sequence, hook.Data.Previous))
	}
	select {
	case l.more <- struct{}{}:
	default:
	}
}

// missing says which of the committed changes did not arrive, and which numbers
// are left out, the first of each.
func (l *ledger) missing(committed map[string]bool) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for change := range committed {
		if !l.known[change] {
			return fmt.Sprintf("change %s of %d did not arrive (%d did)", change, len(committed), len(l.known))
		}
	}
	for n := int64(1); n <= int64(len(l.by)); n++ {
		if _, ok := l.by[n]; !ok {
			return fmt.Sprintf("number %d of %d is left out", n, len(l.by))
		}
	}
	return ""
}

// disaster is a PostgreSQL and a program that are killed and started again.
type disaster struct {
	folder  string
	cluster *embedded.Cluster
	task    killTask
	program *exec.Cmd
	stdin   io.WriteCloser
	// over is closed once the program has ended.
	over chan struct{}

	mu        sync.Mutex
	committed map[string]bool
	reading   sync.WaitGroup
}

func (d *disaster) startDatabase(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var err error
	if d.cluster, err = embedded.Start(ctx, embedded.Config{DataDir: d.folder}); err != nil {
		t.Fatalf("starting PostgreSQL: %v", err)
	}
	d.task.URL = d.cluster.URL(db.LoginApp, "ininjo")
}

func (d *disaster) killDatabase(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(d.folder, "pg", "postmaster.pid"))
	must(t, err)
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	must(t, err)
	must(t, syscall.Kill(pid, syscall.SIGKILL))
	<-d.cluster.Done()
	_ = d.cluster.Stop(context.Background()) // it is gone: this lets go of the folder
}

// startProgram runs this test's binary as the program. It commits changes and
// tells each that was acknowledged.
func (d *disaster) startProgram(t *testing.T) {
	t.Helper()
	d.task.First += 1_000_000 // the numbers of changes of each life are its own
	task, err := json.Marshal(d.task)
	must(t, err)
	d.program = exec.Command(os.Args[0])
	d.program.Env = append(os.Environ(), killVariable+"="+string(task))
	d.program.Stderr = os.Stderr
	stdout, err := d.program.StdoutPipe()
	must(t, err)
	d.stdin, err = d.program.StdinPipe()
	must(t, err)
	must(t, d.program.Start())
	over := make(chan struct{})
	d.over = over
	d.reading.Go(func() {
		defer close(over)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			d.mu.Lock()
			d.committed[lines.Text()] = true
			d.mu.Unlock()
		}
	})
}

func (d *disaster) killProgram() {
	_ = d.program.Process.Kill()
	d.reading.Wait()
	_ = d.program.Wait()
}

// revive starts a program again that ended because PostgreSQL was killed while it
// started, as its operator's supervisor does.
func (d *disaster) revive(t *testing.T) {
	t.Helper()
	select {
	case <-d.over:
	default:
		return
	}
	_ = d.program.Wait()
	if code := d.program.ProcessState.ExitCode(); code != 1 {
		t.Fatalf("the program ended by itself: %v", d.program.ProcessState)
	}
	d.startProgram(t)
}

// startWithoutDatabase starts a program that finds no PostgreSQL and ends, so that
// there is one to revive.
func (d *disaster) startWithoutDatabase(t *testing.T) {
	t.Helper()
	d.killDatabase(t)
	d.startProgram(t)
	select {
	case <-d.over:
	case <-time.After(time.Minute):
		t.Fatal("the program goes on without PostgreSQL")
	}
	d.startDatabase(t)
}

func (d *disaster) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.committed)
}

// Program and PostgreSQL are killed at random moments while changes are
// committed: every change that was acknowledged arrives, in one sequence without
// a gap; what arrives twice carries the same webhook-id.
func TestKilledNotices(t *testing.T) {
	t.Parallel()
	rounds := killRounds
	if text := os.Getenv("ININJO_KILLS"); text != "" {
		var err error
		rounds, err = strconv.Atoi(text)
		must(t, err)
	}
	l := &ledger{by: map[int64]entry{}, known: map[string]bool{}, more: make(chan struct{}, 1)}
	receiver := httptest.NewServer(l)
	t.Cleanup(receiver.Close)
	d := newDisaster(t, receiver)
	d.startWithoutDatabase(t)
	for round := range rounds {
		until := killChanges * (round + 1) / (rounds + 1) // spread over all changes, at a moment by chance
		d.waitFor(t, l, until)
		<-time.After(time.Duration(rand.IntN(300)) * time.Millisecond)
		what := rand.IntN(3)
		if what != 1 {
			d.killProgram()
		}
		if what != 0 {
			d.killDatabase(t)
			d.startDatabase(t)
		}
		if what != 1 {
			d.startProgram(t)
		}
	}
	d.waitFor(t, l, killChanges)
	must(t, d.stdin.Close()) // no further changes
	d.everythingArrives(t, l)
	d.killProgram()
	t.Logf("%d kills, %d changes acknowledged, %d numbers, %d arrived twice; %s", rounds, d.count(), len(l.by), l.twice, d.settings(t))
	must(t, d.cluster.Stop(context.Background()))
}

// waitFor waits until so many changes were acknowledged.
func (d *disaster) waitFor(t *testing.T, l *ledger, changes int) {
	t.Helper()
	tick, end := time.NewTicker(5*time.Millisecond), time.After(2*time.Minute)
	defer tick.Stop()
	for d.count() < changes {
		select {
		case <-tick.C:
			d.revive(t)
		case <-end:
			t.Fatalf("%d of %d changes were acknowledged", d.count(), changes)
		}
	}
}

func (d *disaster) everythingArrives(t *testing.T, l *ledger) {
	t.Helper()
	tick, end := time.NewTicker(20*time.Millisecond), time.After(2*time.Minute)
	defer tick.Stop()
	for {
		d.mu.Lock()
		missing := l.missing(d.committed)
		d.mu.Unlock()
		if missing == "" {
			break
		}
		select {
		case <-tick.C:
		case <-end:
			t.Fatal(missing)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, fault := range l.faults {
		t.Error(fault)
	}
}

// settings are PostgreSQL's that decide what a power cut could take.
func (d *disaster) settings(t *testing.T) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), d.task.URL)
	must(t, err)
	defer conn.Close(context.Background())
	var text string
	must(t, conn.QueryRow(t.Context(), "SELECT string_agg(name || ' ' || setting, ', ' ORDER BY name) FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes')").Scan(&text))
	return text
}

func newDisaster(t *testing.T, receiver *httptest.Server) *disaster {
	t.Helper()
	folder, err := dbtest.MakeFolder("kill")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	d := &disaster{folder: folder, committed: map[string]bool{}, task: killTask{Keys: t.TempDir(), Receiver: receiver.Listener.Addr().String()}}
	d.startDatabase(t)
	logins := dbtest.Logins(d.cluster)
	must(t, db.EnsureDatabase(t.Context(), d.cluster.SuperuserURL("postgres"), "ininjo"))
	must(t, db.Bootstrap(t.Context(), d.cluster.SuperuserURL("ininjo"), logins))
	must(t, db.Migrate(t.Context(), d.cluster.URL(db.LoginMigrate, "ininjo")))
	store, err := d.task.open(t.Context())
	must(t, err)
	defer store.Close()
	must(t, d.task.prepare(t.Context(), store, receiver.URL))
	return d
}
