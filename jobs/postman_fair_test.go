// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"ininjo/jobs"
	"ininjo/poa"
)

// slowTaking is a database that gives out what is due when it is let: so a test
// decides what the leader hands over before, and what after.
type slowTaking struct {
	poa.Store
	asked, let chan struct{}
}

func (s slowTaking) TakeDeliveries(ctx context.Context, t poa.Taking) ([]poa.Delivery, error) {
	select {
	case s.asked <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case <-s.let:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return s.Store.TakeDeliveries(ctx, t)
}

// take lets what is due be taken once, and returns when it is asked for again:
// by then what was taken has been accepted.
func (s slowTaking) take(t *testing.T) {
	t.Helper()
	s.let <- struct{}{}
	next(t, s.asked)
}

// gated is a receiver that answers a post when it is let, one after another, and
// tells which numbers came.
type gated struct {
	came chan int64
	let  chan struct{}
}

func (g gated) Post(ctx context.Context, r jobs.Request) jobs.Response {
	var body poa.WebhookBody
	if err := json.Unmarshal(r.Body, &body); err != nil {
		return jobs.Response{Error: jobs.PostInvalid}
	}
	g.came <- body.Data.Sequence
	select {
	case <-g.let:
		return jobs.Response{Status: 200}
	case <-ctx.Done():
		return jobs.Response{Error: jobs.PostTimeout}
	}
}

// fairWorld is a world with a receiver that is posted to one at a time, so that
// the leader hands over few, and a database that gives out when it is
// let.
func fairWorld(t *testing.T) (*world, slowTaking, gated) {
	t.Helper()
	w := newWorld(t)
	taking := slowTaking{w.DB, make(chan struct{}), make(chan struct{})}
	receiver := gated{make(chan int64, 500), make(chan struct{}, 500)}
	w.notifier = poa.NewNotifier(w.Clock, taking, w.config.Policy)
	w.config.Notifier, w.config.Webhook = w.notifier, receiver
	w.renew(t)
	return w, taking, receiver
}

// narrow is an endpoint of a watcher that is posted to one at a time.
func (w *world) narrow(t *testing.T, d poa.Delegation) poa.Endpoint {
	t.Helper()
	watcher := w.party(t, poa.PartyRecipient, "ja")
	e := w.endpoint(t, watcher, "https://narrow.example")
	e.MaxInFlight = 1
	w.in(t, func(ctx context.Context, tx poa.Tx) error { return tx.UpdateEndpoint(ctx, e) })
	w.watch(t, watcher, d.ID)
	return e
}

// fill tells of changes until four wait in the database: the first is posted and
// waits for its answer, the leader handed over as many as it may, and the last of
// these has the number returned.
func (w *world) fill(t *testing.T, e poa.Endpoint, d poa.Delegation, receiver gated) int64 {
	t.Helper()
	w.revoked(t, d)
	if came := next(t, receiver.came); came != 1 {
		t.Errorf("first came %d", came)
	}
	for n := 2; n <= 100; n++ {
		w.revoked(t, d)
		if inHand, queued := w.handed(t, e, n); len(queued) == 4 {
			if last := int64(len(inHand)); inHand[last] && queued[last+1] && queued[last+4] {
				return last
			}
			t.Fatalf("in hand %v, waiting in the database %v", inHand, queued)
		}
	}
	t.Fatal("the leader hands over without end")
	return 0
}

// handed are the numbers of an endpoint's waiting deliveries that somebody has in
// hand, and those that wait in the database, once there are so many in all.
func (w *world) handed(t *testing.T, e poa.Endpoint, all int) (inHand, queued map[int64]bool) {
	t.Helper()
	until(t, "every change is numbered", func() bool {
		deliveries, err := w.DB.Deliveries(t.Context(), e.ID, 1000)
		if err != nil {
			t.Fatal(err)
		}
		inHand, queued = map[int64]bool{}, map[int64]bool{}
		for _, d := range deliveries {
			switch {
			case d.NextAt.IsZero():
			case d.LeasedUntil.IsZero():
				queued[d.Notice.Sequence] = true
			default:
				inHand[d.Notice.Sequence] = true
			}
		}
		return len(deliveries) == all
	})
	return inHand, queued
}

// What waits in the database for an endpoint is not overtaken by what the leader
// could hand over: while some waits, all that is new goes behind it; afterwards
// it is handed over again.
func TestWhatWaitsIsNotOvertaken(t *testing.T) {
	t.Parallel()
	w, taking, receiver := fairWorld(t)
	d := w.delegation(t, w.party(t, poa.PartyDelegator, "ja"))
	e := w.narrow(t, d)
	w.start(t)
	next(t, taking.asked)
	last := w.fill(t, e, d, receiver)
	all := last + 4
	for n := range last { // a place becomes free, and something new happens
		receiver.let <- struct{}{}
		w.revoked(t, d)
		all++
		if _, queued := w.handed(t, e, int(all)); !queued[last+1] || !queued[all] {
			t.Fatalf("waiting in the database: %v", queued)
		}
		if n+1 == last {
			break
		}
		if came := next(t, receiver.came); came != n+2 {
			t.Errorf("number %d came after %d", came, n+1)
		}
	}
	taking.take(t)
	seen := map[int64]bool{}
	for range all - last {
		seen[next(t, receiver.came)] = true
		receiver.let <- struct{}{}
	}
	if len(seen) != int(all-last) || !seen[last+1] || !seen[all] {
		t.Errorf("of %d to %d came %v", last+1, all, seen)
	}
	until(t, "nothing waits", func() bool { inHand, queued := w.handed(t, e, int(all)); return len(inHand)+len(queued) == 0 })
	w.revoked(t, d)
	if came := next(t, receiver.came); came != all+1 {
		t.Errorf("after all that waited came %d", came)
	}
	receiver.let <- struct{}{}
}

// What waits for an endpoint is remembered though what is due for others, few of
// many or many of one, fills all that the database looks at.
func TestWhatWaitsBehindOthersIsNotOvertaken(t *testing.T) {
	t.Parallel()
	for name, others := range map[string]struct{ endpoints, each int }{"many of one": {1, 400}, "few of many": {10, 40}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, taking, receiver := fairWorld(t)
			delegator := w.party(t, poa.PartyDelegator, "ja")
			d := w.delegation(t, delegator)
			e := w.narrow(t, d)
			for range others.endpoints {
				w.due(t, w.endpoint(t, delegator, "https://busy.example", poa.NoticeClosing), others.each)
			}
			w.start(t)
			next(t, taking.asked)
			last := w.fill(t, e, d, receiver)
			taking.take(t) // the others' alone
			for range 300 {
				receiver.let <- struct{}{}
			}
			until(t, "what was in hand is delivered", func() bool { inHand, _ := w.handed(t, e, int(last)+4); return len(inHand) == 0 })
			w.revoked(t, d)
			if _, queued := w.handed(t, e, int(last)+5); !queued[last+1] || !queued[last+5] {
				t.Errorf("waiting in the database: %v", queued)
			}
		})
	}
}

// due stores so many deliveries that have long been due.
func (w *world) due(t *testing.T, e poa.Endpoint, n int) {
	t.Helper()
	long := w.Clock.Now().AddDate(0, 0, -1)
	deliveries := make([]poa.Delivery, n)
	for i := range deliveries {
		deliveries[i] = poa.Delivery{ID: poa.NewID(poa.PrefixDelivery), EndpointID: e.ID, State: poa.DeliveryPending, NextAt: long,
			Notice: poa.Notice{PartyID: e.PartyID, Change: poa.Change{Type: poa.NoticeTest, At: long}}}
	}
	for some := range slices.Chunk(deliveries, 1000) {
		w.in(t, func(ctx context.Context, tx poa.Tx) error { return tx.InsertDeliveries(ctx, some) })
	}
}

// One endpoint's many, more than a process may hold and all due for longer, do
// not hide another's few.
func TestManyHideNoFew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := newReceiver(t)
	inner := w.config.Webhook
	var hanging atomic.Int64
	w.config.Webhook = postByURL(func(ctx context.Context, q jobs.Request) jobs.Response {
		if !strings.HasSuffix(q.URL, "/hang") {
			return inner.Post(ctx, q)
		}
		hanging.Add(1)
		<-ctx.Done()
		return jobs.Response{Error: jobs.PostTimeout}
	})
	w.renew(t)
	party := w.party(t, poa.PartyRecipient, "ja")
	w.due(t, w.endpoint(t, party, r.URL+"/hang"), 9000)
	few := w.endpoint(t, party, r.URL)
	for range 3 {
		w.test(t, few)
	}
	if err := w.jobs.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		next(t, r.got)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.jobs.Stop(over); err != nil {
		t.Fatal(err)
	}
	if n := hanging.Load(); n > poa.DefaultInFlight {
		t.Errorf("%d posts to the hanging one", n)
	}
}
