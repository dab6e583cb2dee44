// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"ininjo/poa"
)

func TestLeader(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.accepted(t, w.delegator, days(0, 5))
	done := errors.New("done")
	t.Run("is woken by a commit", func(t *testing.T) {
		err := w.DB.Lead(t.Context(), func(ctx context.Context) error {
			w.in(t, func(ctx context.Context, tx poa.Tx) error { return tx.Publish(ctx, w.change(d, 1)) })
			if err := w.DB.Wait(ctx, time.Minute); err != nil {
				t.Error(err)
			}
			return done
		})
		if !errors.Is(err, done) {
			t.Error(err)
		}
	})
	t.Run("polls where nothing is announced, and goes on", func(t *testing.T) {
		err := w.DB.Lead(t.Context(), func(ctx context.Context) error {
			return errors.Join(w.DB.Wait(ctx, time.Millisecond), w.DB.Wait(ctx, time.Millisecond), done)
		})
		if !errors.Is(err, done) || err.Error() != "done" {
			t.Error(err)
		}
	})
	t.Run("is one at a time", func(t *testing.T) {
		other := w.Open(t)
		var leading atomic.Bool
		second := make(chan error, 1)
		err := w.DB.Lead(t.Context(), func(ctx context.Context) error {
			leading.Store(true)
			defer leading.Store(false)
			go func() {
				second <- other.Lead(t.Context(), func(context.Context) error {
					if leading.Load() {
						return errors.New("two leaders at once")
					}
					return nil
				})
			}()
			return errors.Join(w.DB.Wait(ctx, 50*time.Millisecond), done) // meanwhile the other one asks
		})
		if !errors.Is(err, done) {
			t.Error(err)
		}
		if err := <-second; err != nil {
			t.Error(err)
		}
	})
	t.Run("learns that its session broke", func(t *testing.T) {
		err := w.DB.Lead(t.Context(), func(ctx context.Context) error {
			w.Exec(t, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7310002 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
			return w.DB.Wait(ctx, time.Minute)
		})
		if !errors.Is(err, poa.ErrUnavailable) {
			t.Error(err)
		}
	})
	t.Run("nobody else waits", func(t *testing.T) {
		if err := w.DB.Wait(t.Context(), time.Millisecond); err == nil {
			t.Error("waited")
		}
	})
}
