// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"testing"
	"time"

	"ininjo/db"
)

// TestCrowdIsMoreThanUsual sees a statement every 10 ms, with so many here each time.
func TestCrowdIsMoreThanUsual(t *testing.T) {
	t.Parallel()
	type stretch struct {
		here float64
		long time.Duration
		want bool // at its end
	}
	for what, stretches := range map[string][]stretch{
		"steady":                              {{16, time.Minute, false}},
		"a quarter more":                      {{16, time.Minute, false}, {20, time.Minute, false}},
		"many more, within half a second":     {{16, time.Minute, false}, {28, 600 * time.Millisecond, true}},
		"and for as long as they are":         {{16, time.Minute, false}, {28, 30 * time.Second, true}},
		"until they are fewer":                {{16, time.Minute, false}, {28, 30 * time.Second, true}, {16, time.Second, false}},
		"an hour of them is usual":            {{16, time.Minute, false}, {28, time.Hour, false}},
		"a start with many":                   {{28, time.Minute, false}},
		"the start is forgotten in seconds":   {{28, time.Minute, false}, {14, 30 * time.Second, false}, {24, time.Second, true}},
		"seven are no crowd, however few ask": {{1, time.Minute, false}, {7, time.Minute, false}},
		"one alone after many changes little": {{16, time.Minute, false}, {1, 10 * time.Millisecond, false}, {20, time.Second, false}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			var crowd db.Crowd
			now := time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
			for i, s := range stretches {
				for end := now.Add(s.long); now.Before(end); now = now.Add(10 * time.Millisecond) {
					crowd.Saw(s.here, now)
				}
				if got := crowd.Is(now); got != s.want {
					t.Errorf("after stretch %d of %v: %v, want %v", i+1, s.here, got, s.want)
				}
			}
			if crowd.Is(now.Add(time.Second)) || crowd.Is(now.Add(-time.Minute)) {
				t.Error("a crowd long after anybody was seen, or before")
			}
		})
	}
}

// TestCrowdOfAskers asks for one delegation at a time for a while, and then for many.
func TestCrowdOfAskers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.accepted(t, w.delegator, days(0, 5))
	for _, each := range []struct {
		asked int
		want  bool
	}{{1, false}, {1, false}, {15, false}, {15, true}, {1, true}, {1, true}, {1, false}} { // what was seen holds for two windows
		w.Clock.Advance(300 * time.Millisecond) // a window is over
		w.askAt(t, d.ID, w.Clock.Now(), each.asked)
		if got := w.DB.Crowded(w.Clock.Now()); got != each.want {
			t.Errorf("asked %d at once: a crowd %v, want %v", each.asked, got, each.want)
		}
	}
}

// TestWhatFollowsGivesWay has so many answered within a second that sealing and
// indexing take several steps, and a crowd come meanwhile.
func TestWhatFollowsGivesWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d, round := w.accepted(t, w.delegator, days(0, 5)), w.sealer(t)
	w.seal(t, round)
	for range 25 {
		w.Clock.Advance(40 * time.Millisecond)
		w.askAt(t, d.ID, w.Clock.Now(), 100)
	}
	w.Clock.Advance(time.Minute)
	sealing := round.Sealing(w.Clock.Now())
	for batches := 0; batches < 2; { // the first begins long before anybody asked
		n, more, err := sealing.Step(t.Context())
		if err != nil || !more {
			t.Fatalf("%d batches were sealed, %v", batches, err)
		}
		if n >= 1000 {
			batches++
		}
	}
	const took = 10 * time.Millisecond
	rests := func() (sealed, indexed time.Duration) {
		now := w.Clock.Now()
		return sealing.Rest(took, now), w.DB.RestAfterIndexing(now.Add(-took), now.Add(-61*time.Second), now.Add(-60*time.Second), now.Add(-30*time.Second))
	}
	if s, i := rests(); s >= time.Second || i >= time.Second {
		t.Errorf("with no crowd sealing rests for %v, indexing for %v", s, i)
	}
	w.DB.Crowd(w.Clock.Now())
	if s, i := rests(); s != time.Second || i != time.Second {
		t.Errorf("beside a crowd sealing rests for %v, indexing for %v, want a second", s, i)
	}
}
