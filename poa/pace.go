// SPDX-License-Identifier: Apache-2.0

package poa

import "time"

// What follows answers, sealing and indexing, goes in short steps with rests
// between, since it takes of the processors that answers want. As fast as it can, it
// stands in their way for seconds at the end of a month.
const (
	// paceAhead is by how much it goes faster than what it follows was recorded.
	paceAhead = 1.25
	// paceRest is how many times as long as a step took it rests where that is not known.
	paceRest = 3
	// paceBehind is from when on it hurries: it rests as long as it works then.
	paceBehind = 2 * time.Minute
	// paceLongest bounds a rest, whatever the clock did meanwhile.
	paceLongest = time.Second
	// paceGivesWay is how far it may be behind the present for giving way to those who
	// wait for an answer: a proof of an inquiry is there within four minutes.
	paceGivesWay = 2 * time.Minute
)

// Crowd tells of those who wait for an answer.
type Crowd interface {
	// Crowded says whether more than usual do, at an instant.
	Crowded(now time.Time) bool
}

// GivesWay says whether what follows answers, and has followed them through an
// instant, leaves the processors to those who wait now. It does for so long that it
// is not far behind: answers wait for seconds when a machine or its database is slow
// for a while, what follows them has minutes.
func GivesWay(c Crowd, now, through time.Time) bool {
	return now.Sub(through) < paceGivesWay && c.Crowded(now)
}

// RestAfter is how long to rest after a step that took so long. Covered is in how
// long what it went through was recorded, zero where that says nothing; behind is
// how long it has still to go through. One that gives way rests as long as may be,
// after steps that follow answers.
func RestAfter(took, covered, behind time.Duration, givesWay bool) time.Duration {
	rest := took * paceRest
	switch {
	case covered > 0 && givesWay:
		rest = paceLongest
	case behind > paceBehind:
		rest = took
	case covered > 0:
		rest = max(time.Duration(float64(covered)/paceAhead)-took, took)
	}
	return min(max(rest, 0), paceLongest)
}
