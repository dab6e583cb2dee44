// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net"
	"net/http"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// callerConn is a connection from an address.
type callerConn struct {
	net.Conn
	from byte
}

func (c callerConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, c.from)} }

// TestLongestIdleGoes draws what happens to connections and holds whom room is
// made of against a plain list of them.
func TestLongestIdleGoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		bound := rapid.IntRange(1, 12).Draw(t, "bound")
		c := newConnections(nil, connectionsConfig{MaxConnections: bound}, machineClock, newMetrics())
		var idle, busy []*holding // the longest idle first
		count := func(from byte) (n int) {
			for _, h := range append(slices.Clone(idle), busy...) {
				if h.Conn.(callerConn).from == from {
					n++
				}
			}
			return n
		}
		t.Repeat(map[string]func(*rapid.T){
			"come": func(t *rapid.T) {
				from := byte(rapid.IntRange(1, 4).Draw(t, "from"))
				full, most := len(idle)+len(busy) == bound, 0
				for _, h := range idle {
					most = max(most, count(h.Conn.(callerConn).from))
				}
				admitted, ended := c.admit(callerConn{from: from})
				if (admitted == nil) != (full && len(idle) == 0) || (ended != nil) != (full && len(idle) > 0) {
					t.Fatalf("admitted %v, ended %v", admitted, ended)
				}
				if ended != nil {
					its := ended.Conn.(callerConn).from
					first := slices.IndexFunc(idle, func(h *holding) bool { return h.Conn.(callerConn).from == its })
					if first < 0 || idle[first] != ended || count(its) != most {
						t.Fatalf("ended another than the longest idle of who holds most")
					}
					idle = slices.Delete(idle, first, first+1)
					c.note(ended, http.StateClosed)
				}
				if admitted != nil {
					idle = append(idle, admitted)
				}
			},
			"ask": func(t *rapid.T) {
				if len(idle) > 0 {
					i := rapid.IntRange(0, len(idle)-1).Draw(t, "which")
					c.note(idle[i], http.StateActive)
					busy, idle = append(busy, idle[i]), slices.Delete(idle, i, i+1)
				}
			},
			"be answered": func(t *rapid.T) {
				if len(busy) > 0 {
					i := rapid.IntRange(0, len(busy)-1).Draw(t, "which")
					c.note(busy[i], http.StateIdle)
					idle, busy = append(idle, busy[i]), slices.Delete(busy, i, i+1)
				}
			},
			"go": func(t *rapid.T) {
				if len(busy) > 0 {
					c.note(busy[0], http.StateClosed)
					busy = busy[1:]
				}
			},
			"": func(t *rapid.T) {
				if len(c.held) != len(idle)+len(busy) {
					t.Fatalf("%d are held, want %d", len(c.held), len(idle)+len(busy))
				}
			},
		})
	})
}
