// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"ininjo/poa"
)

// announceTerms announces starts and ends of terms that are due. No answer
// depends on it: what it missed comes with the next run.
type announceTerms struct {
	river.WorkerDefaults[poa.AnnounceTerms]
	Config
}

// Work announces until nothing is due.
func (w *announceTerms) Work(ctx context.Context, _ *river.Job[poa.AnnounceTerms]) error {
	return untilDone(ctx, "announcing terms", w.Notifier.AnnounceTerms)
}

// Timeout leaves room for a day on which many terms end.
func (w *announceTerms) Timeout(*river.Job[poa.AnnounceTerms]) time.Duration { return 10 * time.Minute }
