// SPDX-License-Identifier: Apache-2.0

package poa

// Access is chapter 8.3 of the operating rules: who comes in, by which proof, and
// for how long.
type Access struct {
	office
	policy Policy
	hasher Hasher
}

// NewAccess returns the rules over a clock and a store.
func NewAccess(clock Clock, store Store, policy Policy, hasher Hasher) *Access {
	return &Access{office: office{clock, store}, policy: policy, hasher: hasher}
}
