// SPDX-License-Identifier: Apache-2.0

package db

import (
	"sync/atomic"
	"time"
)

const (
	// crowdWindow is over how long those who wait are counted before it is said
	// whether they are a crowd.
	crowdWindow = 250 * time.Millisecond
	// crowdTimes is how many times as many as usual are a crowd, crowdFewest below
	// which number nobody is.
	crowdTimes, crowdFewest = 1.3, 8
	// crowdFalls and crowdRises are over about how many windows the usual number
	// follows: a quarter of a minute down, two minutes up. It is that of good times,
	// with sealing and indexing beside the answers.
	crowdFalls, crowdRises = 64, 480
)

// crowd tells when more than usual wait for their answers or are being answered: they
// come faster, or the machine and its database have become slower, as they do for
// seconds on end. Its owner calls saw one at a time.
type crowd struct {
	began, sum float64 // seconds; of those here, one for each statement
	statements int
	usual      float64
	// until is the nanosecond up to which what was seen last holds.
	until atomic.Int64
}

// saw counts those who are here at an instant, when a statement goes.
func (c *crowd) saw(here float64, now time.Time) {
	at := float64(now.UnixNano()) / 1e9
	if long := at - c.began; long >= crowdWindow.Seconds() || long < 0 {
		if c.statements > 0 {
			c.judge(c.sum/float64(c.statements), now)
		}
		c.began, c.sum, c.statements = at, 0, 0
	}
	c.sum, c.statements = c.sum+here, c.statements+1
}

func (c *crowd) judge(level float64, now time.Time) {
	switch {
	case c.usual == 0:
		c.usual = level
	case level < c.usual:
		c.usual += (level - c.usual) / crowdFalls
	default:
		c.usual += (level - c.usual) / crowdRises
	}
	if level >= crowdFewest && level > c.usual*crowdTimes {
		c.until.Store(now.Add(2 * crowdWindow).UnixNano())
	}
}

// is says whether there is a crowd at an instant.
func (c *crowd) is(now time.Time) bool {
	until := c.until.Load() - now.UnixNano()
	return until > 0 && until <= int64(2*crowdWindow)
}

// Crowded says whether more questions than usual wait for their answers in this
// process just now. What can wait gives way then.
func (d *DB) Crowded(now time.Time) bool { return d.asked.singles.crowd.is(now) }
