// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"ininjo/poa"
)

// sendHeartbeats makes the heartbeats that endpoints are owed. It comes every
// minute; each endpoint is owed one in each span of the policy.
type sendHeartbeats struct {
	river.WorkerDefaults[poa.SendHeartbeats]
	Config
}

// Work makes heartbeats until none is owed.
func (w *sendHeartbeats) Work(ctx context.Context, _ *river.Job[poa.SendHeartbeats]) error {
	return untilDone(ctx, "making heartbeats", w.Notifier.SendHeartbeats)
}

// Timeout leaves room for the first minute after a long stop.
func (w *sendHeartbeats) Timeout(*river.Job[poa.SendHeartbeats]) time.Duration {
	return 10 * time.Minute
}
