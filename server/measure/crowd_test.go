// SPDX-License-Identifier: Apache-2.0

package measure_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"ininjo/poa"
)

// crowd asks on many connections from one thread, which waits for all of them at
// once: load, server and database share the processors, and what asking costs is
// missing for the answers. A goroutine for each connection reads twice for each
// answer and wakes threads.
type crowd struct {
	*runner
	agenda
	epoll int
	seats map[int32]*seat
	// free are the connections on which nothing is asked, the rest await an answer.
	free []*seat
}

// agenda says when a crowd's questions are due.
type agenda interface {
	// due is the instant of a question that is due by now, and false where none is.
	due(now int64) (at int64, is bool)
	// next is the instant at which the next one is due, for whoever is free to ask
	// it, and zero where no more will be.
	next() int64
	// count takes what was due at an instant and answered now.
	count(into *load, at, now int64)
}

// endless has each connection ask again as soon as it is answered, until the run is
// over.
type endless struct{ *runner }

func (e endless) due(now int64) (int64, bool) { return now, !e.over.Load() }

// next is never while it goes on: whoever is free was asked.
func (e endless) next() int64 {
	if e.over.Load() {
		return 0
	}
	return math.MaxInt64
}

func (e endless) count(into *load, at, now int64) {
	if e.measuring.Load() {
		into.took = append(into.took, uint32((now-at)/1000))
	}
}

// seat is one connection of a crowd.
type seat struct {
	fd     int
	random *rand.Rand
	wire   []byte
	reply  reply
	// n is the delegation asked about, by what was due at that of nanos.
	n    int
	at   int64
	into *load
}

func (s *seat) read(into []byte) (int, error) { return syscall.Read(s.fd, into) }

// newCrowd connects.
func newCrowd(r *runner, by agenda, parts []load) (*crowd, error) {
	c := &crowd{runner: r, agenda: by, seats: map[int32]*seat{}}
	var err error
	if c.epoll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return nil, err
	}
	for i := range parts {
		parts[i].took = make([]uint32, 0, 1<<16)
		if err := c.sit(&seat{random: rand.New(rand.NewPCG(uint64(i), 6)), wire: slices.Clone(c.wire), into: &parts[i]}); err != nil {
			c.close()
			return nil, err
		}
	}
	return c, nil
}

// sit connects a seat, which is free then.
func (c *crowd) sit(s *seat) error {
	addr, err := net.ResolveTCPAddr("tcp4", c.addr)
	if err != nil {
		return err
	}
	s.fd, err = syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	c.seats[int32(s.fd)] = s
	c.free = append(c.free, s)
	return errors.Join(syscall.Connect(s.fd, &syscall.SockaddrInet4{Port: addr.Port, Addr: [4]byte(addr.IP.To4())}),
		syscall.SetNonblock(s.fd, true), syscall.SetsockoptInt(s.fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1),
		syscall.EpollCtl(c.epoll, syscall.EPOLL_CTL_ADD, s.fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(s.fd)}))
}

func (c *crowd) close() {
	for _, s := range c.seats {
		_ = syscall.Close(s.fd)
	}
	_ = syscall.Close(c.epoll)
}

// ask asks what is due until no more will be, and returns once every question was
// answered.
func (c *crowd) ask() {
	defer c.close()
	events := make([]syscall.EpollEvent, len(c.seats))
	for {
		c.seatDue()
		if len(c.free) == len(c.seats) && (len(c.free) == 0 || c.next() == 0) {
			return
		}
		n, err := c.wait(events)
		if err != nil {
			for _, s := range c.seats {
				c.fault(s, fmt.Errorf("waiting for an answer: %w", err))
			}
			return
		}
		for _, event := range events[:n] {
			c.hear(c.seats[event.Fd])
		}
	}
}

// seatDue asks what is due where somebody is free.
func (c *crowd) seatDue() {
	for len(c.free) > 0 {
		at, is := c.due(nanos())
		if !is {
			return
		}
		last := len(c.free) - 1
		s := c.free[last]
		c.free = c.free[:last]
		c.put(s, at)
	}
}

// wait returns the connections on which something came, none where something is due
// for whoever is free. Go's runtime is not told that this thread waits: else it would
// look every 20 µs what became of it. Where nothing comes for a while, other
// goroutines may have the thread.
func (c *crowd) wait(events []syscall.EpollEvent) (int, error) {
	for end := nanos() + int64(answerTimeout); nanos() < end; runtime.Gosched() {
		patience, whoever := 10*time.Millisecond, false
		if len(c.free) > 0 && c.next() != 0 {
			patience, whoever = min(patience, time.Duration(max(c.next()-nanos(), 0))), true
		}
		within := unix.NsecToTimespec(int64(patience))
		n, _, err := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT2, uintptr(c.epoll), uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), uintptr(unsafe.Pointer(&within)), 0, 0)
		if err != 0 && err != syscall.EINTR {
			return 0, err
		}
		if err != 0 {
			n = 0
		}
		if n > 0 || whoever && c.next() <= nanos() {
			return int(n), nil
		}
	}
	return 0, os.ErrDeadlineExceeded
}

// hear reads what came, and asks what is due where that is a whole answer.
func (c *crowd) hear(s *seat) {
	if s == nil { // it left meanwhile
		return
	}
	if err := s.reply.take(s.read); err != nil {
		c.fault(s, err)
		c.renew(s)
		return
	}
	if !s.reply.whole() {
		return
	}
	now := nanos()
	body, err := s.reply.ok()
	if err == nil {
		err = c.judge(body, s.n)
	}
	if err != nil {
		c.fault(s, err)
	} else {
		c.count(s.into, s.at, now)
	}
	if s.reply.last() {
		c.renew(s)
	} else if at, is := c.due(now); is {
		c.put(s, at)
	} else {
		c.free = append(c.free, s)
	}
}

// put asks about delegations by chance what was due at an instant.
func (c *crowd) put(s *seat, at int64) {
	s.n, s.at = c.draw(s.random, s.wire), at
	s.reply.clear()
	if n, err := syscall.Write(s.fd, s.wire); err != nil || n < len(s.wire) {
		c.fault(s, fmt.Errorf("asking, %d of %d bytes: %w", n, len(s.wire), err))
		c.renew(s)
	}
}

func (c *crowd) fault(s *seat, err error) { s.into.fault(fmt.Errorf("%s: %w", c.name, err)) }

// renew connects again where the connection ended, or takes it out of the crowd.
func (c *crowd) renew(s *seat) {
	c.stand(s)
	if err := c.sit(s); err != nil {
		c.fault(s, err)
		c.free = slices.DeleteFunc(c.free, func(each *seat) bool { return each == s })
		c.stand(s)
	}
}

func (c *crowd) stand(s *seat) {
	delete(c.seats, int32(s.fd))
	_ = syscall.Close(s.fd)
}

// TestCrowd asks on 16 connections: the first questions of all are there before one
// is answered, and each connection waits for its own answer. Every third answer of
// a delegation is wrong, and one connection ends with its answer.
func TestCrowd(t *testing.T) {
	t.Parallel()
	const connections, questions = 16, 500
	var came, connected atomic.Int64
	all := make(chan struct{})
	r := &runner{asked: asked{[]poa.DelegationID{placeholder}}, connections: connections}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		text, n := `{"status":"VALID"}`, came.Add(1)
		switch {
		case n == 7:
			w.Header().Set("Connection", "close")
		case n%3 == 0:
			text = `{"status":"REVOKED"}`
		case n == connections:
			close(all)
		case n == questions:
			r.over.Store(true)
		}
		select {
		case <-all:
		case <-time.After(answerTimeout / 4):
			t.Errorf("%d at a time", n)
		}
		_, _ = w.Write([]byte(text[:9])) // the caller may have gone away
		w.(http.Flusher).Flush()
		_, _ = w.Write([]byte(text[9:]))
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connected.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	r.question = ask("many", server.URL, "/", "", placeholder)
	r.measuring.Store(true)
	parts := make([]load, connections)
	c, err := newCrowd(r, endless{r}, parts)
	must(t, err)
	c.ask()
	got, wrong := together(parts, 0), came.Load()/3
	if got.wrong != wrong || !strings.Contains(fmt.Sprint(got.first), "many: ") {
		t.Errorf("%d are wrong, want %d of %d: %v", got.wrong, wrong, came.Load(), got.first)
	}
	if n := int64(len(got.took)); n != came.Load()-wrong || n < questions/2 || got.at(0) <= 0 {
		t.Errorf("%d are right, want %d; the fastest took %v", n, came.Load()-wrong, got.at(0))
	}
	if n := connected.Load(); n != connections+1 {
		t.Errorf("%d connections, want one more than %d", n, connections)
	}
}
