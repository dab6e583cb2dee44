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
	// sealRest is how many times as long as a batch took nothing is sealed after it,
	// so that answers have the processors. A round that takes longer than sealPeriod
	// hurries: more is recorded than is sealed.
	sealRest   = 2
	sealPeriod = time.Minute
)

// Work seals what is old enough now.
func (w *sealLog) Work(ctx context.Context, _ *river.Job[poa.SealLog]) error {
	before := w.Clock.Now()
	for {
		began := w.Clock.Now()
		_, more, err := w.Records.SealLog(ctx, before)
		if err != nil {
			return fmt.Errorf("sealing the audit log: %w", err)
		}
		if !more {
			return nil
		}
		now := w.Clock.Now()
		if now.Sub(before) > sealPeriod {
			continue
		}
		select {
		case <-time.After(sealRest * now.Sub(began)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Timeout leaves room for what a long stop, or an installation of before there was
// a tree, left behind.
func (w *sealLog) Timeout(*river.Job[poa.SealLog]) time.Duration {
	return 10 * time.Minute
}
