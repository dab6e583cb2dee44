// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"sync"
	"time"
)

// States of a circuit.
const (
	closed   = "CLOSED"    // it is asked
	open     = "OPEN"      // it is not asked for a while, after failures in a row
	halfOpen = "HALF_OPEN" // one question tries it
)

// circuit keeps a body that fails from being asked for a while; then one
// question tries it. It also holds off while a body said when to come again.
type circuit struct {
	limit   int
	pause   time.Duration
	mu      sync.Mutex
	failed  int
	until   time.Time // of the pause, or of what the body said
	probing bool
}

// allow reports whether the body may be asked at now, and else after how long.
func (c *circuit) allow(now time.Time) (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case now.Before(c.until):
		return c.until.Sub(now), false
	case c.failed < c.limit:
		return 0, true
	case c.probing:
		return c.pause, false
	}
	c.probing = true
	return 0, true
}

// succeeded closes the circuit.
func (c *circuit) succeeded() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed, c.probing = 0, false
}

// fail counts a failure; enough of them in a row open the circuit.
func (c *circuit) fail(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed++
	c.probing = false
	if until := now.Add(c.pause); c.failed >= c.limit && until.After(c.until) {
		c.until = until
	}
}

// hold keeps the body from being asked for as long as it said.
func (c *circuit) hold(now time.Time, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.probing = false
	if until := now.Add(wait); until.After(c.until) {
		c.until = until
	}
}

// release takes back a question that was not asked.
func (c *circuit) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.probing = false
}

// state tells how the circuit stands at now, and how many failures led there.
func (c *circuit) state(now time.Time) (string, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.failed < c.limit:
		return closed, c.failed
	case now.Before(c.until):
		return open, c.failed
	}
	return halfOpen, c.failed
}
