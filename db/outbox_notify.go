// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// OutboxChannel is the channel on which a process tells the numbering leader
// that changes committed.
const OutboxChannel = "ininjo_outbox"

// announceEvery is the least time between two announcements of a process: a
// notification in every transaction would halve the rate of commits (design.md,
// section 6).
const announceEvery = 5 * time.Millisecond

// announcer sends NOTIFY after commits, coalesced. A lost one costs nothing
// but time: the leader also polls.
type announcer struct {
	pool   *pgxpool.Pool
	wanted chan struct{}
	// leading is set while this process leads: then local is poked and nobody
	// else need know.
	leading atomic.Bool
	local   chan struct{}
	ctx     context.Context
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

func newAnnouncer(pool *pgxpool.Pool) *announcer {
	ctx, cancel := context.WithCancel(context.Background())
	a := &announcer{pool: pool, wanted: make(chan struct{}, 1), local: make(chan struct{}, 1), ctx: ctx, cancel: cancel}
	a.done.Go(a.run)
	return a
}

// announce asks for one announcement and never waits.
func (a *announcer) announce() {
	if a.leading.Load() {
		poke(a.local)
		return
	}
	poke(a.wanted)
}

func (a *announcer) run() {
	for {
		select {
		case <-a.ctx.Done():
			return
		case <-a.wanted:
		}
		ctx, cancel := context.WithTimeout(a.ctx, time.Second)
		_, _ = a.pool.Exec(ctx, "NOTIFY "+OutboxChannel)
		cancel()
		select {
		case <-a.ctx.Done():
			return
		case <-time.After(announceEvery):
		}
	}
}

func (a *announcer) stop() {
	a.cancel()
	a.done.Wait()
}
