// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"ininjo/poa"
	"ininjo/poa/poatest"
)

func newTestRoom(bytes int64) (*room, *poatest.Clock) {
	m, clock := newRoom(bytes), poatest.NewClock(poa.SystemClock{}.Now())
	m.machine = clock
	return m, clock
}

func control() *http.ResponseController { return http.NewResponseController(httptest.NewRecorder()) }

func TestRoomIsGivenBack(t *testing.T) {
	t.Parallel()
	m, _ := newTestRoom(10)
	first, err := m.enter(t.Context(), 6, control())
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.enter(gone, 6, control()); !errors.Is(err, tooBusy) {
		t.Errorf("a second one that has gone: %v", err)
	}
	entered := make(chan error)
	go func() {
		second, err := m.enter(t.Context(), 6, control())
		second.leave()
		entered <- err
	}()
	first.leave()
	first.leave() // again: nothing
	if err := <-entered; err != nil {
		t.Errorf("a third one that waits: %v", err)
	}
	if _, err := m.enter(t.Context(), 10, control()); err != nil {
		t.Errorf("all of the room: %v", err)
	}
}

// TestTricklersAreSentAway lets somebody wait for room that a body holds which
// hardly comes.
func TestTricklersAreSentAway(t *testing.T) {
	t.Parallel()
	m, clock := newTestRoom(10)
	slow, err := m.enter(t.Context(), 5, control())
	if err != nil {
		t.Fatal(err)
	}
	fast, err := m.enter(t.Context(), 5, control())
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range []struct {
		after            time.Duration
		slow, fast       int
		slowGone, waited bool
	}{
		{after: time.Second, waited: true},          // too early to ask
		{after: time.Minute, slow: 1000, fast: 4e6}, // nobody waits
		{after: 0, slow: 1000, fast: 4e6, waited: true, slowGone: true},
	} {
		clock.Advance(each.after)
		_, _ = slow.came(each.slow), fast.came(each.fast)
		if each.waited {
			m.sendAway()
		}
		if err := fast.came(each.fast); err != nil {
			t.Errorf("after %v: one that comes was sent away: %v", each.after, err)
		}
		if err := slow.came(each.slow); errors.Is(err, tooSlow) != each.slowGone {
			t.Errorf("after %v: one that trickles: %v", each.after, err)
		}
	}
}

func TestLane(t *testing.T) {
	t.Parallel()
	l := make(lane, 1)
	l <- struct{}{}
	did := 0
	work := func() error { did++; return nil }
	if err := l.pass(t.Context(), cacheable, work); err != nil || did != 1 {
		t.Errorf("a short text waited: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.pass(gone, cacheable+1, work); !errors.Is(err, tooBusy) || did != 1 {
		t.Errorf("a long text whose caller has gone: %v", err)
	}
	passed := make(chan error)
	go func() { passed <- l.pass(t.Context(), cacheable+1, work) }()
	<-l
	if err := <-passed; err != nil || did != 2 || len(l) != 0 {
		t.Errorf("a long text in its turn: %v", err)
	}
}
