// SPDX-License-Identifier: Apache-2.0

package signers

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"time"

	"ininjo/poa"
	"ininjo/poa/receipt"
	"ininjo/server/outside/circuit"
)

// guard bounds what is asked of one place, however many keys it holds.
type guard struct {
	slots   chan struct{}
	timeout time.Duration
	circuit *circuit.Circuit
	clock   poa.Clock
}

func newGuard(c Config) *guard {
	return &guard{slots: make(chan struct{}, c.Parallel), timeout: c.Timeout, circuit: circuit.New(c.Failures, c.Pause), clock: c.Clock}
}

// Errors of a guarded place.
var (
	errSlow  = errors.New("the place of the key did not answer in time")
	errWrong = errors.New("the place of the key gave a wrong signature")
)

// guarded is a key that is not in memory.
type guarded struct {
	receipt.Key
	*guard
}

// SignDigest asks for a signature and verifies it.
func (g guarded) SignDigest(ctx context.Context, digest [sha256.Size]byte) ([64]byte, error) {
	if wait, ok := g.circuit.Allow(g.clock.Now()); !ok {
		return [64]byte{}, fmt.Errorf("%w (%s)", receipt.ErrHeldOff, wait.Round(time.Millisecond))
	}
	bounded, cancel := context.WithTimeoutCause(ctx, g.timeout, errSlow)
	defer cancel()
	signature, err := g.ask(bounded, digest)
	switch {
	case err == nil:
		g.circuit.Succeeded()
	case ctx.Err() != nil: // the asker left: that says nothing of the place
		g.circuit.Release()
	default:
		g.circuit.Fail(g.clock.Now())
	}
	return signature, err
}

func (g guarded) ask(ctx context.Context, digest [sha256.Size]byte) ([64]byte, error) {
	signature, err := within(ctx, g.guard, func() ([64]byte, error) { return g.Key.SignDigest(ctx, digest) })
	if err == nil && !verifies(g.Public(), digest, signature) {
		return [64]byte{}, errWrong
	}
	return signature, err
}

// within waits for a free place and for f, no longer than ctx lives: a module that
// hangs keeps its place until it comes back, and nobody waits for it.
func within[T any](ctx context.Context, g *guard, f func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	var none T
	select {
	case g.slots <- struct{}{}:
	case <-ctx.Done():
		return none, context.Cause(ctx)
	}
	done := make(chan outcome, 1)
	go func() {
		defer func() { <-g.slots }()
		value, err := f()
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		return none, context.Cause(ctx)
	}
}

func verifies(public *ecdsa.PublicKey, digest [sha256.Size]byte, signature [64]byte) bool {
	return ecdsa.Verify(public, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
}
