// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"ininjo/poa"
)

// FuzzFeedQuery reads whatever stands behind the question mark: what is taken is
// within its bounds, and no fault repeats what was sent.
func FuzzFeedQuery(f *testing.F) {
	for _, seed := range []string{"", "after=1&stream=x&limit=10&wait=0", "after=9223372036854775808", "wait=1e9", "limit=-9223372036854775808", "a%zz=1", "after=1&after=2", ";", "after"} {
		f.Add(seed)
	}
	names := map[string]bool{"": true, "after": true, "stream": true, "limit": true, "wait": true}
	f.Fuzz(func(t *testing.T, raw string) {
		in, wait, err := feedQuery(raw)
		faults, _ := err.(poa.Faults) //nolint:errorlint // the very type
		for _, fault := range faults {
			if !names[firstOf(fault.Field)] {
				t.Errorf("%q: a fault repeats %q", raw, fault.Field)
			}
		}
		if err == nil && (wait < 0 || wait > poa.MaxWait || in.Limit > poa.MaxFeed+1 || in.Limit < -1) {
			t.Errorf("%q: took %+v, %v", raw, in, wait)
		}
	})
}
