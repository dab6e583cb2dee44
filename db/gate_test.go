// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"testing"
)

// TestGate shows who gives way: nobody while the gate is open, all but one for
// each processor while it is shut, until it opens or the act is over.
func TestGate(t *testing.T) {
	t.Parallel()
	var g gate
	g.pass(t.Context())
	if g.mustWait() != nil {
		t.Error("an open gate is waited for")
	}
	open := g.close()
	var waits <-chan struct{}
	passed := 0
	for waits = g.mustWait(); waits == nil; waits = g.mustWait() {
		passed++
	}
	if passed == 0 {
		t.Error("nobody passed a shut gate")
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	g.pass(over)
	g.pass(t.Context()) // not for good
	select {
	case <-waits:
		t.Error("the gate opened by itself")
	default:
	}
	again := g.close()
	open() // of a numbering that ended late: the next one's gate stays shut
	<-waits
	for waits = g.mustWait(); waits == nil; waits = g.mustWait() {
		passed--
	}
	if passed != 0 {
		t.Errorf("%d more passed the second time", -passed)
	}
	again()
	<-waits
	if g.mustWait() != nil {
		t.Error("an open gate is waited for")
	}
}
