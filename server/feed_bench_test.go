// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ininjo/poa"
)

// The crowd of the benchmark: parties of one token each.
const (
	benchPollers     = 5000
	benchSubscribers = 1000
	// benchCrowd is all of them; benchSingles are changes one at a time; idleTime is
	// how long the process is looked at while nothing happens.
	benchCrowd   = benchPollers + benchSubscribers
	benchSingles = 300
	idleTime     = 20 * time.Second
)

// crowd is a service with parties that wait for their notices, in a process of
// their own.
type crowd struct {
	b       *testing.B
	service *service
	dir     string
	parties []string
	clients *exec.Cmd
	said    *bufio.Scanner
	version int
}

// BenchmarkFeed measures 5,000 who wait at the change feed and 1,000 who
// subscribed: what each costs in memory, what all cost while nothing happens, and
// the time from a commit to the answer, of changes one at a time and of one that
// all are told of. Service, database and waiters share the machine.
func BenchmarkFeed(b *testing.B) {
	dir, err := folderOf("feed")
	must(b, err)
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	c := &crowd{b: b, dir: dir}
	c.serve()
	tokens := c.settle()
	before := memory()
	c.gather(tokens)
	b.ReportMetric(float64(memory()-before)/benchCrowd/1024, "KiB/waiter")
	c.idle()
	c.oneAtATime()
	c.allAtOnce()
	b.ReportMetric(0, "ns/op")
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func (c *crowd) serve() {
	ctx := context.WithoutCancel(c.b.Context())
	var err error
	c.service, err = newService(ctx, Config{Addr: "127.0.0.1:0", DataDir: c.dir, MailDir: filepath.Join(c.dir, "mail"), ServiceName: "Ininjo", MailFrom: "no-reply@ininjo.example.jp", demo: true}, newDemoClock(0), slog.New(slog.DiscardHandler))
	must(c.b, err)
	c.b.Cleanup(func() { _ = c.service.stop(ctx) })
	must(c.b, c.service.begin(ctx))
}

// settle makes the parties, with an account and a token each.
func (c *crowd) settle() (tokens []string) {
	ctx, now := c.b.Context(), machineClock.Now()
	party, account := poa.NewID(poa.PrefixRecipient), poa.NewID(poa.PrefixAccount)
	_, hash := poa.NewSecret("ininjo_test")
	must(c.b, c.service.db.InTx(ctx, func(ctx context.Context, tx poa.Tx) error {
		number, err := tx.NextNumber(ctx, "A", poa.DateOf(now))
		return errors.Join(err, tx.InsertParty(ctx, poa.Party{ID: party, Role: poa.PartyRecipient, Kind: poa.Corporation, State: poa.EnrollmentApplied, Number: number,
			Profile: poa.Profile{Name: "例社", Email: "a@example.jp"}, Language: "ja", AppliedAt: now}), tx.DecideParty(ctx, party, poa.EnrollmentActive, now),
			tx.InsertAccount(ctx, poa.Account{ID: account, PartyID: party, Kind: poa.ActorRecipient, Name: "例", Email: "a@example.jp", Member: poa.MemberDeveloper, Language: "ja", CreatedAt: now}),
			tx.InsertToken(ctx, poa.Token{ID: poa.NewID(poa.PrefixToken), AccountID: account, PartyID: party, Kind: poa.ActorRecipient, Name: "例", Hash: hash, Scope: poa.ScopeRead,
				CreatedAt: now, ExpiresAt: now.AddDate(0, 3, 0)}))
	}))
	conn, err := pgx.Connect(ctx, c.service.database.cluster.SuperuserURL(databaseName))
	must(c.b, err)
	defer conn.Close(ctx)
	hashes := make([]string, benchCrowd)
	for i := range benchCrowd {
		text, hash := poa.NewSecret("ininjo_test")
		tokens, hashes[i] = append(tokens, text), `\x`+hex.EncodeToString(hash[:])
		c.parties = append(c.parties, fmt.Sprintf("rcp_%026d", i))
	}
	for _, sql := range []string{
		`INSERT INTO parties SELECT (jsonb_populate_record(p, jsonb_build_object('id', c.id, 'number', 'N' || c.n))).* FROM parties p, crowd c WHERE p.id = '` + party + `'`,
		`INSERT INTO accounts SELECT (jsonb_populate_record(a, jsonb_build_object('id', 'acc_' || c.n, 'party_id', c.id, 'email_hash', c.hash))).* FROM accounts a, crowd c WHERE a.id = '` + account + `'`,
		`INSERT INTO api_tokens SELECT (jsonb_populate_record(t, jsonb_build_object('id', 'tok_' || c.n, 'party_id', c.id, 'account_id', 'acc_' || c.n, 'hash', c.hash))).* FROM api_tokens t, crowd c WHERE t.account_id = '` + account + `'`,
		"ANALYZE",
	} {
		if sql != "ANALYZE" {
			sql = strings.Replace(sql, "INSERT INTO", "WITH crowd AS (SELECT q.id, q.hash, q.n FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS q (id, hash, n)) INSERT INTO", 1)
			_, err = conn.Exec(ctx, sql, c.parties, hashes)
		} else {
			_, err = conn.Exec(ctx, sql)
		}
		must(c.b, err)
	}
	return tokens
}

// gather lets all come and wait.
func (c *crowd) gather(tokens []string) {
	program, err := os.Executable()
	must(c.b, err)
	told, err := json.Marshal(waitersTask{Base: "http://" + c.service.listener.Addr().String(), Tokens: tokens, Subscribers: benchSubscribers})
	must(c.b, err)
	c.clients = exec.CommandContext(c.b.Context(), program)
	c.clients.Env, c.clients.Stderr = append(os.Environ(), waitersVariable+"=1"), os.Stderr
	c.clients.Stdin = strings.NewReader(string(told))
	out, err := c.clients.StdoutPipe()
	must(c.b, err)
	must(c.b, c.clients.Start())
	c.b.Cleanup(func() { _ = c.clients.Process.Kill(); _ = c.clients.Wait() })
	c.said = bufio.NewScanner(out)
	for range benchCrowd {
		if !c.said.Scan() || !strings.HasPrefix(c.said.Text(), "waits ") {
			c.b.Fatalf("a waiter says %q", c.said.Text())
		}
	}
	for end := machineClock.Now().Add(time.Minute); c.service.bell.Waiting() < benchCrowd; <-time.After(50 * time.Millisecond) {
		if machineClock.Now().After(end) {
			c.b.Fatalf("%d of %d wait", c.service.bell.Waiting(), benchCrowd)
		}
	}
}

// memory is what this process holds, in bytes, after what is over was let go.
func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// idle looks at what the waiting costs.
func (c *crowd) idle() {
	own, database := processTime(c.b), c.databaseTime()
	began := machineClock.Now()
	<-time.After(idleTime)
	took := machineClock.Now().Sub(began).Seconds()
	c.b.ReportMetric(100*(processTime(c.b)-own)/took, "%cpu-idle")
	c.b.ReportMetric(100*(c.databaseTime()-database)/took, "%cpu-idle-db")
}

func processTime(b *testing.B) float64 {
	var used syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
}

// databaseTime sums what PostgreSQL's processes used, in seconds.
func (c *crowd) databaseTime() (sum float64) {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	pids, _ := filepath.Glob(filepath.Join(c.dir, "*", "postmaster.pid"))
	if len(pids) != 1 {
		c.b.Fatalf("found %v", pids)
	}
	text, err := os.ReadFile(pids[0])
	must(c.b, err)
	postmaster, _, _ := strings.Cut(string(text), "\n")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it ended meanwhile
		}
		fields := strings.Fields(string(text[strings.LastIndex(string(text), ")")+1:]))
		if fields[1] != postmaster {
			continue
		}
		for _, ticks := range fields[11:13] {
			n, _ := strconv.ParseFloat(ticks, 64)
			sum += n / 100
		}
	}
	return sum
}

// tell commits a change for each of the parties and returns the instant after.
func (c *crowd) tell(parties ...string) time.Time {
	c.version++
	changes := make([]poa.Change, len(parties))
	for i, party := range parties {
		changes[i] = poa.Change{Type: poa.NoticeAnnouncement, PartyID: party, Version: c.version, At: machineClock.Now()}
	}
	must(c.b, c.service.db.InTx(c.b.Context(), func(ctx context.Context, tx poa.Tx) error { return tx.PublishAll(ctx, changes) }))
	return machineClock.Now()
}

// told reads when the next waiter had its notice.
func (c *crowd) told() time.Time {
	if !c.said.Scan() {
		c.b.Fatal("the waiters ended")
	}
	at, err := strconv.ParseInt(strings.TrimPrefix(c.said.Text(), "told "), 10, 64)
	if err != nil {
		c.b.Fatalf("a waiter says %q", c.said.Text())
	}
	return time.Unix(0, at)
}

func (c *crowd) oneAtATime() {
	late := make([]time.Duration, benchSingles)
	for i := range late {
		at := c.tell(c.parties[rand.IntN(benchCrowd)])
		late[i] = max(0, c.told().Sub(at))
	}
	c.report("", late)
}

func (c *crowd) allAtOnce() {
	late := make([]time.Duration, benchCrowd)
	at := c.tell(c.parties...)
	for i := range late {
		late[i] = max(0, c.told().Sub(at))
	}
	c.report("all-", late)
}

func (c *crowd) report(what string, late []time.Duration) {
	slices.Sort(late)
	for name, share := range map[string]float64{"p50": 0.5, "p99": 0.99, "max": 1} {
		c.b.ReportMetric(late[min(len(late)-1, int(share*float64(len(late))))].Seconds()*1000, what+name+"-ms")
	}
}

// waitersVariable makes a copy of this test binary wait for notices.
const waitersVariable = "ININJO_BENCH_WAITERS"

type waitersTask struct {
	Base        string
	Tokens      []string
	Subscribers int
}

// waitOn waits, as told on standard input, and says "waits" once for each that
// begins and "told" with the instant for each notice.
func waitOn(in io.Reader, out io.Writer) int {
	var task waitersTask
	if err := json.NewDecoder(in).Decode(&task); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	lines := make(chan string, 1000)
	starting := make(chan struct{}, 50) // as many come at once
	for i, token := range task.Tokens {
		w := benchWaiter{base: task.Base, token: token, starting: starting, say: func(text string) { lines <- text }}
		go w.run(i < task.Subscribers)
	}
	for line := range lines {
		_, _ = fmt.Fprintln(out, line)
	}
	return 0
}
