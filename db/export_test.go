// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"time"
)

// Waiting is how many inquiries wait for the next statements.
func (d *DB) Waiting() (n int) {
	for _, g := range []*group{d.asked.singles, d.asked.batches} {
		g.mu.Lock()
		n += g.inquiries
		g.mu.Unlock()
	}
	return n
}

// BatchLanes are how many statements of batches may be in flight.
var BatchLanes = batchLanes()

// MaxGrouped bounds the inquiries of one statement.
const MaxGrouped = maxGrouped

// Few is how many inquiries a statement has at most that takes the same time for
// known and unknown IDs.
const Few = few

// IndexRows is about how many inquiries one transaction takes into the index.
const IndexRows = indexRows

// IndexAtOnce is IndexInquiries without rests.
func (d *DB) IndexAtOnce(ctx context.Context, now time.Time) error {
	for limit := indexedBy(now); ; {
		if _, until, err := d.indexStep(ctx, limit); err != nil || !until.Before(limit) {
			return err
		}
	}
}

// NextOf is how many inquiries the next statement waits for and takes at most,
// where so many are usual, so many wait and the last one took so many.
func NextOf(usual float64, waiting, away int) (wanted, most int) {
	g := &group{usual: usual, inquiries: waiting, away: away}
	return g.worthIt(), g.half()
}

// Crowd tells a crowd by what it saw.
type Crowd struct{ crowd }

// Saw counts those who are here at an instant.
func (c *Crowd) Saw(here float64, now time.Time) { c.saw(here, now) }

// Is says whether there is a crowd.
func (c *Crowd) Is(now time.Time) bool { return c.is(now) }

// Crowd has a crowd wait at an instant.
func (d *DB) Crowd(now time.Time) { d.asked.singles.crowd.until.Store(now.Add(crowdWindow).UnixNano()) }

// RestAfterIndexing is how long indexing rests after a step.
func (d *DB) RestAfterIndexing(began, from, until, limit time.Time) time.Duration {
	return d.restAfterIndexing(began, from, until, limit)
}

// Gate says whether acts give way, and how many passed all the same since.
func (d *DB) Gate() (shut bool, passed int) {
	d.gate.mu.Lock()
	defer d.gate.mu.Unlock()
	return d.gate.shut != nil, d.gate.passed
}

// StatementOf is the statement that asks about so many at once.
func StatementOf(inquiries int) string {
	_, text := (&groupRows{asked: make([]groupRow, inquiries)}).statement()
	return text
}
