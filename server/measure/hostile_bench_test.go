// SPDX-License-Identifier: Apache-2.0

package measure_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// attack is what hostile callers do beside honest ones.
type attack struct {
	name string
	// wire is a request that must be refused, or that do does something with.
	wire []byte
	do   func(*siege)
	// told are the words of which one is told to each.
	told []string
}

// siege is an attack under way.
type siege struct {
	*attack
	addr string
	over chan struct{}

	mu    sync.Mutex
	took  []time.Duration // until it was refused
	heard map[string]int
	kept  map[net.Conn]struct{}
}

const (
	// attackers and their pace: 20 hostile requests a second in all.
	attackers  = 4
	attackPace = 200 * time.Millisecond
	idlers     = 10_000
)

// requestOf is a POST to GraphQL with a token.
func (w *world) requestOf(c *contestant, body string) []byte {
	return ask("", c.base, "/graphql", w.token, body).wire
}

func repeated(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func (w *world) attacks(c *contestant) []*attack {
	list := `{"ids":["` + strings.Repeat(`x","`, 999_999) + `x"]}`
	tooLarge, badInput := []string{"413 TOO_LARGE"}, []string{"200 BAD_USER_INPUT"}
	slow := strings.Repeat(" ", 10_000)
	return []*attack{
		{name: "7,000 aliases", wire: w.requestOf(c, body("{"+repeated(7000, " a%d: __typename")+"}", nil)), told: tooLarge},
		{name: "2,000 aliases", wire: w.requestOf(c, body("{"+repeated(2000, " a%d: __typename")+"}", nil)), told: badInput},
		{name: "depth 1,000", wire: w.requestOf(c, body(strings.Repeat("{ viewer ", 1000)+strings.Repeat("}", 1000), nil)), told: badInput},
		{name: "a query of 10 MB", wire: w.requestOf(c, body("{ __typename "+strings.Repeat("#", 10<<20)+"\n}", nil)), told: tooLarge},
		{name: "a list of a million elements", wire: w.requestOf(c, `{"query":"query($ids: [ID!]!) { validities(delegationIds: $ids) { status } }","variables":`+list+`}`), told: tooLarge},
		// With a token a body is waited for where validity is answered directly, before net/http has it.
		{name: "a body that trickles, with a token", wire: w.requestOf(c, slow), do: (*siege).trickle, told: []string{"408 BAD_USER_INPUT"}},
		{name: "a body that trickles, without", wire: ask("", c.base, "/graphql", "", slow).wire, do: (*siege).trickle, told: []string{"408 BAD_USER_INPUT", "429 RATE_LIMITED"}},
		{name: "10,000 idle connections", do: (*siege).idle, told: []string{"408", unsaid, undisturbed}},
		{name: "10,000 connections, idle after a question", wire: w.status(c, "").about(w.ids[0]), do: (*siege).idle, told: []string{"408", undisturbed}},
	}
}

// BenchmarkHostile measures how fast hostile requests are refused, and what the
// attack does to the tail of honest callers, who ask at a third of what the
// program could answer.
func BenchmarkHostile(b *testing.B) {
	w := openWorld(b, setting(b, "ININJO_BENCH_DELEGATIONS", 10_000))
	ours := w.ininjo(b, "GOGC="+gogc())
	q := w.status(ours, "honest")
	lines := []string{"| attack | refused: median, slowest | told | honest p99 without, beside it | ratio (aim 2) |", "|---|---|---|---|---|"}
	const honest = 16
	most := (&runner{question: q, asked: w.asked, connections: honest, warm: catchingUp, span: 5 * time.Second}).run(b)
	pace := time.Duration(float64(honest) / (most.rate() / 3) * float64(time.Second))
	length := span(b, "ININJO_BENCH_SPAN", 8*time.Second)
	for _, each := range w.attacks(ours) {
		if only := os.Getenv("ININJO_BENCH_ATTACK"); !strings.Contains(each.name, only) {
			continue
		}
		without := w.honest(b, q, honest, pace, length, nil)
		s := &siege{attack: each, addr: q.addr, over: make(chan struct{}), heard: map[string]int{}, kept: map[net.Conn]struct{}{}}
		var attacking sync.WaitGroup
		beside := w.honest(b, q, honest, pace, length, func() { attacking.Go(s.run) })
		close(s.over)
		attacking.Wait()
		s.judge(b)
		lines = append(lines, fmt.Sprintf("| %s | %s | %s | %.2f, %.2f ms | %.2f |", each.name, s.speed(), s.words(), without.at(.99).Seconds()*1000, beside.at(.99).Seconds()*1000,
			beside.at(.99).Seconds()/max(without.at(.99).Seconds(), 1e-6)))
		progress("%s; honest questions a second: %.0f, %.0f", lines[len(lines)-1], without.rate(), beside.rate())
	}
	_, peak := memory(b, ours.cmd.Process.Pid)
	fmt.Fprintf(os.Stdout, "\n%s\n\nHonest callers: %d connections, at the pace of %.0f questions a second of %.0f that it could answer. Attackers: %d, %.0f requests a second. Memory at most %d MB. GOGC=%s, %s (%d CPUs), %s.\n",
		strings.Join(lines, "\n"), honest, most.rate()/3, most.rate(), attackers, float64(attackers)/attackPace.Seconds(), peak>>20, gogc(), processor(), runtime.NumCPU(), clock.Now().Format(time.DateOnly))
}

// honest asks at a pace and wants every answer right. What is to disturb it begins
// when it is measured, so that its beginning counts.
func (w *world) honest(b *testing.B, q question, connections int, pace, length time.Duration, disturb func()) load {
	b.Helper()
	got := (&runner{question: q, asked: w.asked, connections: connections, pace: pace, warm: catchingUp, span: length, begun: disturb}).run(b)
	if got.wrong > 0 || len(got.took) == 0 {
		b.Errorf("honest callers: %d went wrong, the first: %v", got.wrong, got.first)
	}
	return got
}

func (s *siege) run() {
	if s.do != nil {
		s.do(s)
		return
	}
	var all sync.WaitGroup
	for range attackers {
		all.Go(func() {
			for s.on() {
				s.once()
				<-time.After(attackPace)
			}
		})
	}
	all.Wait()
}

func (s *siege) on() bool {
	select {
	case <-s.over:
		return false
	default:
		return true
	}
}

// note keeps how long a refusal took and what was told.
func (s *siege) note(took time.Duration, told string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took = append(s.took, took)
	s.heard[told]++
}

// once sends the hostile request. A refusal may come before all of it is sent.
func (s *siege) once() {
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.note(0, "not connected")
		return
	}
	defer conn.Close()
	began := nanos()
	go func() { _, _ = conn.Write(s.wire) }()
	s.answer(conn, began)
}

const (
	// unsaid is heard of a connection that ends without a word, undisturbed of one
	// that is still there at the end.
	unsaid      = "a connection ended without a word"
	undisturbed = "held to the end"
)

func (s *siege) answer(conn net.Conn, began int64) {
	told := hear(conn)
	s.note(time.Duration(nanos()-began), told)
}

// hear is the status and the code that come next.
func hear(conn net.Conn) string {
	text := make([]byte, 4096)
	n, err := conn.Read(text)
	if n <= 12 || err != nil {
		return unsaid
	}
	told := string(text[9:12])
	if _, code, found := strings.Cut(string(text[:n]), `"code":"`); found {
		code, _, _ = strings.Cut(code, `"`)
		told += " " + code
	}
	return told
}

// judge wants each to have been told what it should.
func (s *siege) judge(b *testing.B) {
	b.Helper()
	if len(s.heard) == 0 {
		b.Errorf("%s: nobody attacked", s.name)
	}
	for told, n := range s.heard {
		if !slices.Contains(s.told, told) {
			b.Errorf("%s: %d were told %q, want one of %q", s.name, n, told, s.told)
		}
	}
}

// trickle sends a body byte by byte over a hundred connections.
func (s *siege) trickle() {
	head, _, _ := bytes.Cut(s.wire, endOfHead)
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			conn, err := net.Dial("tcp", s.addr)
			if err != nil {
				s.note(0, "not connected")
				return
			}
			defer conn.Close()
			began := nanos()
			_, _ = conn.Write(append(slices.Clone(head), endOfHead...))
			go func() {
				for {
					if _, err := conn.Write([]byte(" ")); err != nil {
						return
					}
					<-time.After(attackPace)
				}
			}()
			s.answer(conn, began)
		})
	}
	all.Wait()
}

// idle opens connections from an address of its own and keeps them idle.
func (s *siege) idle() {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	var all sync.WaitGroup
	all.Go(func() {
		<-s.over
		s.mu.Lock()
		defer s.mu.Unlock()
		for conn := range s.kept {
			_ = conn.Close()
		}
	})
	for range idlers {
		if !s.on() {
			break
		}
		conn, err := dialer.Dial("tcp", s.addr)
		if err != nil {
			s.note(0, "not connected")
			continue
		}
		all.Go(func() {
			for again := true; again && err == nil; {
				if again = s.keep(conn); again {
					conn, err = dialer.Dial("tcp", s.addr)
				}
			}
		})
	}
	all.Wait()
}

// keep holds a connection that asks nothing, or nothing more, until it is ended.
// One that ended without a word is to be opened again, so that as many as the
// program holds are there for as long as the honest callers are measured.
func (s *siege) keep(conn net.Conn) (again bool) {
	defer conn.Close()
	s.mu.Lock()
	s.kept[conn] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.kept, conn)
	}()
	if !s.on() { // it was not there to be closed
		return false
	}
	began, told := nanos(), "200"
	if len(s.wire) > 0 {
		_, _ = conn.Write(s.wire)
		told = hear(conn)
	}
	if told == "200" {
		told = hear(conn)
	}
	if !s.on() {
		s.held()
		return false
	}
	s.note(time.Duration(nanos()-began), told)
	return told == unsaid
}

// held counts a connection that nobody ended.
func (s *siege) held() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard[undisturbed]++
}

func (s *siege) speed() string {
	if len(s.took) == 0 {
		return "–"
	}
	slices.Sort(s.took)
	return fmt.Sprintf("%.0f, %.0f ms", s.took[len(s.took)/2].Seconds()*1000, s.took[len(s.took)-1].Seconds()*1000)
}

func (s *siege) words() string {
	var words []string
	for told, n := range s.heard {
		words = append(words, fmt.Sprintf("%s (%d)", told, n))
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}
