// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"context"
	"sync"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// Bounds of a connection that is used again.
const (
	// idleTime is how long one waits for the next message.
	idleTime = 20 * time.Second
	// maxAge and maxMessages end one that is in use: servers do so themselves
	// sooner or later, and one among several should not serve for ever.
	maxAge      = 5 * time.Minute
	maxMessages = 100
	// maxIdle is how many wait at most: as many as there are workers of mail.
	maxIdle = 8
	// askTimeout bounds asking whether a connection still is there, and saying
	// goodbye.
	askTimeout = 3 * time.Second
)

// session is a connection to the mail server.
type session struct {
	*smtp.Client
	since time.Time
	sent  int
	// timer ends it while it waits.
	timer *time.Timer
}

// pool keeps connections that wait for the next message, the last used on top.
type pool struct {
	mu     sync.Mutex
	idle   []*session
	closed bool
}

// take returns a connection that waits, or nil where none does.
func (p *pool) take() *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.idle) > 0 {
		last := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if last.timer.Stop() {
			return last
		} // else its time is over: the timer ends it
	}
	return nil
}

// put lets a connection wait; false where it may not and its user ends it.
func (p *pool) put(s *session, wait time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle) >= maxIdle {
		return false
	}
	s.timer = time.AfterFunc(wait, func() {
		p.drop(s)
		s.end()
	})
	p.idle = append(p.idle, s)
	return true
}

func (p *pool) drop(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, each := range p.idle {
		if each == s {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			return
		}
	}
}

// close ends what waits; nothing waits from now on.
func (p *pool) close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, s := range idle {
		if s.timer.Stop() {
			s.end()
		}
	}
}

// end says goodbye and closes.
func (s *session) end() {
	if s.UpdateDeadline(askTimeout) != nil || s.Quit() != nil {
		_ = s.Close()
	}
}

// alive asks whether the server still is there. RSET asks, and leaves nothing
// behind of the message before.
func (s *session) alive() bool {
	return s.UpdateDeadline(askTimeout) == nil && s.Reset() == nil && s.UpdateDeadline(sendTimeout) == nil
}

// session returns a connection: one that waits and is alive, else a new one.
func (s *SMTP) session(ctx context.Context) (*session, error) {
	for {
		waiting := s.pool.take()
		if waiting == nil {
			break
		}
		if waiting.alive() {
			return waiting, nil
		}
		_ = waiting.Close()
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	client, err := s.client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return nil, reached(err)
	}
	return &session{Client: client, since: s.sender.Clock.Now()}, nil
}

// release lets a connection wait for the next message, or ends it where it has
// served long enough or something went wrong with it.
func (s *SMTP) release(used *session, sound bool) {
	age := s.sender.Clock.Now().Sub(used.since)
	switch {
	case !sound:
		_ = used.Close()
	case used.sent >= maxMessages || age < 0 || age >= maxAge || !s.pool.put(used, s.idleTime):
		used.end()
	}
}

// Close ends the connections that wait.
func (s *SMTP) Close() { s.pool.close() }
