// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
	"math"
	"time"
)

// look looks from one instant on for what committed late, until at most another. It
// returns up to where it looked: the first instant again where there was too much,
// of which the next look takes half. How much a stretch has nobody knows before: a
// night in which nobody asked says nothing about the morning.
func (s *Sealing) look(ctx context.Context, since, until time.Time) (through time.Time, sealed int, err error) {
	most := sealLookRows
	if s.stretch <= sealLeast {
		most = math.MaxInt32
	}
	through = earlier(since.Add(s.stretch), until)
	rows, sealed, err := s.sealLate(ctx, since, through, most)
	switch {
	case err != nil || s.lost || sealed >= sealBatch: // more may wait there
		return since, sealed, err
	case rows > most:
		s.stretch = max(s.stretch/2, sealLeast)
		return since, sealed, nil
	case rows < sealLookRows/2:
		s.stretch = min(2*s.stretch, sealSweep)
	}
	return through, sealed, nil
}

// sealLate seals what committed late between two instants before which all else is
// sealed, and returns how many rows the fuller table has; where it has more than that
// many nothing of it is sealed. What nobody changes is counted outside of the
// transaction: as many leaves as rows are whole.
func (s *Sealing) sealLate(ctx context.Context, since, until time.Time, most int) (rows, sealed int, err error) {
	for _, table := range logTables {
		n, whole, err := s.records.store.Sealed(ctx, table, since, until, most)
		if err != nil {
			return rows, sealed, fmt.Errorf("looking back at the log: %w", err)
		}
		if rows = max(rows, n); whole || n > most {
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

// sweep looks once more at the next stretch of what became sealSweep old since the
// last round: for what a process that stood still for long committed all the same.
// How far it came is kept with each step.
func (s *Sealing) sweep(ctx context.Context) (sealed int, more bool, err error) {
	from := s.swept
	if from.IsZero() {
		err = s.sealing(ctx, func(ctx context.Context, tx Tx, head LogHead) error {
			if s.swept = head.SweptAt; !s.swept.IsZero() {
				return nil
			}
			head.SweptAt = s.until // the first round, which looked at everything
			return tx.MoveLogHead(ctx, head)
		})
		return 0, !s.swept.IsZero() && s.swept.Before(s.until), err
	}
	through, sealed, err := s.look(ctx, from.Add(-sealSweep), s.until.Add(-sealSweep))
	s.sweeps++
	s.swept = through.Add(sealSweep)
	more = s.swept.Before(s.until) && s.sweeps < sealSweeps
	if err != nil || s.swept.Equal(from) {
		return sealed, more, err
	}
	return sealed, more, s.sealing(ctx, func(ctx context.Context, tx Tx, head LogHead) error {
		head.SweptAt = later(head.SweptAt, s.swept)
		return tx.MoveLogHead(ctx, head)
	})
}
