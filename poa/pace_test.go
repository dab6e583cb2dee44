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
	for what, c := range map[string]struct{ took, covered, behind, want time.Duration }{
		"a little faster than it was recorded": {10 * ms, 100 * ms, time.Minute, 70 * ms},
		"half of the time at least":            {60 * ms, 100 * ms, time.Minute, 60 * ms},
		"far behind it hurries":                {10 * ms, 100 * ms, 3 * time.Minute, 10 * ms},
		"a quarter of the time elsewhere":      {10 * ms, 0, 0, 30 * ms},
		"a second at most":                     {10 * ms, time.Hour, 0, time.Second},
		"a clock that jumped":                  {time.Hour, 0, 0, time.Second},
		"a clock that went back":               {-time.Hour, 0, 0, 0},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			if got := poa.RestAfter(c.took, c.covered, c.behind); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}
