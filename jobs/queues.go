// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// QueueCount says how many jobs of a kind stand in a state.
type QueueCount struct {
	Queue string
	Kind  string
	// State is River's: available, scheduled, running, retryable, completed,
	// cancelled or discarded.
	State string
	Count int64
	// Oldest is when the one that is due first was or is due.
	Oldest time.Time
}

// Queues counts jobs for the page that shows them to staff.
func (j *Jobs) Queues(ctx context.Context) ([]QueueCount, error) {
	table := pgx.Identifier{j.config.Schema, "river_job"}.Sanitize()
	rows, err := j.config.Pool.Query(ctx, "SELECT queue, kind, state::text, count(*), min(scheduled_at) FROM "+table+" GROUP BY 1, 2, 3 ORDER BY 1, 2, 3")
	if err != nil {
		return nil, fmt.Errorf("counting jobs: %w", err)
	}
	counts, err := pgx.CollectRows(rows, pgx.RowToStructByPos[QueueCount])
	if err != nil {
		return nil, fmt.Errorf("counting jobs: %w", err)
	}
	for i := range counts {
		counts[i].Oldest = counts[i].Oldest.UTC()
	}
	waiting, oldest, err := j.config.Notifier.Waiting(ctx)
	if err != nil || waiting == 0 {
		return counts, err
	}
	return append(counts, QueueCount{Queue: queueWebhook, Kind: formerDelivery{}.Kind(), State: "available", Count: int64(waiting), Oldest: oldest}), nil
}
