// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"

	"github.com/riverqueue/river"

	"ininjo/poa"
)

// resendBatch works off what a party wants sent again, in transactions of their
// own: what was cut off goes on where it was.
type resendBatch struct {
	river.WorkerDefaults[poa.ResendBatch]
	Config
}

// Work makes batches due until none is left.
func (w *resendBatch) Work(ctx context.Context, job *river.Job[poa.ResendBatch]) error {
	return untilDone(ctx, "sending again", func(ctx context.Context) (int, error) {
		return w.Notifier.ResendNext(ctx, job.Args.ResendID)
	})
}

// resendOptions let every resend wait for itself.
func resendOptions() *river.InsertOpts {
	return &river.InsertOpts{Queue: queueUpkeep, MaxAttempts: 25}
}
