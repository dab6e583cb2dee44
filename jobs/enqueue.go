// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"ininjo/poa"
)

// Queues, so that a flood of one kind of work does not hold up another.
const (
	queueWebhook = "webhook"
	queueMail    = "mail"
	queueUpkeep  = "upkeep"
	// queueLog is that of what follows every answer, the index and the tree: at the
	// end of a month both are always at it, and the ends of terms shall not wait.
	queueLog = "log"
)

// fetchCooldown bounds how often a queue is fetched, and holds back the
// inserting client's NOTIFY as well: River's default of 100 ms would be most of
// a notice's way.
const fetchCooldown = 2 * time.Millisecond

// Inserter enqueues jobs, in a process that works them off or not.
type Inserter struct {
	client  *river.Client[pgx.Tx]
	retries Retries
}

// NewInserter returns what a process that only enqueues needs. Of the
// configuration it reads Schema, Log and Retries.
func NewInserter(c Config) (*Inserter, error) {
	c = c.withDefaults()
	client, err := river.NewClient(riverpgxv5.New(nil), &river.Config{Schema: c.Schema, Logger: quiet(c.Log), FetchCooldown: fetchCooldown})
	if err != nil {
		return nil, fmt.Errorf("making queue client: %w", err)
	}
	return &Inserter{client: client, retries: c.Retries}, nil
}

// Enqueue inserts a job in the transaction; the zero at means now.
func (i *Inserter) Enqueue(ctx context.Context, tx pgx.Tx, j poa.Job, at time.Time) error {
	if batch, ok := j.(poa.JobBatch); ok {
		return i.enqueueAll(ctx, tx, batch)
	}
	opts := i.options(j)
	opts.ScheduledAt = at
	if _, err := i.client.InsertTx(ctx, tx, j, opts); err != nil {
		return fmt.Errorf("inserting job: %w", err)
	}
	return nil
}

// options says where a job waits and how often River itself would try it.
func (i *Inserter) options(j poa.Job) *river.InsertOpts {
	switch j.(type) {
	case poa.AskTitle:
		return askTitleOptions()
	case poa.AskStatus:
		return onceOptions(queueStatus, 100)
	case poa.StampEvidence:
		return onceOptions(queueStamp, len(i.retries.Stamp)+1)
	case poa.SendMail:
		return &river.InsertOpts{Queue: queueMail, MaxAttempts: len(i.retries.Mail) + 1}
	case poa.AnswerPasswordRequest:
		return &river.InsertOpts{Queue: queueMail, MaxAttempts: 10}
	case poa.ResendBatch:
		return resendOptions()
	case poa.TellAnnouncements:
		return announceOptions()
	case poa.Erase:
		return eraseOptions()
	case poa.IndexInquiries, poa.SealLog:
		return logOptions()
	default:
		return upkeepOptions()
	}
}

// upkeepOptions let work that sweeps everything wait at most once: a second one
// would find nothing.
func upkeepOptions() *river.InsertOpts {
	return &river.InsertOpts{Queue: queueUpkeep, MaxAttempts: 5, UniqueOpts: river.UniqueOpts{ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled}}}
}

// logOptions are those of upkeep in a queue of its own.
func logOptions() *river.InsertOpts {
	o := upkeepOptions()
	o.Queue = queueLog
	return o
}

// quiet keeps River's chatter out of the log; it never writes arguments.
func quiet(log *slog.Logger) *slog.Logger {
	return slog.New(leveled{Handler: log.Handler(), least: slog.LevelWarn})
}

// leveled is a handler that lets nothing below a level pass.
type leveled struct {
	slog.Handler
	least slog.Level
}

// Enabled reports whether a record of the level is written.
func (l leveled) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= l.least && l.Handler.Enabled(ctx, level)
}

// WithAttrs returns a handler with attributes that keeps the level.
func (l leveled) WithAttrs(attrs []slog.Attr) slog.Handler {
	return leveled{l.Handler.WithAttrs(attrs), l.least}
}

// WithGroup returns a handler with a group that keeps the level.
func (l leveled) WithGroup(name string) slog.Handler {
	return leveled{l.Handler.WithGroup(name), l.least}
}
