// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ininjo/graph"
	"ininjo/poa"
)

// direct answers questions about validity on callers' connections, without
// net/http, whose share of such an answer is larger than that of the question. It
// reads one form of request (directRequest), which net/http reads the same, and
// writes what net/http would; TestDirectAnswersAsNetHTTP holds both together. A
// connection on which anything else comes is net/http's from then on, with all
// that has been read of it, so this never decides that a request is wrong.
type direct struct {
	// connections are where callers come from, rest those that net/http has from
	// somewhere on.
	*connections
	rest       *handedOver
	handedOver prometheus.Counter
	answerer   answerer
	log        *slog.Logger
	clock      poa.Clock
	metrics    *metrics
	date       atomic.Pointer[dateLine]

	stopping atomic.Bool
	serving  sync.WaitGroup
	mu       sync.Mutex
	open     map[*holding]struct{}
}

// answerer answers a body that asks about validity by a plan, and no other.
type answerer interface {
	Answer(ctx context.Context, l *graph.Lean, body []byte) bool
}

// newDirect answers on the connections; an http.Server must serve both it and
// its rest.
func newDirect(c *connections, a answerer, log *slog.Logger, clock poa.Clock, m *metrics) *direct {
	d := &direct{connections: c, answerer: a, log: log, clock: clock, metrics: m, open: map[*holding]struct{}{},
		rest:       &handedOver{address: c.Addr(), conns: make(chan net.Conn), closed: make(chan struct{})},
		handedOver: prometheus.NewCounter(prometheus.CounterOpts{Name: "ininjo_connections_handed_over_total", Help: "Connections on which something else came than questions about validity as most clients write them."})}
	m.registry.MustRegister(d.handedOver)
	return d
}

// Accept serves connections as they come; it returns what keeps it from that.
func (d *direct) Accept() (net.Conn, error) {
	for {
		conn, err := d.connections.Accept()
		if err != nil {
			return nil, err
		}
		h := conn.(*holding) //nolint:forcetypeassert // connections hand out nothing else
		d.mu.Lock()
		stopped := d.stopping.Load()
		if !stopped {
			d.open[h] = struct{}{}
			d.serving.Add(1)
		}
		d.mu.Unlock()
		if stopped {
			d.end(h)
			continue
		}
		go d.serve(h)
	}
}

// stop lets requests under way end and closes every other connection; what
// outlasts the time is cut off.
func (d *direct) stop(ctx context.Context) error {
	d.mu.Lock()
	d.stopping.Store(true)
	for h := range d.open {
		_ = h.SetReadDeadline(longAgo) // one that is closed needs none
	}
	d.mu.Unlock()
	err := within(ctx, "waiting for direct requests", func() error { d.serving.Wait(); return nil })
	if err != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		for h := range d.open {
			_ = h.Close()
		}
	}
	return err
}

// longAgo ends reading.
var longAgo = time.Unix(1, 0)

func (d *direct) end(h *holding) {
	h.becomes(http.StateClosed)
	_ = h.Close() // the caller may have gone away
}

const (
	// firstPatience and idlePatience are how long a connection may be silent, before
	// its first request and between two.
	firstPatience = 5 * time.Second
	idlePatience  = 90 * time.Second
	// patienceStep is how much of an idle or an answer's time may be missing: a
	// deadline is moved that seldom.
	patienceStep = 10 * time.Second
	// restPatience is how long a body may come after its header here; net/http has
	// more.
	restPatience = time.Second
	// directBuffer holds what is read; a request of many IDs has more, up to
	// directRequestSize.
	directBuffer      = 2 << 10
	directRequestSize = 20 << 10
)

// turn is a connection that is served directly.
type turn struct {
	*direct
	*holding
	in []byte
	// readUntil and writeUntil are the connection's deadlines.
	readUntil, writeUntil time.Time
	request               directRequest
	// half is set while a body is waited for.
	half bool
}

// serve answers one request after the other, until the connection ends or is
// net/http's.
func (d *direct) serve(h *holding) {
	defer d.serving.Done()
	t := turn{direct: d, holding: h, in: make([]byte, 0, directBuffer)}
	now := d.machine.Now()
	t.readUntil = now.Add(firstPatience)
	_ = h.SetReadDeadline(t.readUntil) // one that is closed has none
	keep := t.talk()
	d.mu.Lock()
	delete(d.open, h)
	d.mu.Unlock()
	if keep {
		d.handedOver.Inc()
		h.unread = t.in
		_ = h.SetDeadline(time.Time{}) // net/http has its own
		keep = d.rest.take(h)
	}
	if !keep {
		d.end(h)
	}
}

// talk says whether the connection shall be net/http's.
func (t *turn) talk() bool {
	for {
		switch t.request.read(t.in) {
		case directWhole:
			served, ended := t.one()
			if !served || ended {
				return !served
			}
			t.in, t.half = t.in[:copy(t.in, t.in[t.request.length:])], false
			if len(t.in) == 0 && cap(t.in) > directBuffer {
				t.in = make([]byte, 0, directBuffer)
			}
			continue
		case directOther:
			return true
		case directBody:
			t.awaitBody()
		case directMore:
			if len(t.in) > 0 {
				return true
			}
		}
		if ended := t.readOn(); ended {
			return len(t.in) > 0 // net/http knows what to do with half a request
		}
	}
}

// awaitBody gives the rest of a request its time, once.
func (t *turn) awaitBody() {
	if t.half {
		return
	}
	t.half = true
	t.becomes(http.StateActive)
	t.readUntil = t.machine.Now().Add(restPatience)
	_ = t.SetReadDeadline(t.readUntil) // one that is closed has none
}

// readOn reads what comes next and says whether that was all.
func (t *turn) readOn() (ended bool) {
	if t.request.length > cap(t.in) {
		t.in = append(make([]byte, 0, t.request.length), t.in...)
	}
	if t.stopping.Load() {
		return true
	}
	n, err := t.holding.Conn.Read(t.in[len(t.in):cap(t.in)])
	t.in = t.in[:len(t.in)+n]
	return n == 0 && err != nil
}

// one answers a request; served is false of one that is not answered here, ended
// of a connection that goes with its answer.
func (t *turn) one() (served, ended bool) {
	t.becomes(http.StateActive)
	began := t.clock.Now()
	a := directAnswers.Get().(*directAnswer) //nolint:forcetypeassert // nothing else is put there
	defer directAnswers.Put(a)
	x := t.request.exchange()
	if served, ended = t.guarded(x, a); !served {
		return ended, ended // a panic is told here as well
	}
	stopping := t.stopping.Load()
	a.write(x.id, t.request.mediaType, t.today(began), stopping)
	now := t.clock.Now()
	took := now.Sub(began)
	t.metrics.observe(directRoute, a.Status, took)
	line{http.MethodPost, directRoute, a.Status, took, x.id}.write(x, t.log)
	t.extend()
	_, err := t.holding.Conn.Write(a.out)
	t.becomes(http.StateIdle)
	return true, err != nil || stopping
}

// extend moves the deadlines where little is left of them.
func (t *turn) extend() {
	now := t.machine.Now()
	if t.writeUntil.Sub(now) < answerPatience-patienceStep {
		t.writeUntil = now.Add(answerPatience)
		_ = t.SetWriteDeadline(t.writeUntil) // one that is closed has none
	}
	if t.readUntil.Sub(now) < idlePatience-patienceStep {
		t.mu.Lock()
		defer t.mu.Unlock()
		if !t.stopping.Load() { // or that of the stop would be undone
			t.readUntil = now.Add(idlePatience)
			_ = t.SetReadDeadline(t.readUntil)
		}
	}
}

// handedOver are the connections that net/http has from somewhere on.
type handedOver struct {
	address net.Addr
	conns   chan net.Conn
	once    sync.Once
	closed  chan struct{}
}

var errNoMore = errors.New("no connections are handed over any more")

func (l *handedOver) take(conn net.Conn) bool {
	select {
	case l.conns <- conn:
		return true
	case <-l.closed:
		return false
	}
}

// Accept returns the next one.
func (l *handedOver) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, errNoMore
	}
}

// Close ends handing over.
func (l *handedOver) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr is where callers came to.
func (l *handedOver) Addr() net.Addr { return l.address }
