// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"time"
)

// StatusLists publishes the lists that are due. Every process asks; one at a time
// does.
type StatusLists interface {
	Publish(ctx context.Context) (int, error)
}

// lookForLists is how often a process asks what is due: a part of the minute in
// which a change must be published.
const lookForLists = 2 * time.Second

// publishLists publishes status lists until ctx is over. It is no job of River: a
// list must not wait behind others, and there would be a row for every two seconds.
func (j *Jobs) publishLists(ctx context.Context) {
	look := time.NewTicker(lookForLists)
	defer look.Stop()
	for {
		if _, err := j.config.StatusLists.Publish(ctx); err != nil && ctx.Err() == nil {
			j.config.Log.WarnContext(ctx, "publishing status lists failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}
