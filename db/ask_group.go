// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"ininjo/poa"
)

const (
	// maxGrouped bounds the inquiries of one statement, so that no caller waits
	// long for the others'. One request's stay together.
	maxGrouped = 512
	// maxWaiting bounds what waits for the next statements: beyond it the process
	// says that it is overloaded. Each group has as many.
	maxWaiting = 20_000
	// steadily is over about how many statements the usual number of inquiries is
	// found.
	steadily = 20
	// lingering is how long at most a statement waits for those who were answered a
	// moment ago and ask again, and fewLinger is of how many the last one was that
	// it waits for.
	lingering = 300 * time.Microsecond
	fewLinger = 4
	// groupTimeout bounds one statement of a group. It takes a millisecond; nothing
	// in it waits for a lock of anybody.
	groupTimeout = 10 * time.Second
)

// group joins the requests of the whole process that wait for an answer into
// one statement: while it is away the next ones gather, and one that finds
// nothing under way goes at once. So a commit's wait for the disk is shared, and a
// request joins only a statement that was not sent yet: what it reads is never
// older than the question. Where as many wait as usual, a statement takes about
// half of those that are here, so that the database answers one half while the
// program reads and writes the other.
type group struct {
	pool  *pgxpool.Pool
	clock poa.Clock
	// lanes are how many statements may be in flight at a time; lingers tells whether
	// one waits for company.
	lanes   int
	lingers bool

	mu      sync.Mutex
	waiting []*asking
	// inquiries are how many wait, away how many the last statements took, one of
	// each lane; running tells how many lanes go.
	inquiries, away, running int
	// usual is how many inquiries are here of late, waiting or away.
	usual float64
	crowd crowd
	// enough is closed when so many wait as are wanted; nil where nobody lingers.
	enough chan struct{}
	wanted int
}

// asking is one request on its way through a group.
type asking struct {
	ctx       context.Context //nolint:containedctx // it tells whether the caller is still there when the statement is written
	hash      [32]byte
	inquiries []poa.Inquiry
	// number is that of the token in the statement, asker the row of who holds it,
	// nil where nobody does. rows are what the statement answered, one for each
	// inquiry. Who asked reads them, so that the next statement goes without waiting
	// for that.
	number uint32
	asker  packedRow
	rows   []packedRow
	alone  [1]packedRow // of the rows, where there is one
	err    error
	done   chan struct{}
}

// read are the readings of the rows, and which inquiries begin a watch: that a
// statement of their own does, since it may wait for a change under way. A
// credential that does not hold has no rows: its readings stay empty.
func (a *asking) read() (readings []poa.Reading, later []int, err error) {
	readings = make([]poa.Reading, len(a.inquiries))
	if a.asker == nil {
		return readings, nil, nil
	}
	var asker groupAsker
	if err := asker.read(a.asker); err != nil {
		return nil, nil, failed(fmt.Errorf("reading an asker's row: %w", err), "asking")
	}
	for i, row := range a.rows {
		if row == nil {
			continue // the token does not hold at this inquiry's instant
		}
		waits, err := asker.readInquiry(row, &a.inquiries[i], &readings[i])
		if err != nil {
			return nil, nil, failed(fmt.Errorf("reading an inquiry's row: %w", err), "asking")
		}
		if waits {
			later = append(later, i)
		}
	}
	return readings, later, nil
}

func (g *group) join(a *asking) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inquiries > 0 && g.inquiries+len(a.inquiries) > maxWaiting {
		return &poa.Error{Code: poa.CodeUnavailable, Cause: errors.New("too many inquiries wait")}
	}
	g.waiting, g.inquiries = append(g.waiting, a), g.inquiries+len(a.inquiries)
	if g.enough != nil && g.inquiries >= g.wanted {
		close(g.enough)
		g.enough = nil
	}
	if g.running < g.lanes {
		g.running++
		go g.run()
	}
	return nil
}

// linger waits until two fifths of the usual number wait, but not for long: each
// statement costs as much as a dozen inquiries in it. Where few come, or all have
// been answered, nothing is waited for.
func (g *group) linger() {
	if !g.lingers {
		return
	}
	g.mu.Lock()
	g.wanted = g.worthIt()
	if g.inquiries >= g.wanted {
		g.mu.Unlock()
		return
	}
	enough := make(chan struct{})
	g.enough = enough
	g.mu.Unlock()
	over := time.NewTimer(lingering)
	defer over.Stop()
	select {
	case <-enough:
	case <-over.C:
		g.mu.Lock()
		g.enough = nil
		g.mu.Unlock()
	}
}

// ready tells whether the next statement has what it waits for.
func (g *group) ready() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.inquiries > 0 && (!g.lingers || g.inquiries >= g.worthIt())
}

// worthIt is how many the next statement should take at least.
func (g *group) worthIt() int {
	if g.away < fewLinger {
		return 0
	}
	return min(int(g.usual*2/5), maxGrouped)
}

// run sends one statement after the other until nobody waits. Where the next one
// is ready it goes before those of the last are told, or at least beside that: the
// database does not stand still while they are served.
func (g *group) run() {
	size := 0
	var answered []*asking
	for {
		if !g.ready() {
			tell(answered)
			answered = nil
			g.linger()
		}
		var batch []*asking
		if batch, size = g.collect(size); batch == nil {
			tell(answered)
			return
		}
		if len(answered) > 0 {
			go tell(answered)
		}
		g.answer(batch)
		answered = batch
	}
}

// tell lets those go on whose statement is over.
func tell(answered []*asking) {
	for _, a := range answered {
		close(a.done)
	}
}

// collect takes of what waits, in the order in which it came and up to the half.
// Who went away meanwhile is left out. last is how many the lane took before.
func (g *group) collect(last int) (batch []*asking, size int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.clock.Now()
	g.crowd.saw(float64(g.inquiries+g.away), now)
	taken, most := 0, g.half()
	for _, a := range g.waiting {
		if taken > 0 && size+len(a.inquiries) > most {
			break
		}
		taken, size = taken+1, size+len(a.inquiries)
	}
	g.away += size - last
	if taken == 0 {
		g.waiting = nil
		g.running--
		return nil, 0
	}
	batch = g.waiting[:taken:taken]
	g.waiting, g.inquiries = g.waiting[taken:], g.inquiries-size
	return present(batch, now), size
}

// half bounds the next statement: half of the usual number, but no bound for a
// crowd that is larger than usual.
func (g *group) half() int {
	here := float64(g.inquiries + g.away)
	g.usual += (here - g.usual) / steadily
	if here > g.usual*3/2 {
		return maxGrouped
	}
	return min(int(g.usual+1)/2+1, maxGrouped)
}

// present are the askings whose callers are still there; nobody waits for the
// end of the others. One that waited for too long is refused: an answer is never
// much older than its instant, and the index of inquiries counts on that.
func present(batch []*asking, now time.Time) []*asking {
	kept := batch[:0]
	for _, a := range batch {
		switch {
		case a.ctx.Err() != nil:
		case now.Sub(a.inquiries[0].AnsweredAt) > groupTimeout:
			a.err = &poa.Error{Code: poa.CodeUnavailable, Cause: errors.New("the database took too long")}
			close(a.done)
		default:
			kept = append(kept, a)
		}
	}
	return kept
}

// answer sends the statement. Where the server refused it, nothing of it was
// kept, and each request is asked again for itself: none spoils the others.
// After a lost connection nobody knows what was kept; the callers may ask again.
func (g *group) answer(batch []*asking) {
	if len(batch) == 0 {
		return
	}
	err := g.send(batch)
	if err == nil || len(batch) == 1 || !refused(err) {
		for _, a := range batch {
			a.err = groupFailed(err)
		}
		return
	}
	for _, a := range batch {
		a.err = groupFailed(g.send([]*asking{a}))
	}
}

// refused tells whether the server undid the statement for what was in it.
func refused(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code != stateCanceled && !strings.HasPrefix(pg.Code, "57P") && !strings.HasPrefix(pg.Code, "08") && !strings.HasPrefix(pg.Code, "53")
}

// stateCanceled is that of a statement that took too long.
const stateCanceled = "57014"

// groupFailed says of what ended for all that it can be asked again: no caller's
// own context ends a group.
func groupFailed(err error) error {
	var pg *pgconn.PgError
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &pg) && pg.Code == stateCanceled {
		err = &poa.Error{Code: poa.CodeUnavailable, Cause: errors.New("the database took too long")}
	}
	return failed(err, "asking")
}

// send writes one statement for all of the batch and reads its rows. It returns
// after the server said that the transaction is over, hence durable: rows alone
// can arrive before that.
func (g *group) send(batch []*asking) error {
	ctx, cancel := context.WithTimeout(context.Background(), groupTimeout)
	defer cancel()
	conn, err := g.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	sent := newGroupRows(batch)
	name, text := sent.statement()
	prepared, err := conn.Conn().Prepare(ctx, name, text) // once for each connection
	if err != nil {
		return err
	}
	rows := conn.Conn().PgConn().ExecStatement(ctx, prepared, sent.arguments(), binaryFormat, binaryFormat)
	for rows.NextRow() {
		if err == nil {
			err = sent.take(rows.Values())
		}
	}
	if _, closing := rows.Close(); closing != nil { // waits for the end of the transaction
		return closing
	}
	sent.give(batch)
	return err
}
