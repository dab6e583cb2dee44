// SPDX-License-Identifier: Apache-2.0

package poa

// Retention is clauses 2.8 (10), 6.2.3 and 6.2.9 of the operating rules: records
// are kept for their period and end when they must.
type Retention struct {
	office
	policy Policy
}

// NewRetention returns the rules over a clock and a store.
func NewRetention(clock Clock, store Store, policy Policy) *Retention {
	return &Retention{office: office{clock, store}, policy: policy}
}
