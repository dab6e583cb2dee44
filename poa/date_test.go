// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ininjo/poa"
)

// TestDateWrites: dates are written by hand as fmt writes them, nobody's as well,
// and a day ends where the next one begins.
func TestDateWrites(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := poa.Date{Year: rapid.IntRange(-1, 10_001).Draw(t, "year"), Month: time.Month(rapid.IntRange(-1, 14).Draw(t, "month")), Day: rapid.IntRange(-1, 100).Draw(t, "day")}
		want := fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
		if d.IsZero() {
			want = ""
		}
		if got := d.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if got, want := d.Ends(), d.AddDays(1).Begins(); !got.Equal(want) {
			t.Errorf("%v ends at %v, the next day begins at %v", d, got, want)
		}
	})
}
