// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"testing"
	"time"

	"ininjo/poa"
)

func TestRestAfter(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	for what, c := range map[string]struct {
		took, covered, behind, want time.Duration
		givesWay                    bool
	}{
		"a little faster than it was recorded": {10 * ms, 100 * ms, time.Minute, 70 * ms, false},
		"half of the time at least":            {60 * ms, 100 * ms, time.Minute, 60 * ms, false},
		"far behind it hurries":                {10 * ms, 100 * ms, 3 * time.Minute, 10 * ms, false},
		"a quarter of the time elsewhere":      {10 * ms, 0, 0, 30 * ms, false},
		"a second at most":                     {10 * ms, time.Hour, 0, time.Second, false},
		"to a crowd":                           {10 * ms, 100 * ms, time.Minute, time.Second, true},
		"to a crowd, where it was not there":   {10 * ms, 0, time.Minute, 30 * ms, true},
		"a clock that jumped":                  {time.Hour, 0, 0, time.Second, false},
		"a clock that went back":               {-time.Hour, 0, 0, 0, false},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			if got := poa.RestAfter(c.took, c.covered, c.behind, c.givesWay); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

// crowded says of every instant whether more than usual wait.
type crowded bool

func (c crowded) Crowded(time.Time) bool { return bool(c) }

func TestGivesWay(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	for what, c := range map[string]struct {
		crowd  crowded
		behind time.Duration
		want   bool
	}{
		"nobody waits longer than usual":  {false, time.Minute, false},
		"a crowd":                         {true, time.Minute, true},
		"a crowd, but it is far behind":   {true, 2 * time.Minute, false},
		"a crowd, and nothing to go by":   {true, now.Sub(time.Time{}), false},
		"a crowd, and a clock went back":  {true, -time.Minute, true},
		"far behind, and nobody is there": {false, time.Hour, false},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			if got := poa.GivesWay(c.crowd, now, now.Add(-c.behind)); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}
