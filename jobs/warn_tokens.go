// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"ininjo/poa"
)

// warnTokens warns parties of tokens that are about to end. Tokens end by the
// clock, whether it runs or not.
type warnTokens struct {
	river.WorkerDefaults[poa.WarnTokens]
	Config
}

// Work warns until no token is left.
func (w *warnTokens) Work(ctx context.Context, _ *river.Job[poa.WarnTokens]) error {
	return untilDone(ctx, "warning of tokens", w.Enrollment.WarnTokens)
}

// Timeout leaves room for a day on which many tokens end.
func (w *warnTokens) Timeout(*river.Job[poa.WarnTokens]) time.Duration { return 10 * time.Minute }
