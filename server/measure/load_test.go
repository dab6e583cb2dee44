// SPDX-License-Identifier: Apache-2.0

package measure_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
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
	// pace is the time from one question of a connection to its next; zero asks
	// as fast as answers come.
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
	for i := range parts {
		peer, err := newPeer(r.addr)
		must(tb, err)
		asking.Go(func() {
			defer peer.close()
			r.keepAsking(peer, uint64(i), &parts[i])
		})
	}
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

func (r *runner) keepAsking(p *peer, seed uint64, into *load) {
	random := rand.New(rand.NewPCG(seed, 6))
	into.took = make([]uint32, 0, 1<<16)
	wire := slices.Clone(r.wire)
	before := nanos()
	for !r.over.Load() {
		if r.pace > 0 {
			<-time.After(time.Duration(random.Int64N(int64(2 * r.pace)))) // not in step with one another
			before = nanos()
		}
		now, err := r.once(p, random, wire)
		if err != nil {
			into.fault(fmt.Errorf("%s: %w", r.name, err))
			if p.broken {
				return
			}
		} else if r.measuring.Load() {
			into.took = append(into.took, uint32((now-before)/1000))
		}
		before = now
	}
}

// once asks about delegations by chance and judges the answer, which came at that of nanos.
func (r *runner) once(p *peer, random *rand.Rand, wire []byte) (came int64, err error) {
	n := 0
	for _, at := range r.at {
		n = random.IntN(len(r.ids))
		copy(wire[at:], r.ids[n])
	}
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

// peer is one connection of HTTP/1.1 with as little around it as can be.
type peer struct {
	conn   net.Conn
	buffer []byte
	broken bool
	asked  int
}

// answerTimeout bounds a thousand answers.
const answerTimeout = 2 * time.Minute

func newPeer(addr string) (*peer, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &peer{conn: conn, buffer: make([]byte, 0, 64<<10)}, nil
}

func (p *peer) close() { _ = p.conn.Close() }

// exchange sends a request and returns the body of a 200.
func (p *peer) exchange(wire []byte) ([]byte, error) {
	status, body, err := p.trade(wire)
	if err == nil && status != "200" {
		err = fmt.Errorf("answered %s: %.300s", status, body)
	}
	return body, err
}

var (
	endOfHead   = []byte("\r\n\r\n")
	lengthField = []byte("\r\nContent-Length: ")
	lowerLength = []byte("\r\ncontent-length: ")
	endOfChunks = []byte("0\r\n\r\n")
)

// trade sends a request and reads one answer.
func (p *peer) trade(wire []byte) (status string, body []byte, err error) {
	p.broken = true
	if p.asked++; p.asked%1000 == 1 { // now and then: it costs
		if err := p.conn.SetDeadline(clock.Now().Add(answerTimeout)); err != nil {
			return "", nil, err
		}
	}
	if _, err := p.conn.Write(wire); err != nil {
		return "", nil, err
	}
	p.buffer = p.buffer[:0]
	head, length := -1, -1
	for {
		if head < 0 {
			if head = bytes.Index(p.buffer, endOfHead); head >= 0 {
				head += len(endOfHead)
				length = lengthOf(p.buffer[:head])
			}
		}
		if head >= 0 && (length >= 0 && len(p.buffer) >= head+length || length < 0 && bytes.HasSuffix(p.buffer, endOfChunks)) {
			break
		}
		p.buffer = slices.Grow(p.buffer, 4<<10)
		n, err := p.conn.Read(p.buffer[len(p.buffer):cap(p.buffer)])
		if err != nil {
			return "", nil, fmt.Errorf("reading an answer: %w", err)
		}
		p.buffer = p.buffer[:len(p.buffer)+n]
	}
	if len(p.buffer) < len("HTTP/1.1 200") {
		return "", nil, fmt.Errorf("no HTTP: %q", p.buffer)
	}
	p.broken = bytes.Contains(p.buffer[:head], []byte("\r\nConnection: close"))
	body = p.buffer[head:]
	if length < 0 {
		body, err = joined(body)
	}
	return string(p.buffer[9:12]), body, err
}

// joined puts the chunks of a body together.
func joined(body []byte) ([]byte, error) {
	var whole []byte
	for {
		line, rest, found := bytes.Cut(body, []byte("\r\n"))
		n, err := strconv.ParseUint(string(line), 16, 31)
		if !found || err != nil || int(n) > len(rest) {
			return nil, fmt.Errorf("reading chunks: %.100q", body)
		}
		if n == 0 {
			return whole, nil
		}
		whole, body = append(whole, rest[:n]...), bytes.TrimPrefix(rest[n:], []byte("\r\n"))
	}
}

func lengthOf(head []byte) int {
	at := bytes.Index(head, lengthField)
	if at < 0 {
		at = bytes.Index(head, lowerLength)
	}
	if at < 0 {
		return -1
	}
	digits, _, _ := bytes.Cut(head[at+len(lengthField):], []byte("\r"))
	n, err := strconv.Atoi(string(digits))
	if err != nil {
		return -1
	}
	return n
}
