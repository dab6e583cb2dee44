// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// giveWay is how long at most an act gives way to the numbering of what committed
// before. A disk that takes longer to keep a commit is waited for by the numbering
// alone.
const giveWay = 3 * time.Millisecond

// processors are those that the program may use, however many threads of Go it
// later runs on.
var processors = runtime.GOMAXPROCS(0)

// gate lets acts of this process give way while changes are numbered. Each
// session of the database is another of many that want the processors, and the
// one that numbers works for all that committed: were it one among them, what is
// to be numbered would grow faster than it gets on.
type gate struct {
	mu sync.Mutex
	// shut is closed when the gate opens; nil while it is open.
	shut chan struct{}
	// passed counts acts that passed all the same: one for each processor, or they
	// would stand idle while the numbering waits for the disk.
	passed int
}

// close keeps acts waiting until open is called.
func (g *gate) close() (open func()) {
	shut := make(chan struct{})
	g.mu.Lock()
	g.shut, g.passed = shut, 0
	g.mu.Unlock()
	return func() {
		g.mu.Lock()
		if g.shut == shut {
			g.shut = nil
		}
		g.mu.Unlock()
		close(shut)
	}
}

// mustWait returns what is to be waited for; nil where an act may pass.
func (g *gate) mustWait() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut != nil && g.passed < processors {
		g.passed++
		return nil
	}
	return g.shut
}

// pass returns when the gate is open, or after giveWay.
func (g *gate) pass(ctx context.Context) {
	shut := g.mustWait()
	if shut == nil {
		return
	}
	most := time.NewTimer(giveWay)
	defer most.Stop()
	select {
	case <-shut:
	case <-most.C:
	case <-ctx.Done():
	}
}
