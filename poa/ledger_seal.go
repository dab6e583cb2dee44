// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"slices"
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
	// late, sealSweep how far once in sealSweepEvery, in slices of sealSlice.
	sealOverlap    = 2 * time.Minute
	sealSweep      = 48 * time.Hour
	sealSweepEvery = 24 * time.Hour
	sealSlice      = 10 * time.Minute
	// sealBatch bounds the leaves of one transaction from each table. One takes so
	// short a time that answers are not held up.
	sealBatch = 2000
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
	// SweptAt is when it was looked far back for rows that committed late.
	SweptAt time.Time
}

// logTables are those whose rows are leaves.
var logTables = []string{log.TableAudit, log.TableInquiries}

// SealWith lets the log be sealed, with keys that sign its checkpoints. Without
// one it is not.
func (r *Records) SealWith(issuer string, keys ...ed25519.PrivateKey) {
	r.logOrigin, r.logKeys = log.OriginOf(issuer), keys
}

// SealLog adds to the log's tree what was recorded before the instant and is old
// enough by then, at most a batch, and signs its head (6.2.1, 6.2.4: nobody changes
// the audit log unseen). It returns how many leaves were added, and whether there is
// more: a round of sealing is to call it with the same instant until there is none,
// so that a round ends however much is recorded meanwhile. Of several processes one
// seals at a time.
func (r *Records) SealLog(ctx context.Context, before time.Time) (sealed int, more bool, err error) {
	if len(r.logKeys) == 0 {
		return 0, false, nil
	}
	until, sweep := before.Add(-sealSettle), false
	err = r.sealing(ctx, func(ctx context.Context, tx Tx, head LogHead) error {
		var all []LogEntry
		for _, table := range head.behind(until) {
			entries, through, err := nextToSeal(ctx, tx, table, head.Through[table], until)
			if err != nil {
				return err
			}
			more = more || through.Before(until)
			head.Through[table] = through
			all = append(all, entries...)
		}
		sealed, sweep = len(all), until.Sub(head.SweptAt) >= sealSweepEvery
		return r.extend(ctx, tx, head, all)
	})
	if err == nil && !more && sweep {
		var swept int
		swept, err = r.sweepLog(ctx, until)
		sealed += swept
	}
	return sealed, more, err
}

// sealing runs a transaction of the one who seals; nothing where another does.
func (r *Records) sealing(ctx context.Context, fn func(context.Context, Tx, LogHead) error) error {
	err := r.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		head, ours, err := tx.LockLog(ctx)
		if err != nil || !ours {
			return err
		}
		return fn(ctx, tx, head)
	})
	if err != nil {
		return fmt.Errorf("sealing the log: %w", err)
	}
	return nil
}

// behind are the tables of which something may be left. One that is done with a
// round is passed over while the other goes on, so that each looks back once.
func (h LogHead) behind(until time.Time) []string {
	if tables := slices.DeleteFunc(slices.Clone(logTables), func(t string) bool { return !h.Through[t].Before(until) }); len(tables) > 0 {
		return tables
	}
	return slices.DeleteFunc(slices.Clone(logTables), func(t string) bool { return h.Through[t].After(until) })
}

// nextToSeal reads what comes next of a table, and says up to where nothing is
// left. What committed late is looked for once in a round, at its end.
func nextToSeal(ctx context.Context, tx Tx, table string, since, until time.Time) (entries []LogEntry, through time.Time, err error) {
	fresh, err := tx.Unsealed(ctx, table, since, until, sealBatch)
	if err != nil {
		return nil, since, err
	}
	if len(fresh) == sealBatch { // more may wait behind
		if last := fresh[len(fresh)-1].At; last.After(since) {
			return fresh, last, nil
		}
		return fresh, since, nil
	}
	if since.IsZero() {
		return fresh, until, nil
	}
	// The millisecond of since was read with what is fresh.
	late, err := tx.Late(ctx, table, since.Add(-sealOverlap), since.Truncate(time.Millisecond), sealBatch)
	if err != nil || len(late) == sealBatch {
		return late, since, err
	}
	return append(late, fresh...), until, nil
}

// sweepLog looks far back for rows that committed late: what a process that stood
// still for long committed all the same. It returns how many it found.
func (r *Records) sweepLog(ctx context.Context, until time.Time) (found int, err error) {
	for since := until.Add(-sealSweep); since.Before(until); {
		n := 0
		err := r.sealing(ctx, func(ctx context.Context, tx Tx, head LogHead) error {
			var late []LogEntry
			for _, table := range logTables {
				// What comes behind is not late: the next round seals it.
				entries, err := tx.Late(ctx, table, since, earlier(since.Add(sealSlice), head.Through[table]), sealBatch)
				if err != nil {
					return err
				}
				late = append(late, entries...)
			}
			n = len(late)
			if n == 0 && !since.Add(sealSlice).Before(until) {
				head.SweptAt = until
			}
			return r.extend(ctx, tx, head, late)
		})
		if err != nil {
			return found, err
		}
		if found += n; n == 0 {
			since = since.Add(sealSlice)
		}
	}
	return found, nil
}

// extend stores leaves, the nodes that become full with them, the head, and a
// signed checkpoint where the tree grew.
func (r *Records) extend(ctx context.Context, tx Tx, head LogHead, entries []LogEntry) error {
	if len(entries) == 0 {
		return tx.MoveLogHead(ctx, head)
	}
	leaves := make([][32]byte, len(entries))
	for i, e := range entries {
		leaves[i] = e.Leaf
	}
	read := func(spans []log.Span) ([][][32]byte, error) { return tx.LogNodes(ctx, spans) }
	grown, err := log.Grown(head.Size, leaves, read)
	if err != nil {
		return err
	}
	if err := tx.AppendLog(ctx, head.Size, entries, grown); err != nil {
		return err
	}
	head.Size += int64(len(entries))
	root, err := log.Root(head.Size, read)
	if err != nil {
		return err
	}
	signed, err := log.SignCheckpoint(log.Checkpoint{Origin: r.logOrigin, Size: head.Size, Root: root}, r.logKeys...)
	if err != nil {
		return err
	}
	if err := tx.InsertCheckpoint(ctx, head.Size, signed, r.clock.Now()); err != nil {
		return err
	}
	return tx.MoveLogHead(ctx, head)
}
