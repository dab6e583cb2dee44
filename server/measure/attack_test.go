// SPDX-License-Identifier: Apache-2.0

package measure_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// attackVariable makes this binary the attackers. They are a process of their own,
// which has the processors only while nobody else wants them: hostile callers have
// machines of their own in the world, and here only what the program does for them
// shall be seen in the honest callers' times.
const attackVariable = "ININJO_BENCH_ATTACKERS"

// The ways in which attackers act.
const (
	actOften   = "often"
	actTrickle = "trickle"
	actIdle    = "idle"
)

// siege is an attack under way. What is exported goes to the attackers' process.
type siege struct {
	Addr, Act string
	// Wire is the request.
	Wire []byte

	over chan struct{}
	mu   sync.Mutex
	came outcome
	kept map[net.Conn]struct{}
}

// outcome is what came of an attack.
type outcome struct {
	Took  []time.Duration // until it was refused
	Heard map[string]int
}

// runAttackers reads the attack, begins when told so by a line and ends with its
// input; then it writes what came of it.
func runAttackers(in io.Reader, out io.Writer) error {
	lines := bufio.NewReader(in)
	text, err := lines.ReadBytes('\n')
	if err != nil {
		return err
	}
	s := &siege{over: make(chan struct{}), came: outcome{Heard: map[string]int{}}, kept: map[net.Conn]struct{}{}}
	if err := json.Unmarshal(text, s); err != nil {
		return err
	}
	if _, err := lines.ReadBytes('\n'); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, lines) // its end is what matters
		close(s.over)
	}()
	s.run()
	return json.NewEncoder(out).Encode(s.came)
}

// attackers are that process as the bench sees it.
type attackers struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out io.Reader
}

// raise starts attackers who wait for the word.
func raise(tb testing.TB, a *attack, addr string) *attackers {
	tb.Helper()
	self, err := os.Executable()
	must(tb, err)
	lowest := []string{"nice", "-n", "19", self}
	if runtime.GOOS == "linux" {
		lowest = []string{"chrt", "--idle", "0", self}
	}
	s := &attackers{cmd: exec.Command(lowest[0], lowest[1:]...)}
	s.cmd.Env, s.cmd.Stderr = append(os.Environ(), attackVariable+"=1"), os.Stderr
	s.in, err = s.cmd.StdinPipe()
	must(tb, err)
	s.out, err = s.cmd.StdoutPipe()
	must(tb, err)
	must(tb, startTied(tb, s.cmd))
	text, err := json.Marshal(&siege{Addr: addr, Act: a.act, Wire: a.wire})
	must(tb, err)
	_, err = s.in.Write(append(text, '\n'))
	must(tb, err)
	return s
}

// begin lets them attack.
func (s *attackers) begin(tb testing.TB) {
	_, err := s.in.Write([]byte("\n"))
	must(tb, err)
}

// end lets them end, and returns what came of it.
func (s *attackers) end(tb testing.TB) (o outcome) {
	tb.Helper()
	must(tb, s.in.Close())
	must(tb, json.NewDecoder(s.out).Decode(&o))
	must(tb, s.cmd.Wait())
	return o
}

func (s *siege) run() {
	switch s.Act {
	case actTrickle:
		s.trickle()
	case actIdle:
		s.idle()
	default:
		s.often()
	}
}

// often sends the request at the attackers' pace.
func (s *siege) often() {
	var all sync.WaitGroup
	for range hostile {
		all.Go(func() {
			for s.on() {
				s.once()
				<-time.After(attackPace)
			}
		})
	}
	all.Wait()
}

func (s *siege) on() bool {
	select {
	case <-s.over:
		return false
	default:
		return true
	}
}

// note keeps how long a refusal took and what was told.
func (s *siege) note(took time.Duration, told string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.came.Took = append(s.came.Took, took)
	s.came.Heard[told]++
}

// connect is nil where there is no connection, which is noted.
func (s *siege) connect() net.Conn {
	conn, err := net.Dial("tcp", s.Addr)
	if err != nil {
		s.note(0, "not connected")
		return nil
	}
	return conn
}

// once sends the hostile request. A refusal may come before all of it is sent.
func (s *siege) once() {
	conn := s.connect()
	if conn == nil {
		return
	}
	defer conn.Close()
	began := nanos()
	go func() { _, _ = conn.Write(s.Wire) }()
	s.answer(conn, began)
}

const (
	// unsaid is heard of a connection that ends without a word, undisturbed of one
	// that is still there at the end.
	unsaid      = "a connection ended without a word"
	undisturbed = "held to the end"
)

func (s *siege) answer(conn net.Conn, began int64) {
	told := hear(conn)
	s.note(time.Duration(nanos()-began), told)
}

// hear is the status and the code that come next.
func hear(conn net.Conn) string {
	text := make([]byte, 4096)
	n, err := conn.Read(text)
	if n <= 12 || err != nil {
		return unsaid
	}
	told := string(text[9:12])
	if _, code, found := strings.Cut(string(text[:n]), `"code":"`); found {
		code, _, _ = strings.Cut(code, `"`)
		told += " " + code
	}
	return told
}

// trickle sends a body byte by byte over a hundred connections.
func (s *siege) trickle() {
	head, _, _ := bytes.Cut(s.Wire, endOfHead)
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			conn := s.connect()
			if conn == nil {
				return
			}
			defer conn.Close()
			began := nanos()
			_, _ = conn.Write(append(slices.Clone(head), endOfHead...))
			go func() {
				for {
					if _, err := conn.Write([]byte(" ")); err != nil {
						return
					}
					<-time.After(attackPace)
				}
			}()
			s.answer(conn, began)
		})
	}
	all.Wait()
}

// Connections are opened at 4,000 a second, twice as fast as the program takes them
// on two processors. As fast as can be, a caller on the same machine takes all of a
// processor for tenths of a second from everybody, whatever its priority: what it
// does in the system for a connection is not interrupted.
const (
	openedTogether = 20
	openedPace     = 5 * time.Millisecond
)

// idle opens connections from an address of its own and keeps them idle.
func (s *siege) idle() {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	var all sync.WaitGroup
	all.Go(func() {
		<-s.over
		s.mu.Lock()
		defer s.mu.Unlock()
		for conn := range s.kept {
			_ = conn.Close()
		}
	})
	for n := range idlers {
		if n%openedTogether == 0 {
			<-time.After(openedPace)
		}
		if !s.on() {
			break
		}
		conn, err := dialer.Dial("tcp", s.Addr)
		if err != nil {
			s.note(0, "not connected")
			continue
		}
		all.Go(func() {
			for again := true; again && err == nil; {
				if again = s.keep(conn); again {
					conn, err = dialer.Dial("tcp", s.Addr)
				}
			}
		})
	}
	all.Wait()
}

// keep holds a connection that asks nothing, or nothing more, until it is ended.
// One that ended without a word is to be opened again, so that as many as the
// program holds are there for as long as the honest callers are measured.
func (s *siege) keep(conn net.Conn) (again bool) {
	defer conn.Close()
	s.mu.Lock()
	s.kept[conn] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.kept, conn)
	}()
	if !s.on() { // it was not there to be closed
		return false
	}
	began, told := nanos(), "200"
	if len(s.Wire) > 0 {
		_, _ = conn.Write(s.Wire)
		told = hear(conn)
	}
	if told == "200" {
		told = hear(conn)
	}
	if !s.on() {
		s.held()
		return false
	}
	s.note(time.Duration(nanos()-began), told)
	return told == unsaid
}

// held counts a connection that nobody ended.
func (s *siege) held() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.came.Heard[undisturbed]++
}
