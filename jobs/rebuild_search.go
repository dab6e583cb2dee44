// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"ininjo/poa"
)

// rebuildSearch fills the unlogged table of search hashes, which a crash of the
// database empties.
type rebuildSearch struct {
	river.WorkerDefaults[poa.RebuildSearch]
	Config
}

// Work rebuilds the table.
func (w *rebuildSearch) Work(ctx context.Context, _ *river.Job[poa.RebuildSearch]) error {
	if err := w.Upkeep.RebuildSearch(ctx); err != nil {
		return fmt.Errorf("rebuilding search: %w", err)
	}
	return nil
}

// Timeout leaves room for opening every sealed name.
func (w *rebuildSearch) Timeout(*river.Job[poa.RebuildSearch]) time.Duration { return time.Hour }
