// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"ininjo/poa"
)

// retentionTimeout leaves room for a month of a busy audit log, and for a run of
// many subjects: what is cut off goes on with the next job.
const retentionTimeout = 30 * time.Minute

// addRetention registers the workers of retention.
func addRetention(w *river.Workers, c Config) error {
	return errors.Join(
		river.AddWorkerSafely(w, &prepareErasure{Config: c}),
		river.AddWorkerSafely(w, &erase{Config: c}),
		river.AddWorkerSafely(w, &sweepTraces{Config: c}),
		river.AddWorkerSafely(w, &archiveAudit{Config: c}),
	)
}

// retentionJobs is the work of retention that comes by itself. The run of
// erasure is looked for daily and prepared monthly: a machine that stands still
// for a day misses no month.
func retentionJobs(every func(time.Duration, poa.Job) *river.PeriodicJob) []*river.PeriodicJob {
	return []*river.PeriodicJob{
		every(24*time.Hour, poa.PrepareErasure{}),
		every(24*time.Hour, poa.SweepTraces{}),
		every(6*time.Hour, poa.ArchiveAudit{}),
	}
}

// eraseOptions let one job of a run wait at a time.
func eraseOptions() *river.InsertOpts {
	o := upkeepOptions()
	o.UniqueOpts = river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled}}
	return o
}

// prepareErasure prepares a run of erasure where something is over.
type prepareErasure struct {
	river.WorkerDefaults[poa.PrepareErasure]
	Config
}

// Work prepares a run, at most one a month.
func (w *prepareErasure) Work(ctx context.Context, _ *river.Job[poa.PrepareErasure]) error {
	if err := w.Retention.PreparePeriodically(ctx); err != nil {
		return fmt.Errorf("preparing erasure: %w", err)
	}
	return nil
}

// Timeout leaves room for many subjects.
func (w *prepareErasure) Timeout(*river.Job[poa.PrepareErasure]) time.Duration {
	return retentionTimeout
}

// erase executes a released run.
type erase struct {
	river.WorkerDefaults[poa.Erase]
	Config
}

// Work erases batch by batch until the run is done. A process without the login
// of retention leaves it to one that has it.
func (w *erase) Work(ctx context.Context, job *river.Job[poa.Erase]) error {
	return untilDone(ctx, "erasing", func(ctx context.Context) (int, error) { return w.Retention.Erase(ctx, job.Args.RunID) })
}

// Timeout leaves room for many subjects.
func (w *erase) Timeout(*river.Job[poa.Erase]) time.Duration { return retentionTimeout }

// sweepTraces deletes short-lived rows and goes on with runs that were cut off.
type sweepTraces struct {
	river.WorkerDefaults[poa.SweepTraces]
	Config
}

// Work sweeps and resumes.
func (w *sweepTraces) Work(ctx context.Context, _ *river.Job[poa.SweepTraces]) error {
	if !w.Retention.Executes() {
		return nil
	}
	_, err := w.Retention.Sweep(ctx)
	if err := errors.Join(err, w.Retention.Resume(ctx)); err != nil {
		return fmt.Errorf("sweeping: %w", err)
	}
	return nil
}

// Timeout leaves room for many rows.
func (w *sweepTraces) Timeout(*river.Job[poa.SweepTraces]) time.Duration { return retentionTimeout }

// archiveAudit moves months of the audit log into archives.
type archiveAudit struct {
	river.WorkerDefaults[poa.ArchiveAudit]
	Config
}

// Work archives what is past its time online. What fails is the log's, stays in
// the database and is tried again.
func (w *archiveAudit) Work(ctx context.Context, _ *river.Job[poa.ArchiveAudit]) error {
	if _, err := w.Retention.ArchiveAudit(ctx); err != nil {
		return fmt.Errorf("archiving the audit log: %w", err)
	}
	return nil
}

// Timeout leaves room for a month of a busy log on a slow medium.
func (w *archiveAudit) Timeout(*river.Job[poa.ArchiveAudit]) time.Duration { return retentionTimeout }
