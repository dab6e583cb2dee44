// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ininjo/db/dbtest"
	"ininjo/poa"
)

// TestAhead shows that what goes ahead has sessions of its own.
func TestAhead(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	release, held := make(chan struct{}), make(chan struct{})
	var acts sync.WaitGroup
	for range maxConns {
		acts.Go(func() {
			_ = d.DB.InTx(t.Context(), func(context.Context, poa.Tx) error {
				held <- struct{}{}
				<-release
				return poa.ErrConflict
			})
		})
	}
	for range maxConns {
		<-held // each holds a session
	}
	defer acts.Wait()
	defer close(release)
	bounded, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := d.DB.InTx(d.DB.Ahead(bounded), func(ctx context.Context, tx poa.Tx) error {
		_, err := tx.NextNumber(ctx, "A", poa.DateOf(d.Clock.Now()))
		return err
	})
	if err != nil {
		t.Errorf("what goes ahead waited behind acts: %v", err)
	}
}

// maxConns is how many sessions acts have in a test's database.
const maxConns = 8

// TestPublishedTogether shows that what goes with the commit goes whole or not at
// all, with a transaction that began before and with one that did not.
func TestPublishedTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.accepted(t, w.delegator, days(0, 5))
	unknown := d
	unknown.ID = poa.NewDelegationID()
	for name, before := range map[string]func(context.Context, poa.Tx) error{
		"nothing before": func(context.Context, poa.Tx) error { return nil },
		"begun before": func(ctx context.Context, tx poa.Tx) error {
			_, err := tx.NextNumber(ctx, "A", poa.DateOf(start))
			return err
		},
	} {
		err := w.DB.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error {
			return errors.Join(before(ctx, tx), tx.Publish(ctx, w.change(d, 7)), tx.Publish(ctx, w.change(unknown, 8)))
		})
		if err == nil {
			t.Errorf("%s: a change of a delegation that is not there was committed", name)
		}
		if got := versions(w.take(t)); len(got) != 0 {
			t.Errorf("%s: versions %v of an act that failed were published", name, got)
		}
		w.in(t, func(ctx context.Context, tx poa.Tx) error {
			return errors.Join(before(ctx, tx), tx.Publish(ctx, w.change(d, 1)), tx.Publish(ctx, w.change(d, 2)))
		})
		if got := versions(w.take(t)); len(got) != 2 || got[0] != 1 || got[1] != 2 {
			t.Errorf("%s: took %v, want 1 and 2 in their order", name, got)
		}
	}
}

// TestActsGiveWay shows that an act waits for the commit of numbers, and not for
// good where that hangs.
func TestActsGiveWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.accepted(t, w.delegator, days(0, 5))
	w.in(t, func(ctx context.Context, tx poa.Tx) error { return tx.Publish(ctx, w.change(d, 1)) })
	other := w.begun(t, "LOCK TABLE notices IN EXCLUSIVE MODE")
	notifier := poa.NewNotifier(w.Clock, w.DB, poa.DefaultPolicy("https://ininjo.example"))
	numbered := make(chan error, 1)
	go func() {
		_, err := notifier.Number(w.DB.Ahead(context.Background()))
		numbered <- err
	}()
	for hangs := false; !hangs; {
		must(t, other.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'notices'::regclass AND NOT granted)").Scan(&hangs))
	}
	if shut, passed := w.DB.Gate(); !shut || passed != 0 {
		t.Errorf("while changes are numbered the gate is shut: %v, and %d passed", shut, passed)
	}
	w.in(t, func(ctx context.Context, tx poa.Tx) error { return tx.Publish(ctx, w.change(d, 2)) })
	if _, passed := w.DB.Gate(); passed != 1 {
		t.Errorf("an act did not come to the gate: %d passed", passed)
	}
	select {
	case err := <-numbered:
		t.Fatalf("the numbering went past the lock: %v", err)
	default:
	}
	must(t, other.Commit(t.Context()))
	must(t, <-numbered)
	if shut, _ := w.DB.Gate(); shut {
		t.Error("the gate stays shut after the numbering")
	}
	if n, err := notifier.Number(w.DB.Ahead(t.Context())); err != nil || n != 1 {
		t.Errorf("numbered %d, %v; want the act's one change", n, err)
	}
}

// begun is a transaction of somebody else in which a statement ran.
func (w *world) begun(t *testing.T, statement string) pgx.Tx {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.SuperuserURL)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	begun, err := conn.Begin(t.Context())
	must(t, err)
	_, err = begun.Exec(t.Context(), statement)
	must(t, err)
	return begun
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
