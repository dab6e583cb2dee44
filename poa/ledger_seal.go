// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"time"

	"ininjo/poa/log"
)

// SealLog has the audit log sealed into its tree.
type SealLog struct{}

// Kind names the job.
func (SealLog) Kind() string { return "seal_log" }

const (
	// sealSettle is how old a row is before it is sealed, so that rows that commit
	// a little later are found in their order.
	sealSettle = 10 * time.Second
	// sealOverlap is how far back each round looks again for rows that committed
	// late, sealReach how far where the log was not sealed for longer. sealSweep is
	// how old everything else is when it is looked at once more.
	sealOverlap = 2 * time.Minute
	sealReach   = 10 * time.Minute
	sealSweep   = 24 * time.Hour
	// sealLook is the stretch that a round begins to look with. None has more than
	// sealLookRows, but one of sealLeast: it holds instants that IDs do not tell apart.
	sealLook     = time.Second
	sealLeast    = time.Millisecond
	sealLookRows = 10_000
	// sealSweeps is how many looks a round takes at most at what is old: where that is
	// much, since nothing was sealed for days, what is new comes between.
	sealSweeps = 500
	// sealBatch bounds the leaves of one transaction from each table.
	sealBatch = 1000
)

// LogEntry is a row of the audit log or an inquiry, as a leaf.
type LogEntry struct {
	ID   string
	At   time.Time
	Leaf [32]byte
}

// LogHead is how far the log is sealed.
type LogHead struct {
	Size int64
	// Through is the instant up to which each table (log.TableAudit,
	// log.TableInquiries) was sealed; zero before the first time.
	Through map[string]time.Time
	// SweptAt is up to when rows of sealSweep before it were looked at once more, for
	// those that committed late; zero before the first round.
	SweptAt time.Time
}

// logTables are those whose rows are leaves.
var logTables = []string{log.TableAudit, log.TableInquiries}

// SealWith lets the log be sealed, with keys that sign its checkpoints. Without
// one it is not.
func (r *Records) SealWith(issuer string, keys ...ed25519.PrivateKey) {
	r.logOrigin, r.logKeys = log.OriginOf(issuer), keys
}

// Sealing is a round of sealing: what was recorded before an instant and is old
// enough by then is added to the log's tree (6.2.1, 6.2.4: nobody changes the audit
// log unseen). Its end is set when it begins, so that it ends however much is
// recorded meanwhile.
type Sealing struct {
	records *Records
	until   time.Time
	// from is up to where the log was sealed when it began, through up to where it is
	// now; done says that there is nothing new any more. back is up to where it looked
	// back, from sealOverlap before from on, and swept the head's SweptAt; sweeps is
	// how many looks that took. lost says that another process seals.
	from, through, back, swept time.Time
	done, lost                 bool
	sweeps                     int
	// stretch is how far the next look goes.
	stretch time.Duration
	// tree is that of the head, as this round left it; nil where it is not known.
	tree *log.Growing
	// covered is in how long the rows of the last step were recorded, zero where no
	// more wait behind them; behind what is left of the round.
	covered, behind time.Duration
}

// Sealing begins a round.
func (r *Records) Sealing(before time.Time) *Sealing {
	return &Sealing{records: r, until: before.Add(-sealSettle), stretch: sealLook}
}

// Step seals at most a batch and signs the log's head: what is new and, in turns with
// it, what committed late before. It returns how many leaves were added, and whether
// the round goes on. A step takes so short a time that answers are not held up. Of
// several processes one seals at a time.
func (s *Sealing) Step(ctx context.Context) (sealed int, more bool, err error) {
	s.covered, s.behind = 0, 0
	more = true
	switch {
	case len(s.records.logKeys) == 0:
		return 0, false, nil
	case s.looksBack():
		s.behind = s.until.Sub(s.through)
		s.back, sealed, err = s.look(ctx, s.back, s.from)
	case !s.done:
		sealed, err = s.sealNew(ctx)
	default:
		sealed, more, err = s.sweep(ctx)
	}
	return sealed, more && err == nil && !s.lost, err
}

// looksBack says whether it is for looking back: that comes as far in its way as
// sealing in its own, so that neither is done at one go.
func (s *Sealing) looksBack() bool {
	if !s.back.Before(s.from) {
		return false
	}
	looked := 1 - s.from.Sub(s.back).Seconds()/sealOverlap.Seconds()
	return s.done || looked < s.through.Sub(s.from).Seconds()/s.until.Sub(s.from).Seconds()
}

// Rest is how long to rest after the last step, which took so long and ended now.
func (s *Sealing) Rest(took time.Duration, now time.Time) time.Duration {
	return RestAfter(took, s.covered, s.behind, GivesWay(s.records.store, now, s.through))
}

// sealNew seals what comes next, until nothing does.
func (s *Sealing) sealNew(ctx context.Context) (sealed int, err error) {
	err = s.sealing(ctx, func(ctx context.Context, tx Tx, head LogHead) error {
		before := head.sealed(s.until)
		if s.from.IsZero() {
			s.from, s.back = before, before.Add(-sealOverlap)
			if head.SweptAt.IsZero() { // the first round looks at everything
				s.back = before
			}
		}
		var all []LogEntry
		for _, table := range logTables {
			fresh, err := nextToSeal(ctx, tx, &head, table, s.until)
			if err != nil {
				return err
			}
			all = append(all, fresh...)
		}
		sealed = len(all)
		if s.through = head.sealed(s.until); s.through.Before(s.until) {
			s.covered, s.behind = s.through.Sub(before), s.until.Sub(s.through)
		}
		return s.extend(ctx, tx, head, all)
	})
	s.done = sealed == 0
	return sealed, err
}

// sealed is up to where all tables were sealed before, of the last sealReach: what
// committed late in a longer stop of all processes is found within the day.
func (h LogHead) sealed(until time.Time) time.Time {
	through := until
	for _, table := range logTables {
		through = earlier(through, h.Through[table])
	}
	return later(through, until.Add(-sealReach))
}

// nextToSeal reads what comes next of a table, and moves the head past it.
func nextToSeal(ctx context.Context, tx Tx, head *LogHead, table string, until time.Time) ([]LogEntry, error) {
	since := head.Through[table]
	if !since.Before(until) {
		return nil, nil
	}
	fresh, err := tx.Unsealed(ctx, table, since, until, sealBatch)
	if err != nil {
		return nil, err
	}
	if head.Through[table] = until; len(fresh) == sealBatch { // more may wait behind
		head.Through[table] = later(since, fresh[len(fresh)-1].At)
	}
	return fresh, nil
}

// sealing runs a transaction of the one who seals; nothing where another does, which
// ends the round. The tree is forgotten where it fails: it may have grown by what was
// not kept.
func (s *Sealing) sealing(ctx context.Context, fn func(context.Context, Tx, LogHead) error) error {
	err := s.records.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		head, ours, err := tx.LockLog(ctx)
		if s.lost = err == nil && !ours; err != nil || s.lost {
			return err
		}
		return fn(ctx, tx, head)
	})
	if err != nil {
		s.tree = nil
		return fmt.Errorf("sealing the log: %w", err)
	}
	return nil
}

// extend stores leaves, the nodes that become full with them, the head, and a
// signed checkpoint where the tree grew.
func (s *Sealing) extend(ctx context.Context, tx Tx, head LogHead, entries []LogEntry) error {
	if len(entries) == 0 {
		return tx.MoveLogHead(ctx, head)
	}
	if s.tree == nil || s.tree.Size() != head.Size { // another sealed meanwhile
		tree, err := log.Grow(head.Size, func(spans []log.Span) ([][][32]byte, error) { return tx.LogNodes(ctx, spans) })
		if err != nil {
			return err
		}
		s.tree = tree
	}
	leaves := make([][32]byte, len(entries))
	for i, e := range entries {
		leaves[i] = e.Leaf
	}
	if err := tx.AppendLog(ctx, head.Size, entries, s.tree.Add(leaves)); err != nil {
		return err
	}
	head.Size = s.tree.Size()
	return s.records.signHead(ctx, tx, head, s.tree.Root())
}

// signHead keeps how far the log is sealed and a signed checkpoint of it.
func (r *Records) signHead(ctx context.Context, tx Tx, head LogHead, root [32]byte) error {
	signed, err := log.SignCheckpoint(log.Checkpoint{Origin: r.logOrigin, Size: head.Size, Root: root}, r.logKeys...)
	if err != nil {
		return err
	}
	if err := tx.InsertCheckpoint(ctx, head.Size, signed, r.clock.Now()); err != nil {
		return err
	}
	return tx.MoveLogHead(ctx, head)
}
