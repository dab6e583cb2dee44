// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/db"
	"ininjo/poa"
)

func TestDelegation(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), context.Background()
	d := w.submitted(t, w.delegator, days(0, 5), "")
	t.Run("comes back as it was stored", func(t *testing.T) {
		got, err := w.DB.Delegation(ctx, d.ID)
		if diff := cmp.Diff(d, got); err != nil || diff != "" {
			t.Fatal(diff, err)
		}
	})
	t.Run("its evidence comes back as it was stored", func(t *testing.T) {
		for kind, want := range map[poa.FileKind]string{poa.FileDraft: "draft of " + secretName, poa.FileSigned: "file", poa.FileCertificate: "signed challenge"} {
			got, err := w.DB.File(ctx, d.ID, kind)
			if err != nil || string(got) != want {
				t.Errorf("%s: %q, %v", kind, got, err)
			}
		}
		handed, err := w.DB.HandedIn(ctx, d.ID)
		if err != nil || handed.Name != secretName || handed.CertificateSHA256 != d.DelegateCertificateSHA256 {
			t.Errorf("%+v, %v", handed, err)
		}
		checks, err := w.DB.Checks(ctx, d.ID)
		if err != nil || len(checks) != 1 || checks[0].Kind != poa.CheckPath {
			t.Errorf("%+v, %v", checks, err)
		}
	})
	t.Run("is not filed twice", func(t *testing.T) {
		err := w.DB.InTx(ctx, func(ctx context.Context, tx poa.Tx) error { return tx.Submit(ctx, d, []byte("x"), [32]byte{1}, nil) })
		if !errors.Is(err, poa.ErrConflict) {
			t.Errorf("want a conflict, have %v", err)
		}
	})
	t.Run("a refusal keeps its reasons and is final", func(t *testing.T) {
		want := []poa.Refusal{{Code: poa.CodeContentUnclear, Field: []string{"powers", "0"}, Note: secretName, At: start}, {Code: poa.CodeDeclined, At: start}}
		w.in(t, func(ctx context.Context, tx poa.Tx) error {
			return errors.Join(tx.InsertRefusals(ctx, d.ID, want), tx.Close(ctx, d.ID, poa.StateSubmitted, poa.StateRefused, start))
		})
		got, err := w.DB.Refusals(ctx, d.ID)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Error(diff, err)
		}
		err = w.DB.InTx(ctx, func(ctx context.Context, tx poa.Tx) error { return tx.Accept(ctx, d.ID, start) })
		if !errors.Is(err, poa.ErrConflict) {
			t.Errorf("want a conflict, have %v", err)
		}
	})
	t.Run("what is not there is not found", func(t *testing.T) {
		_, err := w.DB.Delegation(ctx, poa.NewDelegationID())
		_, err2 := w.DB.Projection(ctx, d.ID)
		if !errors.Is(err, poa.ErrNotFound) || !errors.Is(err2, poa.ErrNotFound) {
			t.Error(err, err2)
		}
	})
	t.Run("after erasure its state is still told", func(t *testing.T) {
		if err := w.Sealer.Destroy(ctx, db.Subject{Class: db.ClassDelegation, ID: string(d.ID)}); err != nil {
			t.Fatal(err)
		}
		got, err := w.DB.Delegation(ctx, d.ID)
		if err != nil || got.State != poa.StateRefused || got.Contents.Mandator.Name != "" {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := w.DB.File(ctx, d.ID, poa.FileSigned); !errors.Is(err, db.ErrErased) {
			t.Errorf("want the file erased, have %v", err)
		}
	})
}

func TestOneReplacementIsAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := w.accepted(t, w.delegator, days(0, 5))
	first, second := w.submitted(t, w.delegator, days(0, 9), old.ID), w.submitted(t, w.delegator, days(0, 9), old.ID)
	w.accept(t, first)
	err := w.DB.InTx(context.Background(), func(ctx context.Context, tx poa.Tx) error { return tx.Accept(ctx, second.ID, start) })
	if !errors.Is(err, poa.ErrConflict) {
		t.Errorf("want a conflict, have %v", err)
	}
	got, err := w.DB.Replacement(context.Background(), old.ID)
	if err != nil || got != first.ID {
		t.Errorf("replaced by %q, %v", got, err)
	}
}

func TestChallengeIsUsedOnceAndInTime(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), context.Background()
	d := w.drafted(t, w.delegator, days(0, 5), "")
	use := func(id string, at time.Time) error {
		return w.DB.InTx(ctx, func(ctx context.Context, tx poa.Tx) error { return tx.UseChallenge(ctx, id, at) })
	}
	late, good := poa.NewID(poa.PrefixChallenge), poa.NewID(poa.PrefixChallenge)
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		c := poa.Challenge{ID: good, DelegationID: d.ID, Text: []byte("\x00sign me"), CreatedAt: start, ExpiresAt: start.Add(time.Minute)}
		err := tx.InsertChallenge(ctx, c)
		c.ID = late
		return errors.Join(err, tx.InsertChallenge(ctx, c))
	})
	if err := errors.Join(use(good, start)); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{"used": use(good, start), "over": use(late, start.Add(time.Minute)), "missing": use("chl_x", start)} {
		if !errors.Is(err, poa.ErrConflict) {
			t.Errorf("%s: want a conflict, have %v", name, err)
		}
	}
	c, err := w.DB.Challenge(ctx, good)
	if err != nil || string(c.Text) != "\x00sign me" || !c.UsedAt.Equal(start) {
		t.Errorf("%+v, %v", c, err)
	}
}

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
	if lists := map[int]int{}; true {
		for e := range seen {
			lists[e.List]++
		}
		if !cmp.Equal(lists, map[int]int{0: 200, 1: 1}) {
			t.Errorf("a full list was drawn from: %v", lists)
		}
	}
}

func TestRevocationsSerialise(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.accepted(t, w.delegator, days(0, 5))
	revoke := func() error {
		return w.DB.InTx(context.Background(), func(ctx context.Context, tx poa.Tx) error {
			if _, err := tx.LockDelegation(ctx, d.ID); err != nil {
				return err
			}
			_, err := tx.AppendFact(ctx, poa.Fact{DelegationID: d.ID, Kind: poa.FactRevoked, Stands: true, From: start.Add(time.Hour), EventID: "evt_1"}, termOf(d), start)
			return err
		})
	}
	const at = 8
	results := make(chan error, at)
	for range at {
		go func() { results <- revoke() }()
	}
	won := 0
	for range at {
		if err := <-results; err == nil {
			won++
		} else if !errors.Is(err, poa.ErrConflict) {
			t.Errorf("want a conflict, have %v", err)
		}
	}
	if facts := w.facts(t, d.ID); won != 1 || len(facts) != 2 || !facts[1].RecordedAt.Equal(start.Add(time.Microsecond)) {
		t.Errorf("%d won: %+v", won, facts)
	}
}

// TestWatchWaitsForChange shows rule 14: who watches while a change is under
// way reads what the change made.
func TestWatchWaitsForChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.accepted(t, w.delegator, days(0, 5))
	read := make(chan int, 1)
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		if _, err := tx.LockDelegation(ctx, d.ID); err != nil {
			return err
		}
		go func() {
			version := -1
			_ = w.DB.InTx(context.Background(), func(ctx context.Context, tx poa.Tx) error {
				shared, err := tx.ShareDelegation(ctx, d.ID)
				version = shared.Version
				return err
			})
			read <- version
		}()
		_, err := tx.AppendFact(ctx, poa.Fact{DelegationID: d.ID, Kind: poa.FactRevoked, Stands: true, From: start, EventID: "evt_1"}, termOf(d), start)
		return err
	})
	if got := <-read; got != 2 {
		t.Errorf("the watcher read version %d", got)
	}
}

func TestAppendFactRefusesWhatMustNotBe(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), context.Background()
	d, filed := w.accepted(t, w.delegator, days(0, 5)), w.submitted(t, w.delegator, days(0, 5), "")
	for name, f := range map[string]poa.Fact{
		"a second acceptance":          {DelegationID: d.ID, Kind: poa.FactAccepted, Stands: true, From: start},
		"an end before acceptance":     {DelegationID: filed.ID, Kind: poa.FactRevoked, Stands: true, From: start},
		"an end that is lifted":        {DelegationID: d.ID, Kind: poa.FactRevoked, From: start},
		"an end that passes":           {DelegationID: d.ID, Kind: poa.FactRevoked, Stands: true, From: start, Until: start.Add(time.Hour)},
		"a suspension without an ID":   {DelegationID: d.ID, Kind: poa.FactSuspension, Stands: true, From: start},
		"a suspension that ends first": {DelegationID: d.ID, Kind: poa.FactSuspension, SuspensionID: "sus_1", Stands: true, From: start, Until: start},
		"a fact of nothing":            {DelegationID: poa.NewDelegationID(), Kind: poa.FactRevoked, Stands: true, From: start},
		"an unknown kind":              {DelegationID: d.ID, Kind: "FORGOTTEN", Stands: true, From: start},
	} {
		f.EventID = "evt_1"
		err := w.DB.InTx(ctx, func(ctx context.Context, tx poa.Tx) error {
			_, err := tx.AppendFact(ctx, f, termOf(d), start)
			return err
		})
		if err == nil {
			t.Errorf("%s was recorded", name)
		}
	}
	if n := len(w.facts(t, d.ID)); n != 1 {
		t.Errorf("%d facts", n)
	}
}

func TestRenewedCertificate(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), context.Background()
	d := w.accepted(t, w.delegator, days(0, 5))
	renewed := sha256.Sum256([]byte("renewed"))
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		return tx.InsertHandedIn(ctx, poa.HandedIn{DelegationID: d.ID, CertificateSHA256: renewed, Name: "新", At: start}, []byte("again"))
	})
	got, err := w.DB.HandedIn(ctx, d.ID)
	file, err2 := w.DB.File(ctx, d.ID, poa.FileCertificate)
	if err != nil || err2 != nil || got.CertificateSHA256 != renewed || string(file) != "again" {
		t.Error(got, string(file), err, err2)
	}
	if r := w.ask(t, w.credential(), d.ID)[0]; string(r.DelegateCertificateSHA256) != string(renewed[:]) {
		t.Error("answers compare with the earlier certificate")
	}
}
