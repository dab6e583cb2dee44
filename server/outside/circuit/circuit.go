// SPDX-License-Identifier: Apache-2.0

// Package circuit keeps somebody outside who fails from being asked for a while,
// so that whoever waits for the answer is told at once.
//
// It must never make a request or read a clock itself.
package circuit

import (
	"sync"
	"time"
)

// States of a circuit.
const (
	Closed   = "CLOSED"    // it is asked
	Open     = "OPEN"      // it is not asked for a while, after failures in a row
	HalfOpen = "HALF_OPEN" // one question tries it
)

// Circuit keeps whoever fails from being asked for a while; then one question
// tries. It also holds off while somebody said when to come again. It is safe for
// concurrent use.
type Circuit struct {
	limit   int
	pause   time.Duration
	mu      sync.Mutex
	failed  int
	until   time.Time // of the pause, or of what the body said
	probing bool
}

// New returns a closed circuit that opens for pause after limit failures in a row.
func New(limit int, pause time.Duration) *Circuit { return &Circuit{limit: limit, pause: pause} }

// Allow reports whether the one outside may be asked at now, and else after how long.
func (c *Circuit) Allow(now time.Time) (time.Duration, bool) {
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

// Succeeded closes the circuit.
func (c *Circuit) Succeeded() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed, c.probing = 0, false
}

// Fail counts a failure; enough of them in a row open the circuit.
func (c *Circuit) Fail(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed++
	c.probing = false
	if until := now.Add(c.pause); c.failed >= c.limit && until.After(c.until) {
		c.until = until
	}
}

// Hold keeps the one outside from being asked for as long as it said.
func (c *Circuit) Hold(now time.Time, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.probing = false
	if until := now.Add(wait); until.After(c.until) {
		c.until = until
	}
}

// Release takes back a question that was not asked.
func (c *Circuit) Release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.probing = false
}

// State tells how the circuit stands at now, and how many failures led there.
func (c *Circuit) State(now time.Time) (string, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.failed < c.limit:
		return Closed, c.failed
	case now.Before(c.until):
		return Open, c.failed
	}
	return HalfOpen, c.failed
}
