// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"

	"github.com/riverqueue/river"
)

// formerDelivery is the job that each delivery had before deliveries became
// their own queue. What is left of them in a queue ends quietly: the migration
// made their deliveries due.
type formerDelivery struct{}

// Kind names the job.
func (formerDelivery) Kind() string { return "deliver_webhook" }

type endFormerDelivery struct {
	river.WorkerDefaults[formerDelivery]
}

// Work does nothing.
func (*endFormerDelivery) Work(context.Context, *river.Job[formerDelivery]) error { return nil }
