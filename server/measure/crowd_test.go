// SPDX-License-Identifier: Apache-2.0

package measure_test

import (
	"errors"
	"fmt"
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

	"ininjo/poa"
)

// crowd asks on many connections from one thread, which waits for all of them at
// once: load, server and database share the processors, and what asking costs is
// missing for the answers. A goroutine for each connection reads twice for each
// answer and wakes threads.
type crowd struct {
	*runner
	epoll int
	seats map[int32]*seat
	// asking are the connections on which an answer is awaited.
	asking int
}

// seat is one connection of a crowd.
type seat struct {
	fd     int
	random *rand.Rand
	wire   []byte
	reply  reply
	// n is the delegation asked about, at that of nanos.
	n    int
	at   int64
	into *load
}

func (s *seat) read(into []byte) (int, error) { return syscall.Read(s.fd, into) }

// newCrowd connects.
func newCrowd(r *runner, parts []load) (*crowd, error) {
	c := &crowd{runner: r, seats: map[int32]*seat{}}
	var err error
	if c.epoll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return nil, err
	}
	for i := range parts {
		if err := c.sit(uint64(i), &parts[i]); err != nil {
			c.close()
			return nil, err
		}
	}
	return c, nil
}

func (c *crowd) sit(number uint64, into *load) error {
	addr, err := net.ResolveTCPAddr("tcp4", c.addr)
	if err != nil {
		return err
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	into.took = make([]uint32, 0, 1<<16)
	c.seats[int32(fd)] = &seat{fd: fd, random: rand.New(rand.NewPCG(number, 6)), wire: slices.Clone(c.wire), into: into}
	return errors.Join(syscall.Connect(fd, &syscall.SockaddrInet4{Port: addr.Port, Addr: [4]byte(addr.IP.To4())}),
		syscall.SetNonblock(fd, true), syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1),
		syscall.EpollCtl(c.epoll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)}))
}

func (c *crowd) close() {
	for _, s := range c.seats {
		_ = syscall.Close(s.fd)
	}
	_ = syscall.Close(c.epoll)
}

// ask keeps asking on every connection until the run is over, and returns once
// every question was answered.
func (c *crowd) ask() {
	defer c.close()
	for _, s := range c.seats {
		c.next(s, nanos())
	}
	events := make([]syscall.EpollEvent, len(c.seats))
	for c.asking > 0 {
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

// wait returns the connections on which something came. Go's runtime is not told
// that this thread waits: else it would look every 20 µs what became of it. Where
// nothing comes for a while, other goroutines may have the thread.
func (c *crowd) wait(events []syscall.EpollEvent) (int, error) {
	const milliseconds = 10
	for end := nanos() + int64(answerTimeout); nanos() < end; runtime.Gosched() {
		n, _, err := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(c.epoll), uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), milliseconds, 0, 0)
		if err != 0 && err != syscall.EINTR {
			return 0, err
		}
		if err == 0 && n > 0 {
			return int(n), nil
		}
	}
	return 0, os.ErrDeadlineExceeded
}

// hear reads what came, and asks again where that is a whole answer.
func (c *crowd) hear(s *seat) {
	if err := s.reply.take(s.read); err != nil {
		c.asking--
		c.leave(s, err)
		return
	}
	if !s.reply.whole() {
		return
	}
	c.asking--
	now := nanos()
	body, err := s.reply.ok()
	if err == nil {
		err = c.judge(body, s.n)
	}
	if err != nil {
		c.fault(s, err)
	} else if c.measuring.Load() {
		s.into.took = append(s.into.took, uint32((now-s.at)/1000))
	}
	if s.reply.last() {
		c.leave(s, errors.New("the connection ends with its answer"))
		return
	}
	c.next(s, now)
}

// next asks about delegations by chance.
func (c *crowd) next(s *seat, now int64) {
	if c.over.Load() {
		return
	}
	s.n, s.at = c.draw(s.random, s.wire), now
	s.reply.clear()
	if n, err := syscall.Write(s.fd, s.wire); err != nil || n < len(s.wire) {
		c.leave(s, fmt.Errorf("asking, %d of %d bytes: %w", n, len(s.wire), err))
		return
	}
	c.asking++
}

func (c *crowd) fault(s *seat, err error) { s.into.fault(fmt.Errorf("%s: %w", c.name, err)) }

// leave takes a connection that fails out of the crowd.
func (c *crowd) leave(s *seat, err error) {
	c.fault(s, err)
	delete(c.seats, int32(s.fd))
	_ = syscall.Close(s.fd)
}

// TestCrowd asks on 16 connections: the first questions of all are there before one
// is answered, and each connection waits for its own answer. Every third answer of
// a delegation is wrong, and one connection ends with its answer.
func TestCrowd(t *testing.T) {
	t.Parallel()
	const connections, questions = 16, 500
	var came atomic.Int64
	all := make(chan struct{})
	r := &runner{asked: asked{[]poa.DelegationID{placeholder}}, connections: connections}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
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
	t.Cleanup(server.Close)
	r.question = ask("many", server.URL, "/", "", placeholder)
	r.measuring.Store(true)
	parts := make([]load, connections)
	c, err := newCrowd(r, parts)
	must(t, err)
	c.ask()
	got, wrong := together(parts, 0), came.Load()/3
	if got.wrong != wrong+1 || !strings.Contains(fmt.Sprint(got.first), "many: ") {
		t.Errorf("%d are wrong, want %d of %d: %v", got.wrong, wrong+1, came.Load(), got.first)
	}
	if n := int64(len(got.took)); n != came.Load()-wrong || n < questions/2 || got.at(0) <= 0 {
		t.Errorf("%d are right, want %d; the fastest took %v", n, came.Load()-wrong, got.at(0))
	}
}
