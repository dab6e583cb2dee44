// SPDX-License-Identifier: Apache-2.0

package measure_test

import (
	"fmt"
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

// bunch is the time from one instant at which questions are due to the next. A
// schedule for each connection would let a question wait for its own while others are
// free. Several at one instant are harder for the program than the same number spread
// evenly.
const bunch = 500 * time.Microsecond

// schedule says how many questions are due when, whatever became of earlier ones, and
// hands out the instants at which they were: how many are asked depends on it alone.
type schedule struct {
	rate  float64 // a second
	began int64   // nanos
	// warm is how much of the whole is not measured.
	warm, whole time.Duration
	// room is how many may be late, where that is bounded: who was due before them is
	// left out, so that a pace which nothing reaches has an end.
	room int
	// window is that of the runner.
	window time.Duration
	// instant is that of the next question, asked are those before it.
	instant, asked int
}

// dueBefore counts the questions of all instants before the nth.
func (s *schedule) dueBefore(n int) int {
	return int(s.rate * (time.Duration(n) * bunch).Seconds())
}

// next is the instant of the next question.
func (s *schedule) next() int64 {
	for s.dueBefore(s.instant+1) <= s.asked {
		s.instant++
	}
	if time.Duration(s.instant)*bunch >= s.whole {
		return 0
	}
	return s.began + int64(time.Duration(s.instant)*bunch)
}

func (s *schedule) due(now int64) (int64, bool) {
	if s.room > 0 {
		passed := int(min(time.Duration(now-s.began), s.whole-1) / bunch)
		s.asked = max(s.asked, s.dueBefore(passed+1)-s.room)
	}
	at := s.next()
	if at == 0 || at > now {
		return 0, false
	}
	s.asked++
	return at, true
}

// count takes the time from the instant at which a question was due, so one that waits
// for a connection is not left out (coordinated omission).
func (s *schedule) count(into *load, at, now int64) {
	if due := time.Duration(at-s.began) - s.warm; due >= 0 {
		into.add(due, s.window, uint32((now-at)/1000))
	}
}

// runAt asks so many questions a second, each at its instant on the next connection
// that is free. The time is that until the last answer.
func (r *runner) runAt(tb testing.TB, rate float64) load {
	tb.Helper()
	return r.keep(tb, schedule{rate: rate})
}

// flood asks at a rate that cannot be reached and leaves out who finds no room: what
// is answered is the most that there is, in the span, and not in the time that all
// who were due would have taken, those of the warm-up first.
func (r *runner) flood(tb testing.TB, rate float64) load {
	tb.Helper()
	return r.keep(tb, schedule{rate: rate, room: 4 * r.connections})
}

// keep keeps to a schedule in the runner's time.
func (r *runner) keep(tb testing.TB, s schedule) load {
	tb.Helper()
	parts := make([]load, r.connections)
	s.warm, s.whole, s.window = r.warm, r.warm+r.span, r.window
	c, err := newCrowd(r, &s, parts)
	must(tb, err)
	s.began = nanos()
	c.ask()
	measured := s.began + int64(s.warm)
	all := together(parts, time.Duration(nanos()-measured))
	all.began = measured
	return all
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

// TestSchedule asks from two sides: what is due by an instant, and when the next is.
func TestSchedule(t *testing.T) {
	t.Parallel()
	s := schedule{rate: 14_321, began: nanos(), whole: 20 * time.Millisecond}
	count, last := 0, s.began
	for next := s.next(); next != 0; next = s.next() {
		if at, is := s.due(next - 1); is {
			t.Fatalf("due at %d before %d", at-s.began, next-s.began)
		}
		at, is := s.due(next)
		if !is || at != next || at < last || (at-s.began)%int64(bunch) != 0 {
			t.Fatalf("due at %d (%v) after %d, want %d", at-s.began, is, last-s.began, next-s.began)
		}
		count, last = count+1, at
	}
	if count != 286 { // 14,321 * 0.020
		t.Errorf("%d were due, want 286", count)
	}
}

// TestScheduleCounts takes microseconds from when a question was due, and none of
// the warm-up's.
func TestScheduleCounts(t *testing.T) {
	t.Parallel()
	s, took := schedule{warm: time.Second, window: time.Second}, load{}
	for due, ms := range []int64{9, 3, 4} {
		at := int64(due) * int64(time.Second)
		s.count(&took, at, at+ms*int64(time.Millisecond))
	}
	if !slices.Equal(took.took, []uint32{3000, 4000}) || len(took.windows) != 2 || took.windows[1].at(0) != 4*time.Millisecond {
		t.Errorf("counted %v, in %d windows", took.took, len(took.windows))
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
	r := &runner{question: ask("ended", server.URL, "/", "", placeholder), asked: asked{[]poa.DelegationID{placeholder}}, connections: 1, span: 20 * time.Millisecond}
	got := r.runAt(t, 1000)
	if got.wrong != 1 || len(got.took) != 19 || !strings.Contains(fmt.Sprint(got.first), "ended: ") {
		t.Errorf("%d answers, %d wrong: %v", len(got.took), got.wrong, got.first)
	}
}
