// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"ininjo/poa"
)

const (
	// inHand bounds the parcels of a process, each what is taken for one endpoint
	// at a time.
	inHand = 8192
	each   = 4 * poa.DefaultInFlight
	// takeEvery is the net under wake-ups, and how late a retry may be.
	takeEvery = 250 * time.Millisecond
	// takeTimeout bounds a claim, and how long a stop waits for one.
	takeTimeout = 3 * time.Second
	// looked is how many due deliveries the store looks at for what it gives: where
	// it gives as many, more may be due behind them.
	looked = 256
	// freshFor is for how long an endpoint is posted to as it was read.
	freshFor = time.Second
)

// postman delivers webhooks: what the numbering leader hands over, and what is
// due. Deliveries are their own queue in the database, since River's, with a job
// each, would cost four more statements a notice; a lease lets another process
// take over what hangs.
type postman struct {
	Config
	// recorder takes outcomes.
	recorder *recorder

	mu      sync.Mutex
	lines   map[string]*line
	held    int
	stopped bool
	// behind is set while more may be due than was taken: then each post that ends
	// makes room for some.
	behind bool
	// queued are the endpoints that due deliveries wait for in the database: new
	// ones go behind them and are not handed over, or they would never come.
	queued map[string]bool

	// wake is poked where something may be due.
	wake chan struct{}
	// posts is the context of posts under way; cut ends it.
	posts  context.Context
	cut    context.CancelFunc
	flying sync.WaitGroup
}

func newPostman(c Config) *postman {
	p := &postman{Config: c, lines: map[string]*line{}, queued: map[string]bool{}, wake: make(chan struct{}, 1)}
	p.posts, p.cut = context.WithCancel(context.Background())
	p.recorder = newRecorder(p)
	return p
}

// spare is how much of a lease may be spent waiting, so that a post still ends
// within it.
func (p *postman) spare() time.Duration { return p.Lease * 2 / 3 }

// run takes what is due until ctx is over.
func (p *postman) run(ctx context.Context) {
	tick := time.NewTicker(takeEvery)
	defer tick.Stop()
	for {
		more := p.takeDue(ctx)
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-p.Due:
		case <-p.wake:
		case <-tick.C:
			p.forget()
		}
	}
}

// takeDue takes once and reports whether there is probably more.
func (p *postman) takeDue(ctx context.Context) bool {
	now := p.MachineClock.Now()
	t := poa.Taking{Now: now, Until: now.Add(p.Lease), Each: each}
	p.mu.Lock()
	t.Most = inHand - p.held
	for id, l := range p.lines {
		if l.room(now) <= 0 {
			t.Except = append(t.Except, id)
		}
	}
	p.behind = len(t.Except) > 0 || t.Most <= 0
	p.mu.Unlock()
	if t.Most <= 0 || ctx.Err() != nil {
		return false
	}
	// A statement that is cut off may still run, after what was in hand was given
	// back: it would be leased to nobody.
	taking, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeTimeout)
	defer cancel()
	parcels, err := p.Notifier.Take(taking, t)
	if err != nil {
		if ctx.Err() == nil {
			p.Log.WarnContext(ctx, "taking deliveries failed", "error", err)
		}
		return false
	}
	p.accept(parcels)
	p.caughtUp(t, parcels)
	return len(parcels) > 0
}

// caughtUp forgets the endpoints that nothing waits for any more: they were
// asked for, and all that was due was given. Where an endpoint was given all that
// it may have, its others may hide what waits for the rest.
func (p *postman) caughtUp(t poa.Taking, parcels []poa.Parcel) {
	if len(parcels) >= min(t.Most, looked) {
		return
	}
	given := map[string]int{}
	for _, parcel := range parcels {
		if given[parcel.Endpoint.ID]++; given[parcel.Endpoint.ID] >= t.Each {
			return
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for id := range p.queued {
		if !slices.Contains(t.Except, id) {
			delete(p.queued, id)
		}
	}
}

// reservation counts what the leader takes in a transaction that may yet fail.
type reservation struct {
	postman *postman
	total   int
	by      map[string]int
}

func (p *postman) reserve() *reservation { return &reservation{postman: p, by: map[string]int{}} }

// mine reports whether this process has room for a delivery.
func (r *reservation) mine(d poa.Delivery) bool {
	p := r.postman
	p.mu.Lock()
	defer p.mu.Unlock()
	room := each
	if l := p.lines[d.EndpointID]; l != nil {
		room = l.room(p.MachineClock.Now())
	}
	if p.stopped || p.queued[d.EndpointID] || r.by[d.EndpointID] >= room || p.held+r.total >= inHand {
		p.behind, p.queued[d.EndpointID] = true, true
		return false
	}
	r.by[d.EndpointID]++
	r.total++
	return true
}

// accept puts leased parcels into their lines.
func (p *postman) accept(parcels []poa.Parcel) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.MachineClock.Now()
	for _, parcel := range parcels {
		l := p.lines[parcel.Endpoint.ID]
		if l == nil {
			l = &line{spare: p.spare()}
			p.lines[parcel.Endpoint.ID] = l
		}
		l.set(parcel.Endpoint, now)
		l.waiting = append(l.waiting, parcel)
		p.held++
	}
	for _, parcel := range parcels {
		p.pump(p.lines[parcel.Endpoint.ID])
	}
}

// pump begins posts of a line while it may. The caller holds the lock.
func (p *postman) pump(l *line) {
	for !p.stopped {
		now := p.MachineClock.Now()
		if l.stale(now) {
			l.reading = true
			first := l.waiting[0].Delivery
			p.flying.Go(func() { p.refresh(l, first) })
			return
		}
		fly, later := l.mayFly(now)
		if !fly {
			if later > 0 && !l.timed {
				l.timed = true
				time.AfterFunc(later, func() { p.goOn(l) })
			}
			return
		}
		parcel := l.waiting[0]
		l.waiting = l.waiting[1:]
		if parcel.Delivery.LeasedUntil.Sub(now) < p.Lease-p.spare() {
			p.held-- // too late to end within the lease: it is taken anew
			continue
		}
		l.flying++
		parcel.Endpoint = l.endpoint
		p.flying.Go(func() { p.fly(l, parcel) })
	}
}

// refresh reads the endpoint of a line anew: what waited behind a slow post must
// not go to one that was deleted or switched off meanwhile, nor be signed by a
// secret that holds no more.
func (p *postman) refresh(l *line, first poa.Delivery) {
	parcels, err := p.Notifier.Parcels(p.posts, []poa.Delivery{first})
	var back []string
	p.mu.Lock()
	l.reading = false
	now := p.MachineClock.Now()
	if err == nil && len(parcels) > 0 {
		l.set(parcels[0].Endpoint, now)
	}
	if err != nil || len(parcels) == 0 || l.endpoint.PausedUntil.After(now) {
		back = l.drop()
	}
	p.held -= len(back)
	p.pump(l)
	p.mu.Unlock()
	p.recorder.release(back...)
}

func (p *postman) goOn(l *line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.timed = false
	p.pump(l)
}

// fly posts one parcel and hands over what became of it.
func (p *postman) fly(l *line, parcel poa.Parcel) {
	outcome := p.post(parcel)
	cut := p.posts.Err() != nil // the program stops: no attempt of the endpoint's
	failed := outcome.Error != ""
	p.mu.Lock()
	l.flying--
	if failed && !cut {
		l.unsure++
	}
	p.pump(l)
	more := p.behind && l.room(p.MachineClock.Now()) > 0
	p.mu.Unlock()
	if cut {
		p.recorder.release(parcel.Delivery.ID)
		return
	}
	p.recorder.add(outcome)
	if more {
		poke(p.wake)
	}
}

// post makes one attempt. A panic is an attempt that failed; its value, which may
// hold what was worked on, is not written.
func (p *postman) post(parcel poa.Parcel) (o poa.Outcome) {
	started := p.MachineClock.Now()
	o = poa.Outcome{Parcel: parcel, Attempt: poa.Attempt{DeliveryID: parcel.Delivery.ID, Number: parcel.Delivery.Attempts + 1}}
	defer func() {
		if v := recover(); v != nil {
			p.Log.ErrorContext(p.posts, "job panicked", "kind", "delivery", "delivery", parcel.Delivery.ID, "value", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			o.Attempt.Status, o.Attempt.Error = 0, PostInvalid
		}
		o.At, o.Millis = p.Clock.Now(), p.MachineClock.Now().Sub(started).Milliseconds()
	}()
	request, err := p.webhookRequest(parcel.Delivery, parcel.Endpoint)
	if err != nil {
		o.Attempt.Error = PostInvalid
		return o
	}
	response := p.Webhook.Post(p.posts, request)
	o.Attempt.Status, o.Attempt.Error, o.Answer, o.RetryAfter = response.Status, response.Error, response.Body, response.RetryAfter
	return o
}

// recorded is called once outcomes are recorded: lines go on, or pause as their
// endpoints do.
func (p *postman) recorded(outcomes []poa.Outcome, changed map[string]poa.Endpoint) {
	var back []string
	p.mu.Lock()
	now := p.MachineClock.Now()
	for _, o := range outcomes {
		p.held--
		l := p.lines[o.Endpoint.ID]
		if l == nil || o.Error == "" {
			continue
		}
		l.unsure--
	}
	for _, o := range outcomes {
		l := p.lines[o.Endpoint.ID]
		if l == nil {
			continue
		}
		if e, ok := changed[o.Endpoint.ID]; ok {
			l.set(e, now)
			if e.PausedUntil.After(now) || e.State != poa.EndpointActive {
				back = append(back, l.drop()...)
			}
		}
		p.pump(l)
	}
	p.held -= len(back)
	p.mu.Unlock()
	p.recorder.release(back...)
}

// drop empties the line of what waits and returns its IDs.
func (l *line) drop() []string {
	var ids []string
	for _, parcel := range l.waiting {
		ids = append(ids, parcel.Delivery.ID)
	}
	l.waiting = nil
	return ids
}

// forget lets go of lines that stand empty.
func (p *postman) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.MachineClock.Now()
	for id, l := range p.lines {
		if l.empty(now) && !l.endpoint.PausedUntil.After(now) {
			delete(p.lines, id)
		}
	}
}

// stop begins nothing more, gives back what waits, and waits for posts under way
// until ctx is over; then they are cut off. At last everything is recorded.
func (p *postman) stop(ctx context.Context) {
	p.mu.Lock()
	p.stopped = true
	var back []string
	for _, l := range p.lines {
		back = append(back, l.drop()...)
	}
	p.mu.Unlock()
	p.recorder.release(back...)
	landed := make(chan struct{})
	go func() {
		defer close(landed)
		p.flying.Wait()
	}()
	select {
	case <-landed:
	case <-ctx.Done():
	}
	p.cut()
	<-landed
	p.recorder.stop()
}

// poke wakes whoever waits at c and never waits itself.
func poke(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
