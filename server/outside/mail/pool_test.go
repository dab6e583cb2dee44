// SPDX-License-Identifier: Apache-2.0

package mail_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"ininjo/poa/poatest"
	"ininjo/server/outside/mail"
)

// counted counts the connections that a listener takes and can cut them.
type counted struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
}

func (c *counted) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.mu.Lock()
		c.conns = append(c.conns, conn)
		c.mu.Unlock()
	}
	return conn, err
}

func (c *counted) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.conns)
}

func (c *counted) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		_ = conn.Close()
	}
}

func listenCounted(t *testing.T, s *server) *counted {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &counted{Listener: l}
	server := smtp.NewServer(s)
	server.Domain, server.ErrorLog = "localhost", quiet{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(c)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return c
}

func pooled(t *testing.T, address string, idle time.Duration) (*mail.SMTP, *poatest.Clock) {
	t.Helper()
	clock := poatest.NewClock(now)
	m, err := mail.NewSMTP(mail.SMTPConfig{Sender: mail.Sender{From: "no-reply@ininjo.example", Clock: clock}, Address: address, TLS: mail.NoTLS, IdleTime: idle})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m, clock
}

// TestOneConnection: messages one after the other go over one connection, also
// after a refused one; a cut one is replaced without a failure.
func TestOneConnection(t *testing.T) {
	t.Parallel()
	s := &server{refusals: map[string][]error{}}
	l := listenCounted(t, s)
	m, clock := pooled(t, l.Addr().String(), 0)
	send := func(wantError bool, wantConnections int) {
		t.Helper()
		if err := m.Send(t.Context(), message()); (err != nil) != wantError {
			t.Fatalf("sent with %v", err)
		}
		if n := l.count(); n != wantConnections {
			t.Fatalf("%d connections, want %d", n, wantConnections)
		}
	}
	for range 5 {
		send(false, 1)
	}
	for _, at := range []string{"MAIL", "RCPT", "DATA"} {
		s.mu.Lock()
		s.refusals[at] = []error{&smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no"}}
		s.mu.Unlock()
		send(true, 1)
		send(false, 1)
	}
	l.cut()
	send(false, 2)
	clock.Advance(5 * time.Minute)
	send(false, 2) // this one was its last
	send(false, 3)
	if got := len(s.received); got != 11 {
		t.Errorf("%d messages arrived", got)
	}
	t.Run("at most a hundred messages", func(t *testing.T) {
		for range 99 {
			send(false, 3)
		}
		send(false, 4)
	})
}

// TestManyWorkers: as many connections as messages at once, and no more.
func TestManyWorkers(t *testing.T) {
	t.Parallel()
	s := &server{}
	l := listenCounted(t, s)
	m, _ := pooled(t, l.Addr().String(), 0)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 10 {
				if err := m.Send(t.Context(), message()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if len(s.received) != 80 || l.count() > 8 {
		t.Errorf("%d messages over %d connections", len(s.received), l.count())
	}
}

// TestIdle: a connection that nobody needs says goodbye by itself, and closing
// ends those that wait.
func TestIdle(t *testing.T) {
	t.Parallel()
	said := make(chan string, 20)
	address := scripted(t, func(command string) string {
		said <- command
		return ""
	})
	m, _ := pooled(t, address, 20*time.Millisecond)
	if err := m.Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	for command := range said {
		if command == "QUIT" {
			break
		}
	}
	m, _ = pooled(t, address, time.Hour)
	if err := m.Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	m.Close()
	for command := range said {
		if command == "QUIT" {
			break
		}
	}
}

// TestSlowServer: a server that goes silent while a connection waits holds the
// next message up for seconds at most: the message goes over a new one.
func TestSlowServer(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	resets, opened := 0, 0
	address := scripted(t, func(command string) string {
		mu.Lock()
		defer mu.Unlock()
		switch strings.Fields(command)[0] {
		case "EHLO":
			opened++
		case "RSET":
			if resets++; resets == 2 { // the first follows the message, the second asks
				return "hang"
			}
		}
		return ""
	})
	m, _ := pooled(t, address, 0)
	for range 2 {
		if err := m.Send(t.Context(), message()); err != nil {
			t.Fatal(err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if opened != 2 {
		t.Errorf("%d connections", opened)
	}
}

// scripted is a server by hand: on tells of each command and may answer "hang".
func scripted(t *testing.T, on func(command string) string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			group.Go(func() { converse(conn, on, stop) })
		}
	})
	t.Cleanup(func() {
		close(stop)
		_ = l.Close()
		group.Wait()
	})
	return l.Addr().String()
}

func converse(conn net.Conn, on func(string) string, stop chan struct{}) {
	ended := make(chan struct{})
	go func() {
		select {
		case <-stop:
			_ = conn.Close()
		case <-ended:
		}
	}()
	defer close(ended)
	defer conn.Close()
	fmt.Fprint(conn, "220 localhost\r\n")
	for lines, data := bufio.NewScanner(conn), false; lines.Scan(); {
		line := lines.Text()
		switch {
		case data && line != ".":
		case data:
			data = false
			fmt.Fprint(conn, "250 taken\r\n")
		case on(line) == "hang":
			<-stop
			return
		case line == "DATA":
			data = true
			fmt.Fprint(conn, "354 go on\r\n")
		case line == "QUIT":
			fmt.Fprint(conn, "221 bye\r\n")
			return
		default:
			fmt.Fprint(conn, "250 localhost\r\n")
		}
	}
}
