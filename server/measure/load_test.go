// SPDX-License-Identifier: Apache-2.0

package measure_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ininjo/poa"
)

// question is what one contestant is asked, as the bytes of a request in which
// only the delegations' IDs change, and how its answer is judged.
type question struct {
	name string
	addr string
	// wire is the request; at are the offsets of the IDs in it.
	wire []byte
	at   []int
	// valid and revoked are what the answer for a delegation of that kind holds.
	valid, revoked string
}

// placeholder stands for an ID in the text that ask takes.
const placeholder = "ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ"

// ask makes a question of a POST with this body.
func ask(name, base, path, token, body string) question {
	addr := strings.TrimPrefix(base, "http://")
	var wire bytes.Buffer
	fmt.Fprintf(&wire, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAccept: application/json\r\n", path, addr)
	if token != "" {
		fmt.Fprintf(&wire, "Authorization: Bearer %s\r\n", token)
	}
	fmt.Fprintf(&wire, "Content-Length: %d\r\n\r\n%s", len(body), body)
	q := question{name: name, addr: addr, wire: wire.Bytes(), valid: `"status":"VALID"`, revoked: `"status":"REVOKED"`}
	for from := 0; ; {
		found := bytes.Index(q.wire[from:], []byte(placeholder))
		if found < 0 {
			return q
		}
		q.at = append(q.at, from+found)
		from += found + len(placeholder)
	}
}

// asked are the delegations that questions are about. Every tenth is revoked.
type asked struct{ ids []poa.DelegationID }

func revoked(i int) bool { return i%10 == 9 }

// load is what a run of a question gave.
type load struct {
	took    []uint32 // microseconds, of each answer
	elapsed time.Duration
	wrong   int64
	first   error // of what went wrong
	// began is the instant of nanos from which it counts; windows are its parts of
	// the runner's window each, with the times alone.
	began   int64
	windows []load
}

func (l load) rate() float64 { return float64(len(l.took)) / l.elapsed.Seconds() }

// at is the time within which a share of the answers came.
func (l load) at(share float64) time.Duration {
	if len(l.took) == 0 {
		return 0
	}
	slices.Sort(l.took)
	return time.Duration(l.took[min(len(l.took)-1, int(share*float64(len(l.took))))]) * time.Microsecond
}

// runner loads one contestant by keep-alive connections that each ask again as
// soon as they are answered.
type runner struct {
	question
	asked
	connections int
	warm, span  time.Duration
	// pace is the time from one question of a connection to its next; zero asks as
	// fast as answers come.
	pace time.Duration
	// window is the length of the parts that runAt tells apart; zero tells none.
	window time.Duration
	// begun and ended are called around what is measured.
	begun, ended func()
	measuring    atomic.Bool
	over         atomic.Bool
}

// run asks for the warm-up and the span, and measures in the span alone.
func (r *runner) run(tb testing.TB) load {
	tb.Helper()
	parts := make([]load, r.connections)
	var asking sync.WaitGroup
	r.begin(tb, parts, &asking)
	<-time.After(r.warm)
	if r.begun != nil {
		r.begun()
	}
	began := nanos()
	r.measuring.Store(true)
	<-time.After(r.span)
	r.measuring.Store(false)
	elapsed := time.Duration(nanos() - began)
	if r.ended != nil {
		r.ended()
	}
	r.over.Store(true)
	asking.Wait()
	return together(parts, elapsed)
}

// begin connects and lets every connection ask until the run is over, from one
// thread or, at a pace, each for itself.
func (r *runner) begin(tb testing.TB, parts []load, asking *sync.WaitGroup) {
	tb.Helper()
	if r.pace == 0 {
		c, err := newCrowd(r, endless{r}, parts)
		must(tb, err)
		asking.Go(c.ask)
		return
	}
	for i := range parts {
		peer, err := newPeer(r.addr)
		must(tb, err)
		asking.Go(func() {
			defer peer.close()
			r.keepAsking(peer, uint64(i), &parts[i])
		})
	}
}

// together joins what connections got.
func together(parts []load, elapsed time.Duration) load {
	all := load{elapsed: elapsed}
	for _, part := range parts {
		all.took = append(all.took, part.took...)
		for i, window := range part.windows {
			if i == len(all.windows) {
				all.windows = append(all.windows, load{})
			}
			all.windows[i].took = append(all.windows[i].took, window.took...)
		}
		all.wrong += part.wrong
		if all.first == nil {
			all.first = part.first
		}
	}
	return all
}

// fault counts what went wrong.
func (l *load) fault(err error) {
	if l.wrong++; l.first == nil {
		l.first = err
	}
}

// keepAsking asks on one connection at the runner's pace.
func (r *runner) keepAsking(p *peer, seed uint64, into *load) {
	random := rand.New(rand.NewPCG(seed, 6))
	wire := slices.Clone(r.wire)
	for !r.over.Load() {
		<-time.After(time.Duration(random.Int64N(int64(2 * r.pace)))) // not in step with one another
		before := nanos()
		now, err := r.once(p, random, wire)
		if err != nil {
			into.fault(fmt.Errorf("%s: %w", r.name, err))
			if p.broken {
				return
			}
		} else if r.measuring.Load() {
			into.took = append(into.took, uint32((now-before)/1000))
		}
	}
}

// draw writes delegations by chance into a request; n is the last of them.
func (r *runner) draw(random *rand.Rand, wire []byte) (n int) {
	for _, at := range r.at {
		n = random.IntN(len(r.ids))
		copy(wire[at:], r.ids[n])
	}
	return n
}

// once asks about delegations by chance and judges the answer, which came at that of nanos.
func (r *runner) once(p *peer, random *rand.Rand, wire []byte) (came int64, err error) {
	n := r.draw(random, wire)
	body, err := p.exchange(wire)
	came = nanos()
	if err == nil {
		err = r.judge(body, n)
	}
	return came, err
}

// judge wants the right answer for the delegation that was asked about; of many
// it wants as many answers, the last for itself.
func (r *runner) judge(body []byte, n int) error {
	want, last, answers := r.valid, "", 0
	if revoked(n) {
		want = r.revoked
	}
	beginning := shared(r.valid, r.revoked)
	for rest := body; ; rest = rest[len(beginning):] {
		next := bytes.Index(rest, beginning)
		if next < 0 {
			break
		}
		rest = rest[next:]
		for _, kind := range []string{r.valid, r.revoked} {
			if len(rest) >= len(kind) && string(rest[:len(kind)]) == kind {
				answers, last = answers+1, kind
			}
		}
	}
	if answers != len(r.at) || last != want {
		return fmt.Errorf("want %s, got %.300s", want, body)
	}
	return nil
}

// shared is what both texts begin with.
func shared(a, b string) []byte {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return []byte(a[:n])
}
