// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
)

const (
	// jobTimeout bounds a job that has no bound of its own.
	jobTimeout = time.Minute
	// rescueAfter is when a job whose process died is tried again: River's own
	// hour would be an hour without notice.
	rescueAfter = 3 * time.Minute
	// softStop is how long running jobs may take to end when the program stops:
	// longer than one webhook's deadline.
	softStop = 15 * time.Second
)

// Jobs works jobs off and enqueues new ones.
type Jobs struct {
	*Inserter
	config  Config
	client  *river.Client[pgx.Tx]
	postman *postman
	// cancel ends the numbering leader and the taking of deliveries.
	cancel context.CancelFunc
	going  sync.WaitGroup
}

// New returns the room, not started yet.
func New(c Config) (*Jobs, error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	inserter, err := NewInserter(c)
	if err != nil {
		return nil, err
	}
	workers, err := newWorkers(c)
	if err != nil {
		return nil, err
	}
	client, err := river.NewClient(riverpgxv5.New(c.Pool), riverConfig(c, workers))
	if err != nil {
		return nil, fmt.Errorf("making queue client: %w", err)
	}
	return &Jobs{Inserter: inserter, config: c, client: client}, nil
}

func riverConfig(c Config, workers *river.Workers) *river.Config {
	return &river.Config{
		Schema:               c.Schema,
		Logger:               quiet(c.Log),
		Workers:              workers,
		Queues:               map[string]river.QueueConfig{queueWebhook: {MaxWorkers: 1}, queueMail: {MaxWorkers: 8}, queueUpkeep: {MaxWorkers: 2}, queueLog: {MaxWorkers: 2}, queueTitle: {MaxWorkers: 4}, queueStatus: {MaxWorkers: 4}, queueStamp: {MaxWorkers: 2}, queueAnnounce: {MaxWorkers: 1}},
		PeriodicJobs:         periodic(),
		FetchCooldown:        fetchCooldown,
		FetchPollInterval:    time.Second,
		JobTimeout:           jobTimeout,
		RescueStuckJobsAfter: rescueAfter,
		SoftStopTimeout:      softStop,
		Middleware:           []rivertype.Middleware{river.WorkerMiddlewareFunc(caught(c))},
		ErrorHandler:         &failures{log: c.Log},
	}
}

// caught turns a panic into an error without its value, which may hold what
// was worked on: River would write it into the job's row.
func caught(c Config) func(context.Context, *rivertype.JobRow, func(context.Context) error) error {
	return func(ctx context.Context, job *rivertype.JobRow, work func(context.Context) error) (err error) {
		defer func() {
			if v := recover(); v != nil {
				c.Log.ErrorContext(ctx, "job panicked", "kind", job.Kind, "job", job.ID, "value", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
				err = errPanicked
			}
		}()
		return work(ctx)
	}
}

var errPanicked = errors.New("the worker panicked")

// Start begins to work jobs off and to lead the numbering. Jobs go on until
// Stop is called, whatever becomes of ctx.
func (j *Jobs) Start(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	// Before any work: an audit event on its way into the default partition
	// fails where its month's partition is made meanwhile.
	if err := j.config.Upkeep.MakePartitions(ctx, j.config.Clock.Now()); err != nil {
		j.config.Log.ErrorContext(ctx, "making partitions failed", "error", err)
	}
	if err := j.client.Start(ctx); err != nil {
		return fmt.Errorf("starting queue: %w", err)
	}
	ctx, j.cancel = context.WithCancel(ctx)
	j.postman = newPostman(j.config)
	j.going.Go(func() { j.number(ctx) })
	j.going.Go(func() { j.postman.run(ctx) })
	if j.config.StatusLists != nil {
		j.going.Go(func() { j.publishLists(ctx) })
	}
	return nil
}

// Stop takes no more work, waits for what is running and returns; where ctx
// ends first, running jobs are cut off and tried again later.
func (j *Jobs) Stop(ctx context.Context) error {
	if j.cancel == nil {
		return nil
	}
	j.cancel()
	j.going.Wait()
	j.postman.stop(ctx)
	err := j.client.Stop(ctx)
	if err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), softStop)
	defer cancel()
	if err := j.client.StopAndCancel(ctx); err != nil {
		return fmt.Errorf("stopping queue: %w", err)
	}
	return nil
}
