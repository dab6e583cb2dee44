// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
)

func TestStatusEntriesAreUnique(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seen := map[poa.StatusListEntry]bool{}
	draw := func(n int) {
		t.Helper()
		w.in(t, func(ctx context.Context, tx poa.Tx) error {
			for range n {
				e, err := tx.AllocateStatusEntry(ctx)
				if err != nil || seen[e] || e.Index < 0 || e.Index >= 1<<20 {
					t.Fatalf("%+v, %v", e, err)
				}
				seen[e] = true
			}
			return nil
		})
	}
	draw(200)
	w.Exec(t, "UPDATE status_list_shards SET used = 12288 WHERE list = 0") // 75 % of each
	draw(1)
	lists := map[int]int{}
	for e := range seen {
		lists[e.List]++
	}
	if !cmp.Equal(lists, map[int]int{0: 200, 1: 1}) {
		t.Errorf("a full list was drawn from: %v", lists)
	}
}
