// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"ininjo/poa"
)

// indexInquiries takes what was asked into the index by recipient, four times a
// minute: their table itself has no such index.
type indexInquiries struct {
	river.WorkerDefaults[poa.IndexInquiries]
	Config
}

// Work takes in what is old enough.
func (w *indexInquiries) Work(ctx context.Context, _ *river.Job[poa.IndexInquiries]) error {
	if err := w.Upkeep.IndexInquiries(ctx, w.Clock.Now()); err != nil {
		return fmt.Errorf("indexing questions: %w", err)
	}
	return nil
}

// Timeout leaves room for what a long stop left behind; the next run goes on.
func (w *indexInquiries) Timeout(*river.Job[poa.IndexInquiries]) time.Duration {
	return 5 * time.Minute
}
