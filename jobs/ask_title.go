// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"ininjo/poa"
)

// queueTitle is that of rounds of asking for titles.
const queueTitle = "title"

// askTitle works one round off: the connector is asked, or a case is opened.
type askTitle struct {
	river.WorkerDefaults[poa.AskTitle]
	Config
}

// Work asks. A registry that is silent is asked again when it said, without
// using up an attempt.
func (w *askTitle) Work(ctx context.Context, job *river.Job[poa.AskTitle]) error {
	again, err := w.Titles.Ask(ctx, job.Args)
	switch {
	case err != nil:
		return fmt.Errorf("asking for a title: %w", err)
	case again > 0:
		return river.JobSnooze(again)
	}
	return nil
}

// dueTitles has titles that are due asked again.
type dueTitles struct {
	river.WorkerDefaults[poa.DueTitles]
	Config
}

// Work opens rounds until nothing is due.
func (w *dueTitles) Work(ctx context.Context, _ *river.Job[poa.DueTitles]) error {
	if _, err := w.Titles.EndOver(ctx); err != nil {
		return fmt.Errorf("ending checks of titles: %w", err)
	}
	return untilDone(ctx, "opening rounds of titles", w.Titles.OpenDue)
}

// Timeout leaves room for what a stop of weeks left behind.
func (w *dueTitles) Timeout(*river.Job[poa.DueTitles]) time.Duration { return 10 * time.Minute }

// askTitleOptions ask for no uniqueness: a round is enqueued in the transaction
// that opens it, which the database lets happen once, and working it off twice
// does nothing.
func askTitleOptions() *river.InsertOpts {
	return &river.InsertOpts{Queue: queueTitle, MaxAttempts: 25}
}

// insertBatch is how many jobs one statement inserts.
const insertBatch = 10_000

// enqueueAll copies many jobs into the transaction. What they are for, such as a
// title's round, is unique and was opened in the same transaction.
func (i *Inserter) enqueueAll(ctx context.Context, tx pgx.Tx, batch poa.JobBatch) error {
	params := make([]river.InsertManyParams, 0, min(len(batch), insertBatch))
	for n, each := range batch {
		opts := i.options(each.Job)
		opts.ScheduledAt = each.At
		params = append(params, river.InsertManyParams{Args: each.Job, InsertOpts: opts})
		if len(params) < insertBatch && n < len(batch)-1 {
			continue
		}
		if _, err := i.client.InsertManyFastTx(ctx, tx, params); err != nil {
			return fmt.Errorf("inserting jobs: %w", err)
		}
		params = params[:0]
	}
	return nil
}
