// SPDX-License-Identifier: Apache-2.0

package measure_test

import (
	"fmt"
	"io"
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
	// wire is a request that must be refused; a body that comes slowly and
	// connections that ask nothing have attacks of their own.
	wire   []byte
	status string
	code   string
	do     func(*siege)
}

// siege is an attack under way.
type siege struct {
	*attack
	addr string
	over chan struct{}

	mu   sync.Mutex
	took []time.Duration // until it was refused
	told map[string]int
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
	return []*attack{
		{name: "7,000 aliases", wire: w.requestOf(c, body("{"+repeated(7000, " a%d: __typename")+"}", nil)), status: "413", code: "TOO_LARGE"},
		{name: "2,000 aliases", wire: w.requestOf(c, body("{"+repeated(2000, " a%d: __typename")+"}", nil)), code: "BAD_USER_INPUT"},
		{name: "depth 1,000", wire: w.requestOf(c, body(strings.Repeat("{ viewer ", 1000)+strings.Repeat("}", 1000), nil)), code: "BAD_USER_INPUT"},
		{name: "a query of 10 MB", wire: w.requestOf(c, body("{ __typename "+strings.Repeat("#", 10<<20)+"\n}", nil)), status: "413", code: "TOO_LARGE"},
		{name: "a list of a million elements", wire: w.requestOf(c, `{"query":"query($ids: [ID!]!) { validities(delegationIds: $ids) { status } }","variables":`+list+`}`), code: "TOO_"},
		{name: "a body that trickles", do: (*siege).trickle},
		{name: "10,000 idle connections", do: (*siege).idle},
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
	most := (&runner{question: q, asked: w.asked, connections: 16, warm: time.Second, span: 2 * time.Second}).run(b)
	const honest = 16
	pace := time.Duration(float64(honest) / (most.rate() / 3) * float64(time.Second))
	length := span(b, "ININJO_BENCH_SPAN", 8*time.Second)
	for _, each := range w.attacks(ours) {
		if only := os.Getenv("ININJO_BENCH_ATTACK"); !strings.Contains(each.name, only) {
			continue
		}
		without := w.honest(b, q, honest, pace, length)
		s := &siege{attack: each, addr: q.addr, over: make(chan struct{}), told: map[string]int{}}
		var attacking sync.WaitGroup
		attacking.Go(s.run)
		beside := w.honest(b, q, honest, pace, length)
		close(s.over)
		attacking.Wait()
		lines = append(lines, fmt.Sprintf("| %s | %s | %s | %.2f, %.2f ms | %.2f |", each.name, s.speed(), s.words(), without.at(.99).Seconds()*1000, beside.at(.99).Seconds()*1000,
			beside.at(.99).Seconds()/max(without.at(.99).Seconds(), 1e-6)))
		progress("%s", lines[len(lines)-1])
	}
	_, peak := memory(b, ours.cmd.Process.Pid)
	fmt.Fprintf(os.Stdout, "\n%s\n\nHonest callers: %d connections, %.0f questions a second of %.0f that it could answer. Attackers: %d, %.0f requests a second. Memory at most %d MB. GOGC=%s, %s (%d CPUs), %s.\n",
		strings.Join(lines, "\n"), honest, most.rate()/3, most.rate(), attackers, float64(attackers)/attackPace.Seconds(), peak>>20, gogc(), processor(), runtime.NumCPU(), clock.Now().Format(time.DateOnly))
}

// honest asks at a pace and wants every answer right.
func (w *world) honest(b *testing.B, q question, connections int, pace, length time.Duration) load {
	b.Helper()
	got := (&runner{question: q, asked: w.asked, connections: connections, pace: pace, warm: time.Second, span: length}).run(b)
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
	s.told[told]++
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

func (s *siege) answer(conn net.Conn, began int64) {
	text := make([]byte, 4096)
	n, err := conn.Read(text)
	told := "a connection ended without a word"
	if n > 12 && err == nil {
		told = string(text[9:12])
		if _, code, found := strings.Cut(string(text[:n]), `"code":"`); found {
			code, _, _ = strings.Cut(code, `"`)
			told += " " + code
		}
	}
	s.note(time.Duration(nanos()-began), told)
}

// trickle sends a body byte by byte over a hundred connections.
func (s *siege) trickle() {
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			conn, err := net.Dial("tcp", s.addr)
			if err != nil {
				return
			}
			defer conn.Close()
			began := nanos()
			_, _ = io.WriteString(conn, "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10000\r\n\r\n")
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

// idle opens connections and asks nothing, from an address of its own.
func (s *siege) idle() {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	var all sync.WaitGroup
	began := nanos()
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
			defer conn.Close()
			s.answer(conn, began)
		})
	}
	all.Wait()
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
	for told, n := range s.told {
		words = append(words, fmt.Sprintf("%s (%d)", told, n))
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}
