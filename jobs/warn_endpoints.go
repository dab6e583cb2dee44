// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"

	"github.com/riverqueue/river"

	"ininjo/poa"
)

// warnEndpoints tells parties of endpoints that fail for long, also where the
// next attempt is hours away.
type warnEndpoints struct {
	river.WorkerDefaults[poa.WarnEndpoints]
	Config
}

// Work looks at every endpoint that fails for long.
func (w *warnEndpoints) Work(ctx context.Context, _ *river.Job[poa.WarnEndpoints]) error {
	return untilDone(ctx, "warning of endpoints", func(ctx context.Context) (int, error) {
		return w.Notifier.WarnEndpoints(ctx, w.MachineClock.Now())
	})
}
