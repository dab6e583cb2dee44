// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// Bounds of waiting for notices in one process.
const (
	// MaxWaitersOfParty is how many of a party may wait at once.
	MaxWaitersOfParty = 16
	// MaxWaiters is how many may wait in all.
	MaxWaiters = 10_000
)

const (
	// lookEvery is the net under rings, which may be lost.
	lookEvery = time.Second
	// sweepEvery is after how many of these the tokens of all who wait are looked
	// at: a withdrawn one ends what waits by it.
	sweepEvery = 5
	// lookPause is the least time between two looks: a hundred rings in a second
	// are answered by as many looks as wake somebody in time.
	lookPause = 10 * time.Millisecond
)

// HeadReader reads what a bell looks at: for all who wait at once, since each
// for itself would keep the database busy while nothing happens.
type HeadReader interface {
	// Heads reads where the sequences of parties stand.
	Heads(ctx context.Context, partyIDs []string) (map[string]Head, error)
	// Holding returns those of the tokens that hold now.
	Holding(ctx context.Context, tokenIDs []string) (map[string]bool, error)
}

// Bell wakes who waits for notices in this process. One look into the store
// serves all who wait, and whoever waits holds no connection.
type Bell struct {
	heads HeadReader

	mu      sync.Mutex
	waiters map[string]map[*Waiter]struct{}
	count   int
	over    chan struct{}
	once    sync.Once
}

// NewBell returns a bell that looks into the store.
func NewBell(heads HeadReader) *Bell {
	return &Bell{heads: heads, waiters: map[string]map[*Waiter]struct{}{}, over: make(chan struct{})}
}

// Waiter is one who waits for a party's notices.
type Waiter struct {
	bell  *Bell
	party string
	// token is the API token that it waits by, "" for none.
	token string
	// known is what the waiter read, seen what the last look found.
	known, seen Head
	woken       chan struct{}
}

// Enter takes a place among those who wait for the actor's party; RATE_LIMITED
// where the party's, or all, are taken. It must be given back by Leave. Enter before reading: nothing
// that commits after the read is then missed.
func (b *Bell) Enter(actor Actor) (*Waiter, error) {
	party := actor.PartyID
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.count >= MaxWaiters || len(b.waiters[party]) >= MaxWaitersOfParty {
		return nil, &Error{Code: CodeRateLimited}
	}
	w := &Waiter{bell: b, party: party, token: actor.TokenID, woken: make(chan struct{}, 1)}
	if b.waiters[party] == nil {
		b.waiters[party] = map[*Waiter]struct{}{}
	}
	b.waiters[party][w] = struct{}{}
	b.count++
	return w, nil
}

// Leave gives the place back.
func (w *Waiter) Leave() {
	b := w.bell
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, there := b.waiters[w.party][w]; !there {
		return
	}
	delete(b.waiters[w.party], w)
	b.count--
	if len(b.waiters[w.party]) == 0 {
		delete(b.waiters, w.party)
	}
}

// Waiting is how many wait, for the metrics.
func (b *Bell) Waiting() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.count
}

// Close ends all waiting: the process stops.
func (b *Bell) Close() { b.once.Do(func() { close(b.over) }) }

// Wait returns true once there is more to read than known or the waiter's token
// is in doubt, and false after a while, at the end of ctx or when the process
// stops.
func (w *Waiter) Wait(ctx context.Context, known Head) bool {
	if w.rings(known) {
		return true
	}
	maximum := MaxWait
	if w.token == "" {
		maximum = recheckEvery
	}
	timer := time.NewTimer(maximum)
	defer timer.Stop()
	select {
	case <-w.woken:
		return true
	case <-timer.C:
	case <-ctx.Done():
	case <-w.bell.over:
	}
	return false
}

// rings notes what the waiter knows, and reports whether a look since Enter saw
// more.
func (w *Waiter) rings(known Head) bool {
	w.bell.mu.Lock()
	defer w.bell.mu.Unlock()
	select {
	case <-w.woken: // of what is known by now
	default:
	}
	w.known = known
	return w.seen.Stream == known.Stream && w.seen.newer(known)
}

// Run looks at every ring, and every second in any case, until ctx is over.
func (b *Bell) Run(ctx context.Context, rings <-chan struct{}, failed func(error)) {
	net := time.NewTicker(lookEvery)
	defer net.Stop()
	for ticks := 0; ; {
		looks := []func(context.Context) error{b.look}
		select {
		case <-ctx.Done():
			return
		case <-rings:
		case <-net.C:
			if ticks++; ticks%sweepEvery == 0 {
				looks = append(looks, b.sweep)
			}
		}
		for _, look := range looks {
			if err := look(ctx); err != nil && ctx.Err() == nil {
				failed(err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookPause):
		}
	}
}

// look reads the heads of all who wait, once, and wakes whom there is more for.
func (b *Bell) look(ctx context.Context) error {
	parties := b.waited()
	if len(parties) == 0 {
		return nil
	}
	heads, err := b.heads.Heads(ctx, parties)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for party, head := range heads {
		for w := range b.waiters[party] {
			w.seen = head
			if w.known.Stream != "" && head.newer(w.known) {
				w.wake()
			}
		}
	}
	return nil
}

func (w *Waiter) wake() {
	select {
	case w.woken <- struct{}{}:
	default:
	}
}

// sweep wakes those whose tokens hold no more: asked again, they are refused.
func (b *Bell) sweep(ctx context.Context) error {
	by := b.tokens()
	if len(by) == 0 {
		return nil
	}
	holding, err := b.heads.Holding(ctx, slices.Collect(maps.Keys(by)))
	if err != nil {
		return err
	}
	for token, waiters := range by {
		for _, w := range waiters {
			if !holding[token] {
				w.wake()
			}
		}
	}
	return nil
}

// tokens are those that somebody waits by.
func (b *Bell) tokens() map[string][]*Waiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	by := make(map[string][]*Waiter, b.count)
	for _, waiters := range b.waiters {
		for w := range waiters {
			if w.token != "" {
				by[w.token] = append(by[w.token], w)
			}
		}
	}
	return by
}

func (b *Bell) waited() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	parties := make([]string, 0, len(b.waiters))
	for party := range b.waiters {
		parties = append(parties, party)
	}
	return parties
}
