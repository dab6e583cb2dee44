// SPDX-License-Identifier: Apache-2.0

package poa

// Desk is where the provider's people work: cases, contacts (6.1), appointments
// (7.2).
type Desk struct {
	office
	policy Policy
}

// NewDesk returns the rules over a clock and a store.
func NewDesk(clock Clock, store Store, policy Policy) *Desk {
	return &Desk{office: office{clock, store}, policy: policy}
}
