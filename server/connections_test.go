// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/time/rate"
)

// boundedServer serves at most so many connections; /wait says that it is asked
// and answers once told to.
func boundedServer(t *testing.T, bound int) (addr string, came, goOn chan struct{}) {
	t.Helper()
	came, goOn = make(chan struct{}), make(chan struct{})
	server := newHTTPServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			came <- struct{}{}
			<-goOn
		}
		_, _ = io.WriteString(w, "answered")
	}))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := newConnections(l, connectionsConfig{MaxConnections: bound}, machineClock, newMetrics())
	server.ConnState = c.note
	go func() { _ = server.Serve(c) }()
	t.Cleanup(func() { _ = server.Close() })
	return l.Addr().String(), came, goOn
}

// callFrom connects from an address of this machine.
func callFrom(t *testing.T, from, to string) net.Conn {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := dialer.DialContext(t.Context(), "tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(machineClock.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func send(t *testing.T, conn net.Conn, path string) {
	t.Helper()
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path); err != nil {
		t.Fatal(err)
	}
}

// statusOn reads the next answer of a connection.
func statusOn(t *testing.T, conn net.Conn) int {
	t.Helper()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || len(body) == 0 {
		t.Errorf("answered %d without a word: %v", response.StatusCode, err)
	}
	return response.StatusCode
}

func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	t.Run("whoever holds most loses the longest idle one", func(t *testing.T) {
		t.Parallel()
		addr, _, _ := boundedServer(t, 4)
		honest := callFrom(t, "127.0.0.1", addr)
		send(t, honest, "/")
		if status := statusOn(t, honest); status != 200 {
			t.Fatalf("answered %d", status)
		}
		var hoard []net.Conn
		for range 20 {
			hoard = append(hoard, callFrom(t, "127.0.0.2", addr))
		}
		for _, each := range hoard[:17] {
			if status := statusOn(t, each); status != http.StatusRequestTimeout {
				t.Errorf("an idle connection is told %d", status)
			}
		}
		send(t, honest, "/")
		if status := statusOn(t, honest); status != 200 {
			t.Errorf("the honest client's connection is told %d", status)
		}
	})
	t.Run("half a header is idle", func(t *testing.T) {
		t.Parallel()
		addr, _, _ := boundedServer(t, 1)
		half := callFrom(t, "127.0.0.2", addr)
		if _, err := io.WriteString(half, "GET / HTTP/1.1\r\nHost:"); err != nil {
			t.Fatal(err)
		}
		next := callFrom(t, "127.0.0.1", addr)
		send(t, next, "/")
		if status := statusOn(t, next); status != 200 {
			t.Errorf("answered %d", status)
		}
		if status := statusOn(t, half); status != http.StatusRequestTimeout {
			t.Errorf("half a header is told %d", status)
		}
	})
	t.Run("where none is idle a new one is refused", func(t *testing.T) {
		t.Parallel()
		addr, came, goOn := boundedServer(t, 2)
		busy := []net.Conn{callFrom(t, "127.0.0.1", addr), callFrom(t, "127.0.0.1", addr)}
		for _, each := range busy {
			send(t, each, "/wait")
			<-came
		}
		if status := statusOn(t, callFrom(t, "127.0.0.3", addr)); status != http.StatusServiceUnavailable {
			t.Errorf("one too many is told %d", status)
		}
		close(goOn)
		for _, each := range busy {
			if status := statusOn(t, each); status != 200 {
				t.Errorf("a busy connection is told %d", status)
			}
		}
		later := callFrom(t, "127.0.0.1", addr)
		send(t, later, "/")
		if status := statusOn(t, later); status != 200 {
			t.Errorf("with room again: answered %d", status)
		}
	})
}

// TestWhatIsToldFits holds the lengths in the farewells to their texts.
func TestWhatIsToldFits(t *testing.T) {
	t.Parallel()
	for _, text := range []string{idleTooLong, tooMany} {
		_, body, _ := strings.Cut(text, "\r\n\r\n")
		if !strings.Contains(text, fmt.Sprintf("Content-Length: %d\r\n", len(body))) {
			t.Errorf("%q has %d bytes", text, len(body))
		}
	}
}

// TestLargeBodiesHaveTime lets a body arrive in parts, over a longer time than a
// whole small request may take: the deadlines move with each part.
func TestLargeBodiesHaveTime(t *testing.T) {
	t.Parallel()
	got := make(chan int64, 1)
	server := newHTTPServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			t.Errorf("after %d bytes: %v", n, err)
		}
		got <- n
	}))
	server.ReadTimeout = 500 * time.Millisecond
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	conn := callFrom(t, "127.0.0.1", l.Addr().String())
	const parts = 6
	if _, err := fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", parts*2*bodyPart); err != nil {
		t.Fatal(err)
	}
	for range parts {
		if _, err := conn.Write(make([]byte, 2*bodyPart)); err != nil {
			t.Fatal(err)
		}
		pause(200 * time.Millisecond)
	}
	if n := <-got; n != parts*2*bodyPart {
		t.Errorf("%d bytes arrived", n)
	}
}

// TestNewConnectionsWait: whoever opens more than their pace allows waits in the
// system's queue, and nobody who is connected notices.
func TestNewConnectionsWait(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := newConnections(l, connectionsConfig{}, machineClock, newMetrics())
	c.pace = rate.NewLimiter(rate.Every(time.Hour), newcomers)
	server := newHTTPServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "answered") }))
	server.ConnState = c.note
	served := make(chan error)
	go func() { served <- server.Serve(c) }()
	connected := make([]net.Conn, newcomers)
	for i := range connected {
		connected[i] = callFrom(t, "127.0.0.1", l.Addr().String())
		send(t, connected[i], "/")
		if status := statusOn(t, connected[i]); status != http.StatusOK {
			t.Fatalf("answered %d", status)
		}
	}
	waiting := callFrom(t, "127.0.0.2", l.Addr().String())
	send(t, waiting, "/")
	send(t, connected[0], "/")
	if status := statusOn(t, connected[0]); status != http.StatusOK {
		t.Errorf("who is connected is answered %d", status)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-served; err != http.ErrServerClosed { //nolint:errorlint // it is that one itself
		t.Error(err)
	}
	if response, err := http.ReadResponse(bufio.NewReader(waiting), nil); err == nil {
		response.Body.Close()
		t.Errorf("who waits was answered %d", response.StatusCode)
	}
}
