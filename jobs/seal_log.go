// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"ininjo/poa"
)

// sealLog seals the audit log into its tree. It comes every minute.
type sealLog struct {
	river.WorkerDefaults[poa.SealLog]
	Config
}

// Work seals until nothing is left that is old enough.
func (w *sealLog) Work(ctx context.Context, _ *river.Job[poa.SealLog]) error {
	return untilDone(ctx, "sealing the audit log", w.Records.SealLog)
}

// Timeout leaves room for what a long stop, or an installation of before there was
// a tree, left behind.
func (w *sealLog) Timeout(*river.Job[poa.SealLog]) time.Duration {
	return 10 * time.Minute
}
