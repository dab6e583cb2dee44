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

// Work seals what is old enough now.
func (w *sealLog) Work(ctx context.Context, _ *river.Job[poa.SealLog]) error {
	for round := w.Records.Sealing(w.Clock.Now()); ; {
		began := w.MachineClock.Now()
		_, more, err := round.Step(ctx)
		if err != nil {
			return fmt.Errorf("sealing the audit log: %w", err)
		}
		if !more {
			return nil
		}
		select {
		case <-time.After(round.Rest(w.MachineClock.Now().Sub(began), w.Clock.Now())):
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
