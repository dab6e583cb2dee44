// SPDX-License-Identifier: Apache-2.0

package main

import (
	"container/heap"
	"io"
	"net"
	"net/http"
	"sync/atomic"
)

// holding is a connection that is held. Each request changes its state twice, so
// that takes no lock: what stands in the caller's heap is put right when room must
// be made.
type holding struct {
	net.Conn
	of *connections
	by *caller
	// idle counts when it became idle; 0 while a request is under way.
	idle atomic.Uint64
	// apart is set while it is not in the heap: it was busy when room was made.
	apart atomic.Bool
	// at is where it stands in the heap, since when it was idle as far as is known
	// there, and its index. They are the lock's.
	at struct {
		idle  uint64
		index int
	}
	// unread came before somebody else began to read the connection.
	unread []byte
}

// becomes follows the connection's state.
func (h *holding) becomes(state http.ConnState) {
	switch state {
	case http.StateActive:
		h.idle.Store(0)
	case http.StateIdle:
		h.idle.Store(h.of.turns.Add(1))
		if h.apart.Load() {
			h.of.mu.Lock()
			defer h.of.mu.Unlock()
			if _, held := h.of.held[h]; held && h.apart.Load() {
				h.by.idle.put(h)
			}
		}
	case http.StateClosed, http.StateHijacked:
		h.of.mu.Lock()
		defer h.of.mu.Unlock()
		h.of.forget(h)
	case http.StateNew:
	}
}

// Read reads what came before, and then on.
func (h *holding) Read(p []byte) (int, error) {
	if len(h.unread) > 0 {
		n := copy(p, h.unread)
		if h.unread = h.unread[n:]; len(h.unread) == 0 {
			h.unread = nil
		}
		return n, nil
	}
	return h.Conn.Read(p)
}

// ReadFrom lets the system copy files into the connection where it can.
func (h *holding) ReadFrom(r io.Reader) (int64, error) { return io.Copy(h.Conn, r) }

// CloseWrite lets net/http end an answer that its caller has to read before the
// connection goes.
func (h *holding) CloseWrite() error {
	if tcp, ok := h.Conn.(*net.TCPConn); ok {
		return tcp.CloseWrite()
	}
	return nil
}

// idleOnes are a caller's connections in the order in which they became idle, as
// far as is known: the first one's true place is not before its place here, nor is
// any other's.
type idleOnes []*holding

// put takes a connection in, with what is true of it now.
func (o *idleOnes) put(h *holding) {
	h.apart.Store(false)
	h.at.idle = h.idle.Load()
	heap.Push(o, h)
}

// drop takes a connection out.
func (o *idleOnes) drop(h *holding) {
	if !h.apart.Load() {
		heap.Remove(o, h.at.index)
	}
}

// longest is the one that has been idle for longest, nil where none is. Those that
// are busy stand apart until they are idle again, so that each is looked at once.
func (o *idleOnes) longest() *holding {
	for len(*o) > 0 {
		h := (*o)[0]
		switch idle := h.idle.Load(); idle {
		case 0:
			heap.Pop(o)
			h.apart.Store(true)
			if h.idle.Load() != 0 { // meanwhile, and it did not see that it stands apart
				o.put(h)
			}
		case h.at.idle:
			return h
		default:
			h.at.idle = idle
			heap.Fix(o, 0)
		}
	}
	return nil
}

// Len, Less, Swap, Push and Pop are those of a heap.
func (o idleOnes) Len() int           { return len(o) }
func (o idleOnes) Less(i, j int) bool { return o[i].at.idle < o[j].at.idle }
func (o idleOnes) Swap(i, j int) {
	o[i], o[j] = o[j], o[i]
	o[i].at.index, o[j].at.index = i, j
}

// Push appends.
func (o *idleOnes) Push(h any) {
	held := h.(*holding) //nolint:forcetypeassert // nothing else is put there
	held.at.index = len(*o)
	*o = append(*o, held)
}

// Pop takes the last.
func (o *idleOnes) Pop() any {
	last := len(*o) - 1
	h := (*o)[last]
	(*o)[last], *o = nil, (*o)[:last]
	return h
}
