// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ininjo/poa"
)

// target is the delegation that is revoked next. Done is the instant at which its
// revocation's commit was acknowledged, in nanoseconds; zero till then.
type target struct {
	id    poa.DelegationID
	done  atomic.Int64
	since atomic.Int32 // questions that were sent afterwards
}

// near is how many questions of each asker after a revocation count as around its
// commit; then the asker waits for the next one.
const near = 2

// TestNoStaleAnswer lets three processes be asked without pause about a
// delegation while it is revoked, again and again: of the questions sent after
// the commit was acknowledged none may be answered VALID. ININJO_STALE_TRIES says
// how many such questions there are to be.
func TestNoStaleAnswer(t *testing.T) {
	t.Parallel()
	tries := 1000
	if text := os.Getenv("ININJO_STALE_TRIES"); text != "" {
		var err error
		if tries, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	w := newAnswerWorld(t)
	const askers = 24
	var current atomic.Pointer[target]
	var after, before, stale, slowest atomic.Int64
	ctx, end := context.WithCancel(t.Context())
	var asked sync.WaitGroup
	_, token := w.newest()
	targets := make(chan *target, 16)
	asked.Go(func() {
		for ctx.Err() == nil {
			select {
			case targets <- w.nextTarget():
			case <-ctx.Done():
			}
		}
	})
	current.Store(<-targets)
	for i := range askers {
		asked.Go(func() {
			a := &asker{answerWorld: w, http: asking(askers)}
			defer a.http.CloseIdleConnections()
			base, _ := w.processes[i%len(w.processes)].at()
			for counted := 0; ctx.Err() == nil; {
				it := current.Load()
				if counted == near {
					for ; current.Load() == it && ctx.Err() == nil; pause(100 * time.Microsecond) {
					}
					counted = 0
					continue
				}
				answers, sent, _, err := a.askAt(base, token, askOne, map[string]any{"id": string(it.id)})
				if err != nil {
					w.fault(err)
					return
				}
				done := it.done.Load()
				if done == 0 || sent.UnixNano() <= done {
					before.Add(1)
					continue
				}
				counted++
				after.Add(1)
				slowest.Store(max(slowest.Load(), sent.UnixNano()-done))
				if answers[0].Status != poa.StatusRevoked {
					stale.Add(1)
					t.Errorf("%s, asked %v after its revocation, is %s", it.id, time.Duration(sent.UnixNano()-done), answers[0].Status)
				}
				it.since.Add(1)
			}
		})
	}
	revocations := 0
	for ; after.Load() < int64(tries) && !w.failed(); revocations++ {
		it := current.Load()
		pause(time.Duration(rand.IntN(3000)) * time.Microsecond)
		w.revokeNow(it)
		for it.since.Load() < askers*near && !w.failed() {
			pause(100 * time.Microsecond)
		}
		current.Store(<-targets)
	}
	end()
	asked.Wait()
	for _, fault := range w.faults[:min(len(w.faults), 5)] {
		t.Error(fault)
	}
	t.Logf("%d revocations on three processes: %d questions sent after the commit (the latest %v after it), %d stale; %d sent before it", revocations, after.Load(),
		time.Duration(slowest.Load()), stale.Load(), before.Load())
}

func (w *answerWorld) failed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.faults) > 0
}

// nextTarget files a delegation that is valid.
func (w *answerWorld) nextTarget() *target {
	today := poa.DateOf(w.clock.Now())
	n := w.file(poa.Term{From: today.AddDays(-9), Through: today.AddDays(9)})
	w.mu.Lock()
	defer w.mu.Unlock()
	return &target{id: w.stories[n].id}
}

// revokeNow commits a revocation and notes the instant of the acknowledgement: no
// reading comes between the two, as it would in a whole act.
func (w *answerWorld) revokeNow(it *target) {
	now := w.clock.Now()
	today := poa.DateOf(now)
	w.fault(w.writer.db.InTx(context.Background(), func(ctx context.Context, tx poa.Tx) error {
		_, err := tx.AppendFact(ctx, poa.Fact{DelegationID: it.id, Kind: poa.FactRevoked, Stands: true, From: now, EventID: poa.NewID("evt_")},
			poa.Term{From: today.AddDays(-9), Through: today.AddDays(9)}, now)
		return err
	}))
	it.done.Store(w.clock.Now().UnixNano())
}
