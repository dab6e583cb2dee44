// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"ininjo/poa"
)

// connectionsConfig bounds what callers hold open.
type connectionsConfig struct {
	// MaxConnections bounds the connections of callers to this process.
	MaxConnections int `default:"4096" env:"ININJO_MAX_CONNECTIONS" help:"Connections that callers may hold to this process. Beyond it the longest idle one of whoever holds most is ended with 408, and where none is idle a new one is refused with 503; 0 for no bound."`
	// ConnectionRate is how many new ones are taken in a second for each processor.
	ConnectionRate int `default:"1000" env:"ININJO_CONNECTION_RATE" help:"New connections that are taken in a second, for each processor; more of them wait, so that whoever opens thousands holds up nobody who is connected. 0 for no bound."`
}

// check refuses what cannot be meant.
func (c connectionsConfig) check() error {
	if c.MaxConnections < 0 {
		return errors.New("--max-connections is a number of connections, or 0 for no bound")
	}
	if c.ConnectionRate < 0 {
		return errors.New("--connection-rate is a number of new connections in a second, or 0 for no bound")
	}
	return nil
}

// What is told to a connection that is ended: RFC 9110 lets a server send 408 on
// an idle one, and clients try again on a new connection.
const (
	idleTooLong = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 33\r\n\r\nREQUEST_TIMEOUT idle connections\n"
	tooMany     = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Type: text/plain\r\nContent-Length: 33\r\n\r\nUNAVAILABLE too many connections\n"
)

const (
	// farewell bounds the writing of that.
	farewell = time.Second
	// newcomers is how many new connections are taken together, newcomersAtOnce how
	// many at once where there were none for a while.
	newcomers       = 8
	newcomersAtOnce = 4 * newcomers
)

// pace is that at which new connections are taken.
func (c connectionsConfig) pace() *rate.Limiter {
	if c.ConnectionRate == 0 {
		return rate.NewLimiter(rate.Inf, 0)
	}
	return rate.NewLimiter(rate.Limit(c.ConnectionRate*processors), newcomersAtOnce)
}

// connections is a listener that holds at most so many connections. Whoever opens
// thousands and asks nothing loses them again, and nobody else notices: room is
// made by ending the longest idle connection of the client that holds most. One
// that has not sent a whole header counts as idle.
type connections struct {
	net.Listener
	bound          int
	machine        poa.Clock
	ended, refused prometheus.Counter
	// pace is asked before each newcomers of new ones; taken counts them, for Accept alone.
	pace  *rate.Limiter
	taken int
	// open is done once the listener is closed.
	open  context.Context //nolint:containedctx // Accept and Close have none
	close context.CancelFunc

	// turns count what becomes idle, so that it has an order.
	turns   atomic.Uint64
	mu      sync.Mutex
	held    map[*holding]struct{}
	clients map[netip.Addr]*caller
}

// caller is a client's address with its connections.
type caller struct {
	address netip.Addr
	count   int
	idle    idleOnes
}

// newConnections puts bounds around a listener. The server must tell its connections'
// states to note.
func newConnections(l net.Listener, config connectionsConfig, machine poa.Clock, m *metrics) *connections {
	c := &connections{Listener: l, bound: config.MaxConnections, pace: config.pace(), machine: machine, held: map[*holding]struct{}{}, clients: map[netip.Addr]*caller{},
		ended:   prometheus.NewCounter(prometheus.CounterOpts{Name: "ininjo_connections_ended_total", Help: "Idle connections that were ended to make room."}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{Name: "ininjo_connections_refused_total", Help: "Connections refused because none of those held was idle."})}
	c.open, c.close = context.WithCancel(context.Background())
	m.registry.MustRegister(c.ended, c.refused)
	m.gauge("ininjo_connections", "Connections that callers hold.", func() float64 {
		c.mu.Lock()
		defer c.mu.Unlock()
		return float64(len(c.held))
	})
	return c
}

// Accept returns the next connection that there is room for.
func (c *connections) Accept() (net.Conn, error) {
	for {
		conn, err := c.next()
		if err != nil {
			return nil, err
		}
		held, ended := c.admit(conn)
		if ended != nil {
			c.ended.Inc()
			c.dismiss(ended.Conn, idleTooLong)
		}
		if held != nil {
			return held, nil
		}
		c.refused.Inc()
		c.dismiss(conn, tooMany)
	}
}

// next takes a connection from the system, whose queue the others wait in.
func (c *connections) next() (net.Conn, error) {
	if c.taken%newcomers == 0 {
		if err := c.pace.WaitN(c.open, newcomers); err != nil {
			return nil, net.ErrClosed
		}
	}
	c.taken++
	return c.Listener.Accept()
}

// Close ends Accept.
func (c *connections) Close() error {
	c.close()
	return c.Listener.Close()
}

// dismiss tells a connection why it is ended.
func (c *connections) dismiss(conn net.Conn, why string) {
	_ = conn.SetWriteDeadline(c.machine.Now().Add(farewell))
	_, _ = conn.Write([]byte(why)) // its peer may be gone
	_ = conn.Close()
}

// admit holds a connection, and names the one that must go for it. It is nil where
// there is no room.
func (c *connections) admit(conn net.Conn) (admitted, ended *holding) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bound > 0 && len(c.held) >= c.bound {
		if ended = c.longestIdle(); ended == nil {
			return nil, nil
		}
		c.forget(ended)
	}
	address := addressOf(conn)
	by := c.clients[address]
	if by == nil {
		by = &caller{address: address}
		c.clients[address] = by
	}
	by.count++
	h := &holding{Conn: conn, of: c, by: by}
	h.becomes(http.StateIdle)
	by.idle.put(h)
	c.held[h] = struct{}{}
	return h, ended
}

// addressOf is a connection's peer, the zero address where it has none.
func addressOf(conn net.Conn) netip.Addr {
	tcp, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr().Unmap()
}

// longestIdle is that of the client that holds most among those with idle ones.
func (c *connections) longestIdle() *holding {
	var most *caller
	var longest *holding
	for _, each := range c.clients {
		if most == nil || each.count > most.count {
			if h := each.idle.longest(); h != nil {
				most, longest = each, h
			}
		}
	}
	return longest
}

// note follows a connection's state; http.Server calls it.
func (c *connections) note(conn net.Conn, state http.ConnState) {
	if h, ours := conn.(*holding); ours {
		h.becomes(state)
	}
}

func (c *connections) forget(h *holding) {
	if _, held := c.held[h]; !held { // ended by us already
		return
	}
	delete(c.held, h)
	h.by.idle.drop(h)
	if h.by.count--; h.by.count == 0 {
		delete(c.clients, h.by.address)
	}
}
