// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"ininjo/poa"
)

// sealLog seals the audit log into its tree. It comes every minute.
type sealLog struct {
	river.WorkerDefaults[poa.SealLog]
	Config
}

const (
	// sealRest is how many times as long as a step took nothing is sealed after it, so
	// that answers have the processors; once only in a round that takes longer than
	// sealPeriod. It never hurries more: two processors that answer as fast as they can
	// would stand still for seconds.
	sealRest   = 3
	sealPeriod = time.Minute
	// sealLongestRest bounds a rest after a step that took long.
	sealLongestRest = time.Second
)

// Work seals what is old enough now.
func (w *sealLog) Work(ctx context.Context, _ *river.Job[poa.SealLog]) error {
	before := w.Clock.Now()
	round, start := w.Records.Sealing(before), w.MachineClock.Now()
	for {
		began := w.MachineClock.Now()
		_, more, err := round.Step(ctx)
		if err != nil {
			return fmt.Errorf("sealing the audit log: %w", err)
		}
		if !more {
			return nil
		}
		now := w.MachineClock.Now()
		rest := now.Sub(began)
		if now.Sub(start) < sealPeriod {
			rest *= sealRest
		}
		select {
		case <-time.After(min(rest, sealLongestRest)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Timeout leaves room for what a long stop left behind; the next run goes on. One
// that is killed is not followed by another before it is over.
func (w *sealLog) Timeout(*river.Job[poa.SealLog]) time.Duration {
	return 5 * time.Minute
}
