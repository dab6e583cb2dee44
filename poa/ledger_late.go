// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
	"time"
)

// lookBack looks once at the next stretch for what committed late.
func (s *Sealing) lookBack(ctx context.Context) (sealed int, err error) {
	s.stretch = max(s.stretch, sealLook)
	next := earlier(s.back.Add(s.stretch), s.until)
	rows, sealed, err := s.sealLate(ctx, s.back, next)
	if err != nil || sealed >= sealBatch {
		return sealed, err
	}
	s.back = next
	switch {
	case rows < sealLookRows/2:
		s.stretch = min(2*s.stretch, sealSlice)
	case rows > sealLookRows:
		s.stretch /= 2
	}
	return sealed, nil
}

// sealLate seals what committed late between two instants before which all else is
// sealed, and returns how many rows there are. What nobody changes is counted outside
// of the transaction: as many leaves as rows are whole.
func (s *Sealing) sealLate(ctx context.Context, since, until time.Time) (rows, sealed int, err error) {
	for _, table := range logTables {
		n, whole, err := s.records.store.Sealed(ctx, table, since, until)
		if err != nil {
			return rows, sealed, fmt.Errorf("looking back at the log: %w", err)
		}
		if rows += n; whole {
			continue
		}
		err = s.sealing(ctx, func(ctx context.Context, tx Tx, head LogHead) error {
			late, err := tx.Late(ctx, table, since, earlier(until, head.Through[table]), sealBatch)
			if err != nil {
				return err
			}
			sealed += len(late)
			return s.extend(ctx, tx, head, late)
		})
		if err != nil {
			return rows, sealed, err
		}
	}
	return rows, sealed, nil
}

// sweepLog looks far back once a day: for what a process that stood still for long
// committed all the same. It returns how many it found.
func (s *Sealing) sweepLog(ctx context.Context) (found int, err error) {
	due := false
	err = s.sealing(ctx, func(ctx context.Context, tx Tx, head LogHead) error {
		if head.SweptAt.IsZero() { // this was the first round, which looked at everything
			head.SweptAt = s.until
			return tx.MoveLogHead(ctx, head)
		}
		due = s.until.Sub(head.SweptAt) >= sealSweepEvery
		return nil
	})
	if err != nil || !due {
		return 0, err
	}
	for since := s.until.Add(-sealSweep); since.Before(s.until); {
		next := earlier(since.Add(sealSlice), s.until)
		_, n, err := s.sealLate(ctx, since, next)
		if err != nil {
			return found, err
		}
		if found += n; n < sealBatch {
			since = next
		}
	}
	return found, s.sealing(ctx, func(ctx context.Context, tx Tx, head LogHead) error {
		head.SweptAt = s.until
		return tx.MoveLogHead(ctx, head)
	})
}
