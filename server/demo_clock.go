// SPDX-License-Identifier: Apache-2.0

package main

import (
	"sync/atomic"
	"time"

	"ininjo/poa"
)

// demoClock is the machine's clock moved by an offset, so that the demo lives
// its past first: it starts 60 days back and is moved on until it tells the
// machine's time.
type demoClock struct {
	machine poa.Clock
	offset  atomic.Int64
}

func newDemoClock(offset time.Duration) *demoClock {
	c := &demoClock{machine: poa.SystemClock{}}
	c.offset.Store(int64(offset))
	return c
}

// Now returns the moved instant.
func (c *demoClock) Now() time.Time { return c.machine.Now().Add(time.Duration(c.offset.Load())) }

// arrive moves the clock to the present; it never goes back.
func (c *demoClock) arrive() { c.offset.Store(0) }
