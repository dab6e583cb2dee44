// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
)

func TestDelegationsList(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), context.Background()
	var ids []poa.DelegationID
	for i := range 5 {
		w.Clock.Advance(time.Second)
		ids = append(ids, w.accepted(t, w.delegator, days(0, 9-i)).ID)
	}
	other := w.party(t, poa.PartyDelegator)
	w.accepted(t, other, days(0, 1))
	read := func(f poa.DelegationFilter, o poa.Order, p poa.Page) ([]poa.DelegationID, poa.List[poa.Delegation]) {
		t.Helper()
		list, err := w.DB.Delegations(ctx, f, o, p)
		if err != nil {
			t.Fatal(err)
		}
		var got []poa.DelegationID
		for _, d := range list.Items {
			got = append(got, d.ID)
		}
		return got, list
	}
	own := poa.DelegationFilter{DelegatorID: w.delegator, Now: start.AddDate(0, 0, 1)}
	ascending := poa.Order{Ascending: true}
	t.Run("pages join", func(t *testing.T) {
		one, list := read(own, ascending, poa.Page{First: 3})
		two, last := read(own, ascending, poa.Page{First: 3, After: list.Cursors[2]})
		if diff := cmp.Diff(ids, append(one, two...)); diff != "" || !list.HasNext || last.HasNext || list.Total != 5 {
			t.Error(diff, list.HasNext, last.HasNext, list.Total)
		}
	})
	t.Run("by the end of the term", func(t *testing.T) {
		got, list := read(own, poa.Order{Field: poa.OrderValidThrough, Ascending: true}, poa.Page{First: 2})
		next, _ := read(own, poa.Order{Field: poa.OrderValidThrough, Ascending: true}, poa.Page{First: 2, After: list.Cursors[1]})
		if diff := cmp.Diff([]poa.DelegationID{ids[4], ids[3], ids[2], ids[1]}, append(got, next...)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("by what was searched", func(t *testing.T) {
		f := own
		for text, want := range map[string]int{"秘密野": 5, "丸子": 5, "受任太郎": 5, "別人": 0, "%": 0} {
			f.Search = text
			if got, _ := read(f, ascending, poa.Page{}); len(got) != want {
				t.Errorf("%q finds %d, want %d", text, len(got), want)
			}
		}
	})
	t.Run("by watch, state and end", func(t *testing.T) {
		w.in(t, func(ctx context.Context, tx poa.Tx) error {
			return tx.InsertWatch(ctx, poa.Watch{RecipientID: w.recipient, DelegationID: ids[1], Since: start, SinceVersion: 1})
		})
		if got, _ := read(poa.DelegationFilter{WatchedBy: w.recipient}, ascending, poa.Page{}); !cmp.Equal(got, ids[1:2]) {
			t.Error(got)
		}
		if got, _ := read(poa.DelegationFilter{DelegatorID: w.delegator, States: []poa.State{poa.StateDrafted, poa.StateRefused}}, ascending, poa.Page{}); len(got) != 0 {
			t.Error(got)
		}
		if got, _ := read(poa.DelegationFilter{DelegatorID: w.delegator, EndsBefore: poa.DateOf(start).AddDays(6)}, ascending, poa.Page{}); !cmp.Equal(got, ids[4:]) {
			t.Error(got)
		}
	})
}

func TestStaleDrafts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := w.drafted(t, w.delegator, days(0, 5), "")
	w.Clock.Advance(time.Hour)
	w.drafted(t, w.delegator, days(0, 5), "")
	got, err := w.DB.StaleDrafts(context.Background(), w.Clock.Now(), 10)
	if err != nil || !cmp.Equal(got, []poa.DelegationID{old.ID}) {
		t.Error(got, err)
	}
}
