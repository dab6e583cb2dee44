// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"log/slog"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// failures logs jobs that failed, by kind and number, never with arguments.
type failures struct{ log *slog.Logger }

// HandleError logs an error; the last attempt's is an error of ours.
func (f *failures) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	level := slog.LevelWarn
	switch {
	case job.Attempt >= job.MaxAttempts:
		level = slog.LevelError
	}
	f.log.Log(ctx, level, "job failed", "kind", job.Kind, "job", job.ID, "attempt", job.Attempt, "attempts", job.MaxAttempts, "error", err)
	return nil
}

// HandlePanic logs a panic outside the worker; its value is not written.
func (f *failures) HandlePanic(ctx context.Context, job *rivertype.JobRow, _ any, trace string) *river.ErrorHandlerResult {
	f.log.ErrorContext(ctx, "job panicked", "kind", job.Kind, "job", job.ID, "stack", trace)
	return nil
}
