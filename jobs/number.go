// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"fmt"
	"time"
)

// retryLead is how long to wait after the numbering failed: the database may
// be away.
const retryLead = time.Second

// pollEvery is the net under announcements of changes, which may be lost.
const pollEvery = 100 * time.Millisecond

// Where many changes were numbered at once, more are left to gather: a transaction
// of the numbering costs as much as dozens of changes in it.
const (
	numberEvery = 6 * time.Millisecond
	crowd       = 8
)

// untilDone calls a sweep until it finds nothing more.
func untilDone(ctx context.Context, what string, sweep func(context.Context) (int, error)) error {
	for {
		n, err := sweep(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if n == 0 {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// number numbers changes for the parties that they concern, as long as this
// process leads, until ctx is over. Leadership that was lost is sought again.
func (j *Jobs) number(ctx context.Context) {
	for ctx.Err() == nil {
		err := j.config.Leader.Lead(ctx, j.lead)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			j.config.Log.WarnContext(ctx, "numbering of changes was interrupted", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryLead):
		}
	}
}

func (j *Jobs) lead(ctx context.Context) error {
	for {
		if err := untilDone(ctx, "numbering changes", j.numberSome); err != nil {
			return err
		}
		if err := j.config.Leader.Wait(ctx, pollEvery); err != nil {
			return err
		}
	}
}

// numberSome numbers once and hands the postman of this process what it has room
// for; the rest is due for everybody.
func (j *Jobs) numberSome(ctx context.Context) (int, error) {
	began := j.config.MachineClock.Now()
	r := j.postman.reserve()
	taken, parcels, err := j.config.Notifier.NumberFor(ctx, j.config.MachineClock.Now().Add(j.config.Lease), r.mine)
	if err == nil {
		j.postman.accept(parcels)
	}
	if taken >= crowd {
		j.gather(ctx, numberEvery-j.config.MachineClock.Now().Sub(began))
	}
	return taken, err
}

// gather waits for more changes.
func (j *Jobs) gather(ctx context.Context, wait time.Duration) {
	if wait <= 0 {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(wait):
	}
}
