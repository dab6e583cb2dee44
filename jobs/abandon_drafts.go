// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"ininjo/poa"
)

// abandonDrafts ends drafts that nobody filed in time (design.md, rule 1), and
// applications whose address nobody proved.
type abandonDrafts struct {
	river.WorkerDefaults[poa.AbandonDrafts]
	Config
}

// Work ends drafts and applications until none is stale.
func (w *abandonDrafts) Work(ctx context.Context, _ *river.Job[poa.AbandonDrafts]) error {
	return errors.Join(untilDone(ctx, "abandoning drafts", w.Registrar.AbandonDrafts), untilDone(ctx, "abandoning applications", w.Enrollment.AbandonApplications))
}

// Timeout leaves room for many drafts.
func (w *abandonDrafts) Timeout(*river.Job[poa.AbandonDrafts]) time.Duration { return 10 * time.Minute }
