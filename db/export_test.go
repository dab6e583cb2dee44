// SPDX-License-Identifier: Apache-2.0

package db

// Waiting is how many inquiries wait for the next statement.
func (d *DB) Waiting() int {
	d.group.mu.Lock()
	defer d.group.mu.Unlock()
	return d.group.inquiries
}

// MaxGrouped bounds the inquiries of one statement.
const MaxGrouped = maxGrouped

// NextOf is how many inquiries the next statement waits for and takes at most,
// where so many are usual, so many wait and the last one took so many.
func NextOf(usual float64, waiting, away int) (wanted, most int) {
	g := &group{usual: usual, inquiries: waiting, away: away}
	return g.worthIt(), g.half()
}

// Gate says whether acts give way, and how many passed all the same since.
func (d *DB) Gate() (shut bool, passed int) {
	d.gate.mu.Lock()
	defer d.gate.mu.Unlock()
	return d.gate.shut != nil, d.gate.passed
}
