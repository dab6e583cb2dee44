// SPDX-License-Identifier: Apache-2.0

package poa

// Titles is clauses 4.1.2 and 4.1.3 of the operating rules: delegates' legal
// qualifications are checked with their professional bodies.
type Titles struct {
	office
	policy Policy
}

// NewTitles returns the rules over a clock and a store.
func NewTitles(clock Clock, store Store, policy Policy) *Titles {
	return &Titles{office: office{clock, store}, policy: policy}
}
