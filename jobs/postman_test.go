// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ininjo/jobs"
	"ininjo/poa"
)

// second is another process on the same database.
func (w *world) second(t *testing.T, change func(*jobs.Config)) {
	t.Helper()
	c := w.config
	change(&c)
	room, err := jobs.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := room.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := room.Stop(ctx); err != nil {
			t.Errorf("stopping: %v", err)
		}
	})
}

// A worker that hangs is taken over when its lease ends; what it says afterwards
// changes nothing.
func TestHangingWorkerIsTakenOver(t *testing.T) {
	t.Parallel()
	begun, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w := newWorld(t, func(c *jobs.Config) {
		c.Lease = time.Second
		c.Webhook = postFunc(func(context.Context) jobs.Response {
			once.Do(func() { close(begun) })
			<-release
			return jobs.Response{Status: 500, Error: jobs.PostStatus}
		})
	})
	w.start(t)
	r := newReceiver(t)
	e := w.endpoint(t, w.party(t, poa.PartyRecipient, "ja"), r.URL)
	w.test(t, e)
	next(t, begun)
	w.second(t, func(c *jobs.Config) { c.Webhook = poster{http.DefaultClient} })
	next(t, r.got)
	until(t, "the other one's delivery is recorded", func() bool { return w.delivery(t, e).State == poa.DeliveryDelivered })
	close(release)
	w.stop(t)
	if d := w.delivery(t, e); d.State != poa.DeliveryDelivered || d.Attempts != 1 || d.LastStatus != 200 {
		t.Errorf("the one that hung had the last word: %+v", d)
	}
}

// One endpoint that never answers delays nobody else, though more is due for it
// than a process holds.
func TestHangingEndpointDelaysNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inner := poster{http.DefaultClient}
	var under, most atomic.Int64
	w.config.Webhook = postByURL(func(ctx context.Context, r jobs.Request) jobs.Response {
		if !strings.HasSuffix(r.URL, "/hang") {
			return inner.Post(ctx, r)
		}
		if n := under.Add(1); n > most.Load() {
			most.Store(n)
		}
		<-ctx.Done()
		return jobs.Response{Error: jobs.PostTimeout}
	})
	w.renew(t)
	recipient := w.party(t, poa.PartyRecipient, "ja")
	r := newReceiver(t)
	hanging, well := w.endpoint(t, recipient, r.URL+"/hang"), w.endpoint(t, recipient, r.URL)
	for range 100 {
		w.test(t, hanging)
	}
	if err := w.jobs.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "the hanging one is as busy as it may be", func() bool { return under.Load() == int64(hanging.MaxInFlight) })
	w.test(t, well)
	next(t, r.got)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.jobs.Stop(over); err != nil {
		t.Fatal(err)
	}
	if most.Load() > int64(hanging.MaxInFlight) {
		t.Errorf("%d posts were under way at once", most.Load())
	}
}

type postByURL func(context.Context, jobs.Request) jobs.Response

func (f postByURL) Post(ctx context.Context, r jobs.Request) jobs.Response { return f(ctx, r) }

// renew makes the room anew from a changed configuration.
func (w *world) renew(t *testing.T) {
	t.Helper()
	var err error
	if w.jobs, err = jobs.New(w.config); err != nil {
		t.Fatal(err)
	}
}

// A rate holds however much is due.
func TestRate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	recipient, r := w.party(t, poa.PartyRecipient, "ja"), newReceiver(t)
	e := w.endpoint(t, recipient, r.URL)
	e.RatePerSecond = 20
	w.in(t, func(ctx context.Context, tx poa.Tx) error { return tx.UpdateEndpoint(ctx, e) })
	for range 11 {
		w.test(t, e)
	}
	began := (poa.SystemClock{}).Now()
	w.start(t)
	for range 11 {
		next(t, r.got)
	}
	if took := (poa.SystemClock{}).Now().Sub(began); took < 500*time.Millisecond {
		t.Errorf("11 posts at 20 a second took %s", took)
	}
}

// Every change arrives though two processes deliver, each once, each number once.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	delegator, watcher, r := w.party(t, poa.PartyDelegator, "ja"), w.party(t, poa.PartyRecipient, "ja"), newReceiver(t)
	e := w.endpoint(t, watcher, r.URL)
	d := w.delegation(t, delegator)
	w.watch(t, watcher, d.ID)
	w.start(t)
	w.second(t, func(*jobs.Config) {})
	seen := map[int64]bool{}
	for range 40 {
		w.revoked(t, d)
	}
	for range 40 {
		body := verified(t, next(t, r.got), e.Secret)
		if seen[body.Data.Sequence] || body.Data.Previous != body.Data.Sequence-1 {
			t.Errorf("told %+v", body.Data)
		}
		seen[body.Data.Sequence] = true
	}
	if len(seen) != 40 || !seen[1] || !seen[40] {
		t.Errorf("%d numbers", len(seen))
	}
}
