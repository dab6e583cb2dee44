// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"fmt"
	"runtime"

	"github.com/jackc/pgx/v5/pgxpool"

	"ininjo/poa"
)

const (
	// batched is how many inquiries make a request one of the batches.
	batched = 16
	// maxBatchLanes bounds the batches' statements in flight.
	maxBatchLanes = 4
)

// asks are the settings of connections that answer: a plan is made once and goes
// by indexes, however small the tables were at that time, and no statement goes
// on for ever.
var asks = []string{"plan_cache_mode=force_generic_plan", "enable_seqscan=off", "enable_bitmapscan=off", "enable_mergejoin=off", "enable_material=off", "enable_memoize=off",
	fmt.Sprintf("statement_timeout=%d", groupTimeout.Milliseconds())}

// groups are the ways on which questions of now are asked. Single ones share one
// statement in flight, whose fixed cost is most of what it costs. Batches have
// lanes of their own: a statement of theirs is worth a processor of the database,
// and no single question waits behind a hundred.
type groups struct {
	singles, batches *group
	// alone are the connections of statements for one request alone.
	alone *pgxpool.Pool
}

// batchLanes are as many as there are processors here, for want of the database's.
func batchLanes() int { return min(runtime.NumCPU(), maxBatchLanes) }

func newGroups(ctx context.Context, c Config) (*groups, error) {
	g := &groups{}
	var err error
	if g.singles, err = newGroup(ctx, c, 1, true); err != nil {
		return nil, err
	}
	if g.batches, err = newGroup(ctx, c, batchLanes(), false); err != nil {
		g.close()
		return nil, err
	}
	c.MaxConns = 8
	if g.alone, err = newPool(ctx, c, asks...); err != nil {
		g.close()
		return nil, err
	}
	return g, nil
}

func newGroup(ctx context.Context, c Config, lanes int, lingers bool) (*group, error) {
	c.MaxConns = int32(lanes) + 1 //nolint:gosec // few; one in flight for each, and one in place of a connection that broke
	pool, err := newPool(ctx, c, asks...)
	if err != nil {
		return nil, err
	}
	return &group{pool: pool, clock: c.Clock, lanes: lanes, lingers: lingers}, nil
}

// close closes what was opened.
func (g *groups) close() {
	for _, each := range []*group{g.singles, g.batches} {
		if each != nil {
			each.pool.Close()
		}
	}
	if g.alone != nil {
		g.alone.Close()
	}
}

// ask puts a request's inquiries into the next statement and waits for its end.
// A caller who goes away leaves the others alone. Later are the inquiries that
// begin a watch and have no reading yet.
func (g *groups) ask(ctx context.Context, hash [32]byte, inquiries []poa.Inquiry) (readings []poa.Reading, later []int, err error) {
	way := g.singles
	if len(inquiries) >= batched {
		way = g.batches
	}
	a := &asking{ctx: ctx, hash: hash, inquiries: inquiries, done: make(chan struct{})}
	if err := way.join(a); err != nil {
		return nil, nil, err
	}
	select {
	case <-a.done:
		if a.err != nil {
			return nil, nil, a.err
		}
		return a.read()
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}
