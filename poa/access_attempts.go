// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
	"math"
	"time"
)

const (
	// freeAttempts fail without delay: people mistype.
	freeAttempts = 5
	// longestDelay bounds how long an attempt is held off: never for good.
	longestDelay = 15 * time.Minute
	// attemptsKept is how long failures are remembered after the last one.
	attemptsKept = 24 * time.Hour
	// MaxDevices is how many browsers an account's holder is known in.
	MaxDevices = 20
)

// delayAfter is how long the next attempt is held off after so many failures:
// 1 s after the fifth, twice as long after each further one.
func delayAfter(failures int) time.Duration {
	beyond := failures - freeAttempts
	if beyond < 0 {
		return 0
	}
	if beyond >= 10 {
		return longestDelay
	}
	return min(time.Second<<beyond, longestDelay)
}

// take takes one attempt from the bucket, counted as a failure until it is
// forgiven: so guesses made at once find no more room than one after another.
// It returns how long to wait where the bucket is closed.
func (o office) take(ctx context.Context, b Bucket) (wait time.Duration, err error) {
	err = o.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		now := o.clock.Now()
		was, err := tx.LockAttempts(ctx, b)
		if err != nil {
			return fmt.Errorf("reading attempts: %w", err)
		}
		if wait = was.Until.Sub(now); wait > 0 {
			return nil
		}
		wait = 0
		if now.Sub(was.LastAt) > attemptsKept {
			was.Failures = 0
		}
		failures := min(was.Failures+1, math.MaxInt16)
		return tx.SetAttempts(ctx, b, Attempts{Failures: failures, LastAt: now, Until: now.Add(delayAfter(failures))})
	})
	return wait, err
}

// forgive forgets a bucket's failures after a success.
func (o office) forgive(ctx context.Context, b Bucket) error {
	return o.store.InTx(ctx, func(ctx context.Context, tx Tx) error { return tx.ForgiveAttempts(ctx, b) })
}

// slowed is the fault of an attempt that came too early.
func slowed(field string, wait time.Duration) error {
	return Faults{newFault(CodeSignInSlowed, field, "seconds", fmt.Sprint(int(math.Ceil(wait.Seconds()))))}
}
