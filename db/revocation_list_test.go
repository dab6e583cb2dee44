// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"crypto/sha256"
	"math/big"
	"sync"
	"testing"
	"time"

	"ininjo/db"
	"ininjo/db/dbtest"
)

func TestRevocationLists(t *testing.T) {
	t.Parallel()
	w, ctx := dbtest.New(t), context.Background()
	at := w.Clock.Now().Truncate(time.Second)
	series := sha256.Sum256([]byte("issuer"))
	seen := func(number int64, at time.Time, want bool) {
		t.Helper()
		var n *big.Int
		if number >= 0 {
			n = big.NewInt(number)
		}
		if outdated, err := w.DB.SeenRevocationList(ctx, series, n, at); err != nil || outdated != want {
			t.Errorf("list %d of %v: outdated %t, %v", number, at, outdated, err)
		}
	}
	seen(-1, at.Add(-time.Hour), false) // lists without a number go by their time
	seen(-1, at.Add(-2*time.Hour), true)
	seen(5, at, false)
	seen(5, at, false)
	seen(-1, at.Add(time.Hour), true) // it had one before
	seen(4, at, true)
	seen(4, at.Add(time.Hour), true)
	seen(6, at.Add(-time.Hour), true)
	seen(6, at.Add(time.Hour), false)
	seen(5, at, true)
	series = sha256.Sum256([]byte("another part of the certificates"))
	seen(1, at.AddDate(-1, 0, 0), false)
	large := new(big.Int).Lsh(big.NewInt(1), 159) // as large as RFC 5280 lets a number be
	if outdated, err := w.DB.SeenRevocationList(ctx, series, large, at); outdated || err != nil {
		t.Errorf("outdated %t, %v", outdated, err)
	}

	t.Run("of many at once the newest stays", func(t *testing.T) {
		series := sha256.Sum256([]byte("at once"))
		var all sync.WaitGroup
		for n := range 40 {
			all.Go(func() {
				if _, err := w.DB.SeenRevocationList(ctx, series, big.NewInt(int64(n)), at.Add(time.Duration(n)*time.Minute)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for n, want := range map[int64]bool{38: true, 39: false} {
			if outdated, err := w.DB.SeenRevocationList(ctx, series, big.NewInt(n), at.Add(time.Duration(n)*time.Minute)); outdated != want || err != nil {
				t.Errorf("list %d: outdated %t, %v", n, outdated, err)
			}
		}
	})
	t.Run("the program cannot set one back or delete it", func(t *testing.T) {
		for statement, want := range map[string]string{"DELETE FROM revocation_lists": "42501", "TRUNCATE revocation_lists": "42501",
			"UPDATE revocation_lists SET this_update = this_update - interval '1 second'": "23514",
			"UPDATE revocation_lists SET number = number - 1":                             "23514",
			"UPDATE revocation_lists SET number = NULL":                                   "23514",
			"UPDATE revocation_lists SET series = sha256('x')":                            "42501"} {
			if got := sqlState(t, w.URL, db.RoleProgram, statement); got != want {
				t.Errorf("%s: %s", statement, got)
			}
		}
	})
}
