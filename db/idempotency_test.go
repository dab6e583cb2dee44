// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"ininjo/db/dbtest"
	"ininjo/poa"
)

func TestRemember(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	act := func(scope, key string, input byte, made string) (string, error) {
		var kept string
		err := d.DB.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error {
			var err error
			if kept, err = tx.Remember(ctx, scope, key, [32]byte{input}, d.Clock.Now()); err != nil || kept != "" {
				return err
			}
			return tx.Keep(ctx, scope, key, made)
		})
		return kept, err
	}
	check := func(scope, key string, input byte, want string) {
		t.Helper()
		if kept, err := act(scope, key, input, "made"); err != nil || kept != want {
			t.Errorf("kept %q, %v", kept, err)
		}
	}
	check("s", "k", 1, "")
	check("s", "k", 1, "made")
	check("s2", "k", 1, "")
	check("s", "k2", 1, "")
	if _, err := act("s", "k", 2, "x"); !errors.Is(err, poa.ErrConflict) {
		t.Errorf("another input: %v", err)
	}
	d.Clock.Advance(24 * time.Hour)
	check("s", "k", 2, "")
	d.Clock.Advance(24 * time.Hour)
	if err := d.DB.DeleteExpired(t.Context(), d.Clock.Now()); err != nil {
		t.Error(err)
	}
	check("s", "k", 3, "")
}

func TestRememberForgetsWhatFailed(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	claim := func(after error) (string, error) {
		var kept string
		err := d.DB.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error {
			var err error
			kept, err = tx.Remember(ctx, "s", "k", [32]byte{1}, d.Clock.Now())
			return errors.Join(err, after)
		})
		return kept, err
	}
	if _, err := claim(poa.ErrForbidden); !errors.Is(err, poa.ErrForbidden) {
		t.Fatal(err)
	}
	if kept, err := claim(nil); err != nil || kept != "" {
		t.Errorf("kept %q, %v", kept, err)
	}
}

// TestConcurrentActsWithOneKey lets eight callers race with one key: one acts,
// the others wait and learn what it made.
func TestConcurrentActsWithOneKey(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	var wg sync.WaitGroup
	made := make([]string, 8)
	acted := make([]bool, 8)
	for i := range made {
		wg.Go(func() {
			err := d.DB.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error {
				kept, err := tx.Remember(ctx, "s", "k", [32]byte{1}, d.Clock.Now())
				if made[i] = kept; err != nil || kept != "" {
					return err
				}
				p := sampleParty(poa.PartyDelegator, "A-1", d.Clock.Now())
				made[i], acted[i] = p.ID, true
				return errors.Join(tx.InsertParty(ctx, p), tx.Keep(ctx, "s", "k", p.ID))
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	acts := 0
	for i := range made {
		if acted[i] {
			acts++
		}
		if made[i] == "" || made[i] != made[0] {
			t.Errorf("caller %d got %q, caller 0 %q", i, made[i], made[0])
		}
	}
	if acts != 1 {
		t.Errorf("%d acted", acts)
	}
}

func TestNextNumber(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	day := poa.Date{Year: 2026, Month: 11, Day: 23}
	var mu sync.Mutex
	drawn := map[string]bool{}
	draw := func(fail bool) {
		err := d.DB.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error {
			n, err := tx.NextNumber(ctx, "A", day)
			if fail || err != nil {
				return errors.Join(err, poa.ErrConflict)
			}
			mu.Lock()
			defer mu.Unlock()
			drawn[n] = true
			return nil
		})
		if err != nil && !fail {
			t.Error(err)
		}
	}
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() { draw(i%3 == 0) })
	}
	wg.Wait()
	for _, want := range []string{"A-20261123-000001", "A-20261123-000008"} {
		if !drawn[want] {
			t.Errorf("%s is missing of %v", want, drawn)
		}
	}
	if len(drawn) != 8 {
		t.Errorf("drew %v", drawn)
	}
}
