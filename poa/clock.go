// SPDX-License-Identifier: Apache-2.0

package poa

import "time"

// Clock tells the time. It is handed in everywhere, so that ten years pass in
// a test and the demo can live its past first. Instants are UTC and whole
// microseconds, which is what PostgreSQL keeps.
type Clock interface {
	Now() time.Time
}

// SystemClock is the machine's clock.
type SystemClock struct{}

// Now returns the present instant in UTC, truncated to microseconds.
func (SystemClock) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
