// SPDX-License-Identifier: Apache-2.0

package measure_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ininjo/poa"
)

// bunch is the time from one instant at which questions are due to the next. One
// ticker for all: a timer for each question, 14,000 a second, would take of the
// processors that the program shares with its callers, and a schedule for each
// connection would let a question wait for its own while others are free. Several
// at one instant are harder for the program than the same number spread evenly.
const bunch = 500 * time.Microsecond

// schedule says how many questions are due when, whatever became of earlier ones.
type schedule struct {
	rate  float64 // a second
	began int64   // nanos
	// warm is how much of the whole is not measured.
	warm, whole time.Duration
	// lossy leaves out who finds no room, so that a pace which nothing reaches has
	// an end.
	lossy bool
}

// dueBefore counts the questions of all instants before the nth.
func (s schedule) dueBefore(n int) int {
	return int(s.rate * (time.Duration(n) * bunch).Seconds())
}

// release hands out the instants at which questions are due, as many as there are
// questions. One that comes late itself hands out all that it missed, each with
// the instant at which it was due.
func (s schedule) release(due chan<- int64) {
	defer close(due)
	ticks := time.NewTicker(bunch)
	defer ticks.Stop()
	for n := 0; time.Duration(n)*bunch < s.whole; {
		at := s.began + int64(time.Duration(n)*bunch)
		if nanos() < at {
			<-ticks.C
			continue
		}
		for range s.dueBefore(n+1) - s.dueBefore(n) {
			s.hand(due, at)
		}
		n++
	}
}

func (s schedule) hand(due chan<- int64, at int64) {
	if !s.lossy {
		due <- at
		return
	}
	select {
	case due <- at:
	default:
	}
}

// queued bounds the questions that wait for a connection; more wait in the schedule.
const queued = 1 << 16

// runAt asks so many questions a second, each at its instant on the next connection
// that is free. Its time counts from the instant at which it was due, so one that
// waits for a connection is not left out (coordinated omission). How many are asked
// depends on the rate and the span alone; the time is that until the last answer.
func (r *runner) runAt(tb testing.TB, rate float64) load {
	tb.Helper()
	return r.keep(tb, schedule{rate: rate, warm: r.warm, whole: r.warm + r.span}, queued)
}

// flood asks at a rate that cannot be reached and leaves out who finds no room: what
// is answered is the most that there is, in the span, and not in the time that all
// who were due would have taken, those of the warm-up first.
func (r *runner) flood(tb testing.TB, rate float64) load {
	tb.Helper()
	return r.keep(tb, schedule{rate: rate, warm: r.warm, whole: r.warm + r.span, lossy: true}, 4*r.connections)
}

// keep keeps to a schedule, with room for so many who wait for a connection.
func (r *runner) keep(tb testing.TB, s schedule, room int) load {
	tb.Helper()
	due, parts := make(chan int64, room), make([]load, r.connections)
	var asking sync.WaitGroup
	peers := make([]*peer, r.connections)
	for i := range peers {
		var err error
		peers[i], err = newPeer(r.addr)
		must(tb, err)
	}
	s.began = nanos()
	measured := s.began + int64(s.warm)
	for i, peer := range peers {
		parts[i].took = make([]uint32, 0, int(s.rate*r.span.Seconds()*1.2)/r.connections)
		asking.Go(func() { r.askDue(peer, uint64(i), due, measured, &parts[i]) })
	}
	s.release(due)
	asking.Wait()
	all := together(parts, time.Duration(nanos()-measured))
	all.began = measured
	return all
}

// askDue asks what is due, on a new connection where the old one ended.
func (r *runner) askDue(p *peer, seed uint64, due <-chan int64, measured int64, into *load) {
	defer func() { p.close() }()
	random := rand.New(rand.NewPCG(seed, 6))
	wire := slices.Clone(r.wire)
	for at := range due {
		var now int64
		err := p.renew(r.addr)
		if err == nil {
			now, err = r.once(p, random, wire)
		}
		if err != nil {
			into.fault(fmt.Errorf("%s: %w", r.name, err))
		} else if at >= measured {
			into.add(time.Duration(at-measured), r.window, uint32((now-at)/1000))
		}
	}
}

// add counts an answer to what was due so long after the beginning, which only
// grows, and in its window as well where there are windows.
func (l *load) add(due, window time.Duration, took uint32) {
	l.took = append(l.took, took)
	if window == 0 {
		return
	}
	n := int(due / window)
	for n >= len(l.windows) {
		l.windows = append(l.windows, load{})
	}
	l.windows[n].took = append(l.windows[n].took, took)
}

// renew connects again where the connection ended.
func (p *peer) renew(addr string) error {
	if !p.broken {
		return nil
	}
	fresh, err := newPeer(addr)
	if err == nil {
		p.close()
		*p = *fresh
	}
	return err
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	s := schedule{rate: 14_321, began: nanos(), whole: 20 * time.Millisecond}
	due := make(chan int64, queued)
	s.release(due)
	count, last := 0, s.began
	for at := range due {
		if at < last || (at-s.began)%int64(bunch) != 0 {
			t.Errorf("due at %d after %d", at-s.began, last-s.began)
		}
		count, last = count+1, at
	}
	if count != 286 { // 14,321 * 0.020
		t.Errorf("%d were due, want 286", count)
	}
}

// TestFlood asks ten times as much as can be answered: it ends with its span, and
// what was answered in it counts.
func TestFlood(t *testing.T) {
	t.Parallel()
	const each = 5 * time.Millisecond
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		<-time.After(each)
		fmt.Fprint(w, `{"status":"VALID"}`)
	}))
	t.Cleanup(server.Close)
	r := &runner{question: ask("slow", server.URL, "/", "", placeholder), asked: asked{[]poa.DelegationID{placeholder}}, connections: 1, warm: 40 * each, span: 40 * each, window: 10 * each}
	got := r.flood(t, 2000)
	// Without the loss the 400 that are due in the warm-up and the 400 of the span
	// would all be asked, and 400 count.
	if got.wrong != 0 || len(got.took) < 1 || len(got.took) > 45 {
		t.Errorf("%d answers counted of at most 40 and a few that waited, %d wrong: %v", len(got.took), got.wrong, got.first)
	}
	counted := 0
	for _, window := range got.windows {
		counted += len(window.took)
	}
	if lowest := got.slowest(10 * each); len(got.windows) > 4 || counted != len(got.took) || lowest > 300 {
		t.Errorf("%d windows with %d answers, the slowest with %.0f a second", len(got.windows), counted, lowest)
	}
}

// TestWaitingCounts lets the first answer be late: whoever was due meanwhile waited.
func TestWaitingCounts(t *testing.T) {
	t.Parallel()
	const late = 100 * time.Millisecond
	var first sync.Once
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		first.Do(func() { <-time.After(late) })
		fmt.Fprint(w, `{"status":"VALID"}`)
	}))
	t.Cleanup(server.Close)
	r := &runner{question: ask("late", server.URL, "/", "", placeholder), asked: asked{[]poa.DelegationID{placeholder}}, connections: 1, span: 2 * late}
	got := r.runAt(t, 1000)
	if got.wrong != 0 || len(got.took) != 200 {
		t.Fatalf("%d answers, %d wrong: %v", len(got.took), got.wrong, got.first)
	}
	// A quarter was due in the first half of the time that the first one took.
	if got.at(0.76) < late/2 {
		t.Errorf("a quarter took %v and more, want at least %v", got.at(0.76), late/2)
	}
}

// TestConnectionEnds breaks each connection after its first answer: the next
// question finds a new one, and only what got no answer is wrong.
func TestConnectionEnds(t *testing.T) {
	t.Parallel()
	var refused sync.Once
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		refused.Do(func() {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				err = conn.(*net.TCPConn).Close()
			}
			if err != nil {
				t.Error(err)
			}
			panic(http.ErrAbortHandler)
		})
		fmt.Fprint(w, `{"status":"VALID"}`)
	}))
	t.Cleanup(server.Close)
	r := &runner{question: ask("ended", server.URL, "/", "", placeholder), asked: asked{[]poa.DelegationID{placeholder}}, connections: 2, span: 20 * time.Millisecond}
	got := r.runAt(t, 1000)
	if got.wrong != 1 || len(got.took) != 19 || !strings.Contains(fmt.Sprint(got.first), "ended: ") {
		t.Errorf("%d answers, %d wrong: %v", len(got.took), got.wrong, got.first)
	}
}
