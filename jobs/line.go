// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"time"

	"golang.org/x/time/rate"

	"ininjo/poa"
)

// line is what this process has in hand for one endpoint: a few parcels that
// wait, and those under way. A slow endpoint fills its own line and nobody
// else's. The postman's lock guards it.
type line struct {
	// endpoint is as it was read last, at read.
	endpoint poa.Endpoint
	read     time.Time
	waiting  []poa.Parcel
	flying   int
	// unsure counts failures that are not recorded yet: until then nothing more
	// is posted, since the endpoint may be about to be left alone.
	unsure  int
	limiter *rate.Limiter
	// spare is how much of a lease may be spent waiting.
	spare time.Duration
	// timed is set while a timer will go on with the line, reading while its
	// endpoint is read anew.
	timed, reading bool
}

// set brings the line up to date with its endpoint.
func (l *line) set(e poa.Endpoint, now time.Time) {
	l.endpoint, l.read = e, now
	switch {
	case e.RatePerSecond == 0:
		l.limiter = nil
	case l.limiter == nil:
		l.limiter = rate.NewLimiter(rate.Limit(e.RatePerSecond), 1)
	default:
		l.limiter.SetLimit(rate.Limit(e.RatePerSecond))
	}
}

// wide is how many posts may be under way.
func (l *line) wide() int {
	if l.endpoint.Struggling() {
		return 1
	}
	return l.endpoint.MaxInFlight
}

// room is how many more parcels the line takes: four times what may be under way,
// up to sixteen times where much may, so that a burst need not be claimed from the
// database; and no more than its rate lets go before a lease ends.
func (l *line) room(now time.Time) int {
	if l.endpoint.PausedUntil.After(now) {
		return 0
	}
	most := l.wide() * min(max(4, l.wide()), 16)
	if l.limiter != nil {
		most = min(most, 1+l.endpoint.RatePerSecond*int(l.spare/time.Second))
	}
	return most - len(l.waiting) - l.flying
}

// mayBegin reports whether something waits and there is a place for it.
func (l *line) mayBegin() bool {
	return len(l.waiting) > 0 && l.unsure == 0 && l.flying < l.wide() && !l.reading
}

// stale reports whether the endpoint was read too long ago for a post.
func (l *line) stale(now time.Time) bool { return l.mayBegin() && now.Sub(l.read) >= freshFor }

// mayFly reports whether a post may begin now, and otherwise when to ask again;
// zero where an end of another post will.
func (l *line) mayFly(now time.Time) (bool, time.Duration) {
	if !l.mayBegin() {
		return false, 0
	}
	if l.limiter == nil {
		return true, 0
	}
	r := l.limiter.ReserveN(now, 1)
	if wait := r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
		return false, wait
	}
	return true, 0
}

// empty reports whether the line can be forgotten: its limiter, too, is as new.
func (l *line) empty(now time.Time) bool {
	return len(l.waiting) == 0 && l.flying == 0 && l.unsure == 0 && !l.timed && !l.reading && (l.limiter == nil || l.limiter.TokensAt(now) >= 1)
}
