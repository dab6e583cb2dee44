// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"ininjo/poa"
)

// makePartitions makes the audit tables' partitions three months ahead. It runs
// daily: the default partition takes what a failure of it leaves without one.
type makePartitions struct {
	river.WorkerDefaults[poa.MakePartitions]
	Config
}

// Work makes the partitions that are missing.
func (w *makePartitions) Work(ctx context.Context, _ *river.Job[poa.MakePartitions]) error {
	if err := w.Upkeep.MakePartitions(ctx, w.Clock.Now()); err != nil {
		return fmt.Errorf("making partitions: %w", err)
	}
	return nil
}

// Timeout leaves room for waiting on the lock of a busy table.
func (w *makePartitions) Timeout(*river.Job[poa.MakePartitions]) time.Duration {
	return 5 * time.Minute
}
