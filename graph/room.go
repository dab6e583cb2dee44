// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"ininjo/poa"
)

const (
	// roomWait is how long a large body waits for room. net/http would end the
	// request after 30 seconds without a part.
	roomWait = 10 * time.Second
	// settling is how long nobody asks how fast a large body comes; after it, while
	// others wait, it has to come at a rate in bytes a second.
	settling, leastRate = 10 * time.Second, 32 << 10
	// looking is how often who waits looks for one that does not come.
	looking = time.Second
)

// tooBusy is told where there is no room for a large body, or no turn for a
// long text before its caller has gone.
var tooBusy = failure{http.StatusServiceUnavailable, poa.CodeUnavailable}

// room bounds the memory of the large bodies that a process reads at once. Who
// waits for it holds no more than largeBody. While somebody waits, bodies that
// hardly come are sent away: a few that trickle must not keep all others out.
type room struct {
	free    *semaphore.Weighted
	machine poa.Clock

	mu     sync.Mutex
	guests map[*guest]struct{}
}

func newRoom(bytes int64) *room {
	return &room{free: semaphore.NewWeighted(bytes), machine: poa.SystemClock{}, guests: map[*guest]struct{}{}}
}

// guest is a large body that has room.
type guest struct {
	room     *room
	size     int64
	since    time.Time
	come     atomic.Int64
	sentAway atomic.Bool
	deadline *http.ResponseController
}

// enter waits for room for a body of a size.
func (m *room) enter(ctx context.Context, size int64, deadline *http.ResponseController) (*guest, error) {
	if !m.free.TryAcquire(size) {
		ctx, cancel := context.WithTimeout(ctx, roomWait)
		defer cancel()
		go m.hurry(ctx)
		if m.free.Acquire(ctx, size) != nil {
			return nil, tooBusy
		}
	}
	g := &guest{room: m, size: size, since: m.machine.Now(), deadline: deadline}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.guests[g] = struct{}{}
	return g, nil
}

// hurry sends away whom others wait for and who does not come, until nobody waits
// any more.
func (m *room) hurry(waiting context.Context) {
	tick := time.NewTicker(looking)
	defer tick.Stop()
	for {
		m.sendAway()
		select {
		case <-waiting.Done():
			return
		case <-tick.C:
		}
	}
}

func (m *room) sendAway() {
	now := m.machine.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	for g := range m.guests {
		if stayed := now.Sub(g.since); stayed > settling && float64(g.come.Load()) < leastRate*stayed.Seconds() {
			g.sentAway.Store(true)
			_ = g.deadline.SetReadDeadline(now) // it is told when it reads on, where nothing wakes it
		}
	}
}

// came notes how much of the body is there, and tells who was sent away.
func (g *guest) came(bytes int) error {
	g.come.Store(int64(bytes))
	if g.sentAway.Load() {
		return tooSlow
	}
	return nil
}

// leave gives the room back; again it does nothing, as for nil.
func (g *guest) leave() {
	if g == nil {
		return
	}
	g.room.mu.Lock()
	_, there := g.room.guests[g]
	delete(g.room.guests, g)
	g.room.mu.Unlock()
	if there {
		g.room.free.Release(g.size)
	}
}

// lane is for reading long texts, which takes milliseconds in which nothing else
// runs on that processor: half of the processors are left to short questions,
// and one lane is there in any case.
type lane chan struct{}

func newLane() lane { return make(lane, max(1, runtime.GOMAXPROCS(0)/2)) }

// pass does the work on a text of a length when it is its turn, at once where
// the text is short, and not where its caller has gone.
func (l lane) pass(ctx context.Context, length int, work func() error) error {
	if length <= cacheable {
		return work()
	}
	select {
	case l <- struct{}{}:
	case <-ctx.Done():
		return tooBusy
	}
	defer func() { <-l }()
	return work()
}
