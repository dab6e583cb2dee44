// SPDX-License-Identifier: Apache-2.0

package measure_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

const (
	// probed is how much memory a probe walks through: more than a processor's
	// caches hold, and more pages than it keeps addresses of.
	probed = 64 << 20
	// probeEvery is the time between two probes, probeSteps how many accesses one
	// try of a probe has, each of which needs the one before; the fastest of
	// probeTries counts, since others have the processors as well. Together that is
	// about 3 thousandths of a processor.
	probeEvery = 250 * time.Millisecond
	probeSteps = 1000
	probeTries = 5
)

// probe looks again and again at how long an access to memory takes. Guests of the
// same host share its caches and its memory: what they take of those Linux counts
// nowhere, other than the processors' time.
type probe struct {
	walk []uint32
	at   uint32
	readings
}

// readings are what a watch found so far.
type readings struct {
	mu    sync.Mutex
	found []reading
}

// reading is what something took, at an instant of nanos.
type reading struct {
	at   int64
	took float64
}

// newProbe makes one walk that comes by so many bytes of memory in no order.
func newProbe(bytes int) *probe {
	p := &probe{walk: make([]uint32, bytes/4)}
	for i := range p.walk {
		p.walk[i] = uint32(i)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := len(p.walk) - 1; i > 0; i-- { // Sattolo: a single cycle
		j := random.IntN(i)
		p.walk[i], p.walk[j] = p.walk[j], p.walk[i]
	}
	return p
}

// watchMemory probes until the bench ends.
func watchMemory(tb testing.TB) *probe {
	p := newProbe(probed)
	watch(tb, probeEvery, p.look)
	return p
}

// watch looks again and again, until the bench ends.
func watch(tb testing.TB, every time.Duration, look func()) {
	over := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		ticks := time.NewTicker(every)
		defer ticks.Stop()
		for {
			look()
			select {
			case <-over:
				return
			case <-ticks.C:
			}
		}
	})
	tb.Cleanup(func() { close(over); watching.Wait() })
}

func (p *probe) look() {
	best := 0.0
	for range probeTries {
		began := nanos()
		for range probeSteps {
			p.at = p.walk[p.at]
		}
		if took := float64(nanos()-began) / probeSteps; best == 0 || took < best {
			best = took
		}
	}
	p.add(best)
}

// add keeps what something took just now.
func (r *readings) add(took float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.found = append(r.found, reading{nanos(), took})
}

// between is the median of what was found from one instant to before another; 0
// where nothing was.
func (r *readings) between(from, to int64) float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	var took []float64
	for _, each := range r.found {
		if each.at >= from && each.at < to {
			took = append(took, each.took)
		}
	}
	if len(took) == 0 {
		return 0
	}
	return medianOf(took)
}

func TestProbe(t *testing.T) {
	t.Parallel()
	p := newProbe(1 << 16)
	seen := 1
	for at := p.walk[0]; at != 0; at = p.walk[at] {
		seen++
	}
	if seen != len(p.walk) {
		t.Errorf("the walk comes by %d of %d places", seen, len(p.walk))
	}
	from := nanos()
	p.look()
	p.look()
	if took := p.between(from, nanos()); took <= 0 {
		t.Errorf("an access takes %v ns", took)
	}
	p.found = []reading{{1, 3}, {2, 5}, {3, 100}, {4, 4}}
	if took := p.between(1, 4); took != 5 {
		t.Errorf("the median of 3, 5 and 100 is told as %v", took)
	}
	if took := p.between(9, 10); took != 0 {
		t.Errorf("nothing was found, told as %v", took)
	}
}
