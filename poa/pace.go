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
)

// RestAfter is how long to rest after a step that took so long. Covered is in how
// long what it went through was recorded, zero where that says nothing; behind is
// how long it has still to go through.
func RestAfter(took, covered, behind time.Duration) time.Duration {
	rest := took * paceRest
	switch {
	case behind > paceBehind:
		rest = took
	case covered > 0:
		rest = max(time.Duration(float64(covered)/paceAhead)-took, took)
	}
	return min(max(rest, 0), paceLongest)
}
