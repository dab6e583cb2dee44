// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"ininjo/poa"
)

// queueAnnounce is the announcements' own: telling tens of thousands of parties
// holds up nothing else.
const queueAnnounce = "announce"

// announcePeriod is for how long one job of telling keeps others away.
const announcePeriod = 15 * time.Second

// announceOptions let one job of telling begin in a period, though another runs:
// it may be one whose process was killed, which River finds out after minutes.
// Where two tell indeed, each batch is told by the one that has its lock.
func announceOptions() *river.InsertOpts {
	o := upkeepOptions()
	o.Queue, o.UniqueOpts.ByPeriod = queueAnnounce, announcePeriod
	return o
}

// tellAnnouncements tells released announcements, batch by batch.
type tellAnnouncements struct {
	river.WorkerDefaults[poa.TellAnnouncements]
	Config
}

// Work tells until everybody was told. What is cut off, by a crash or a stop of
// the program, goes on with the next job.
func (w *tellAnnouncements) Work(ctx context.Context, _ *river.Job[poa.TellAnnouncements]) error {
	return untilDone(ctx, "telling announcements", w.Notifier.TellAnnouncements)
}

// Timeout leaves room for tens of thousands of parties.
func (w *tellAnnouncements) Timeout(*river.Job[poa.TellAnnouncements]) time.Duration {
	return 30 * time.Minute
}
