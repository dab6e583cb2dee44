// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"ininjo/poa"
)

// Queues of what asks the outside world about certificates and for time stamps:
// a silent source holds nothing else up.
const (
	queueStatus = "status"
	queueStamp  = "stamp"
)

// askStatus asks about a certificate whose source could not tell.
type askStatus struct {
	river.WorkerDefaults[poa.AskStatus]
	Config
}

// Work asks once. A source that still cannot tell is asked again later, without
// using up an attempt.
func (w *askStatus) Work(ctx context.Context, job *river.Job[poa.AskStatus]) error {
	again, err := w.Registrar.AskStatus(ctx, job.Args)
	switch {
	case err != nil:
		return fmt.Errorf("asking for a certificate's status: %w", err)
	case again > 0:
		return river.JobSnooze(again)
	}
	return nil
}

// stampEvidence has one record stamped.
type stampEvidence struct {
	river.WorkerDefaults[poa.StampEvidence]
	Config
}

// Work asks for one stamp.
func (w *stampEvidence) Work(ctx context.Context, job *river.Job[poa.StampEvidence]) error {
	if err := w.Registrar.StampEvidence(ctx, job.Args); err != nil {
		return fmt.Errorf("stamping evidence: %w", err)
	}
	return nil
}

// NextRetry waits longer after each failure, as mail does.
func (w *stampEvidence) NextRetry(job *river.Job[poa.StampEvidence]) time.Time {
	return retryAt(w.MachineClock.Now(), w.Retries.Stamp, job.Attempt)
}

// renewEvidence has stamps renewed before they end.
type renewEvidence struct {
	river.WorkerDefaults[poa.RenewEvidence]
	Config
}

// Work enqueues what is due. What is left over is for the next round.
func (w *renewEvidence) Work(ctx context.Context, _ *river.Job[poa.RenewEvidence]) error {
	if _, err := w.Registrar.RenewEvidence(ctx); err != nil {
		return fmt.Errorf("renewing time stamps: %w", err)
	}
	return nil
}

// onceOptions let one job of the same arguments wait at a time, whoever enqueued
// it.
func onceOptions(queue string, attempts int) *river.InsertOpts {
	return &river.InsertOpts{Queue: queue, MaxAttempts: attempts, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled}}}
}
