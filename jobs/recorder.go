// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"sync"
	"time"

	"ininjo/poa"
)

const (
	// recordBatch bounds what is recorded in one transaction.
	recordBatch = 500
	// recordTimeout bounds one transaction; recordAgain is the wait after one that
	// failed. It is tried as long as a lease: then others deliver again.
	recordTimeout = 10 * time.Second
	// recordLinger is how long outcomes are gathered: a transaction for each would
	// cost more than the posts. What failed is not gathered for so long: its endpoint
	// is sent nothing until it is recorded.
	recordLinger = 50 * time.Millisecond
	failedLinger = 5 * time.Millisecond
	recordAgain  = 200 * time.Millisecond
)

// recorder writes outcomes down, everything that came in meanwhile at once: one
// transaction under way, so that a burst costs few commits.
type recorder struct {
	postman *postman

	mu       sync.Mutex
	outcomes []poa.Outcome
	given    []string // deliveries to be given back
	wake     chan struct{}
	// urgent is poked where somebody waits for what is recorded.
	urgent chan struct{}
	over   context.CancelFunc
	done   sync.WaitGroup
}

func newRecorder(p *postman) *recorder {
	r := &recorder{postman: p, wake: make(chan struct{}, 1), urgent: make(chan struct{}, 1)}
	ctx, over := context.WithCancel(context.Background())
	r.over = over
	r.done.Go(func() { r.run(ctx) })
	return r
}

func (r *recorder) add(o poa.Outcome) {
	r.mu.Lock()
	r.outcomes = append(r.outcomes, o)
	full := len(r.outcomes) >= recordBatch
	r.mu.Unlock()
	if full || o.Error != "" {
		poke(r.urgent)
	}
	poke(r.wake)
}

func (r *recorder) release(ids ...string) {
	if len(ids) == 0 {
		return
	}
	r.mu.Lock()
	r.given = append(r.given, ids...)
	r.mu.Unlock()
	poke(r.urgent)
	poke(r.wake)
}

// take returns what is to be written, at most a batch.
func (r *recorder) take() (outcomes []poa.Outcome, given []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(len(r.outcomes), recordBatch)
	outcomes, r.outcomes = r.outcomes[:n:n], r.outcomes[n:]
	given, r.given = r.given, nil
	return outcomes, given
}

func (r *recorder) run(ctx context.Context) {
	for {
		over := ctx.Err() != nil // before the look: what came in until then is seen
		outcomes, given := r.take()
		if len(outcomes)+len(given) > 0 {
			r.write(outcomes, given)
		} else if over {
			return
		}
		if len(outcomes) == recordBatch {
			continue // more may wait
		}
		select {
		case <-ctx.Done():
		case <-r.wake:
			r.linger(ctx)
		}
	}
}

// linger waits for more to be recorded with what came, not as long where somebody
// waits for it.
func (r *recorder) linger(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-time.After(recordLinger):
		return
	case <-r.urgent:
	}
	select {
	case <-ctx.Done():
	case <-time.After(failedLinger):
	}
}

// write records a batch. What cannot be written for longer than a lease is left:
// it was posted, and is posted again, with the same ID.
func (r *recorder) write(outcomes []poa.Outcome, given []string) {
	p := r.postman
	var changed map[string]poa.Endpoint
	if len(outcomes) > 0 {
		r.tryAgain("recording attempts", func(ctx context.Context) (err error) {
			changed, err = p.Notifier.Attempted(ctx, p.MachineClock.Now(), p.Retries.Webhook, outcomes)
			return err
		})
		p.recorded(outcomes, changed)
	}
	if len(given) > 0 {
		r.tryAgain("giving deliveries back", func(ctx context.Context) error { return p.Notifier.Release(ctx, given) })
	}
}

func (r *recorder) tryAgain(what string, write func(context.Context) error) {
	clock := r.postman.MachineClock
	end := clock.Now().Add(r.postman.Lease)
	for {
		ctx, cancel := context.WithTimeout(context.Background(), recordTimeout)
		err := write(r.postman.Leader.Ahead(ctx))
		cancel()
		if err == nil {
			return
		}
		r.postman.Log.Warn(what+" failed", "error", err)
		if r.ending() || clock.Now().After(end) {
			return
		}
		<-time.After(recordAgain)
	}
}

// ending reports whether the program stops: then a database that is away is not
// waited for.
func (r *recorder) ending() bool {
	r.postman.mu.Lock()
	defer r.postman.mu.Unlock()
	return r.postman.stopped
}

// stop returns once everything is written.
func (r *recorder) stop() {
	r.over()
	r.done.Wait()
}
