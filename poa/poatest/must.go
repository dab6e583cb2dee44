// SPDX-License-Identifier: Apache-2.0

package poatest

import "time"

// TB is what of testing.TB is needed here; an interface, so that the demo does not link package testing.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// MustCA is NewCA that ends the test when it fails.
func MustCA(t TB, at time.Time, options ...CAOption) *CA {
	t.Helper()
	ca, err := NewCA(at, options...)
	if err != nil {
		t.Fatalf("making test hierarchy: %v", err)
	}
	return ca
}

// MustIssue is Issue with a pooled key that ends the test when it fails; later options override the pooled key.
func MustIssue(t TB, ca *CA, person Person, options ...Option) *Signer {
	t.Helper()
	signer, err := ca.Issue(person, append([]Option{WithPooledKey()}, options...)...)
	if err != nil {
		t.Fatalf("issuing test certificate: %v", err)
	}
	return signer
}
