// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ininjo/poa"
	"ininjo/poa/receipt"
	"ininjo/poa/statuslist"
)

func newSigner(t testing.TB) *receipt.ES256 {
	t.Helper()
	key, err := receipt.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := receipt.NewES256Signer(key)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// mayNot runs statements as the program, which PostgreSQL must refuse.
func (w *world) mayNot(t *testing.T, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := w.DB.Pool().Exec(t.Context(), statement); err == nil {
			t.Errorf("the program may: %s", statement)
		}
	}
}

// publishRead signs what was read and publishes it.
func (w *world) publishRead(signer receipt.Signer, r poa.StatusListReading) error {
	issued := r.At.Truncate(time.Second)
	if !issued.After(r.IssuedAt) {
		issued = r.IssuedAt.Add(time.Second)
	}
	token, err := statuslist.Issue(context.Background(), signer, statuslist.Token{URI: "https://ininjo.example/status-lists/0", IssuedAt: issued, ExpiresAt: issued.Add(time.Hour),
		TTL: time.Minute, Entries: r.Entries})
	if err != nil {
		return err
	}
	return w.DB.PublishStatusList(context.Background(), poa.StatusListToken{List: r.List, Version: r.Version + 1, AsOf: r.At, IssuedAt: issued, KeyID: signer.KeyID(), Token: token}, r.Consumed)
}

// readList reads list 0: whole where bound is negative, else what changed.
func (w *world) readList(t failer, bound int) poa.StatusListReading {
	t.Helper()
	readings, err := w.DB.ReadStatusLists(context.Background(), []int{0}, w.Clock.Now(), bound)
	if err != nil || len(readings) != 1 {
		t.Fatalf("reading list: %v", err)
	}
	return readings[0]
}

// listed is what a status list says of a status of validity.
func listed(s poa.ValidityStatus) statuslist.Status {
	switch {
	case s == poa.StatusValid:
		return statuslist.Valid
	case s == poa.StatusSuspended:
		return statuslist.Suspended
	default:
		return statuslist.Invalid
	}
}

// TestStatusListsAgree publishes at random moments of random histories, and
// compares every entry with the fold of the facts: both where the list was read as
// a whole and where it was carried on from what was published before.
func TestStatusListsAgree(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	signer := newSigner(t)
	var all []poa.Delegation
	rapid.Check(t, func(t *rapid.T) {
		for range rapid.IntRange(0, 2).Draw(t, "new") {
			today := poa.DateOf(w.Clock.Now())
			from := today.AddDays(rapid.IntRange(-1, 2).Draw(t, "from"))
			all = append(all, w.accepted(t, w.delegator, poa.Term{From: from, Through: from.AddDays(rapid.IntRange(0, 8).Draw(t, "length"))}))
			w.drafted(t, w.delegator, days(0, 5), "")
		}
		for range rapid.IntRange(0, 2).Draw(t, "facts") {
			if len(all) > 0 {
				w.randomFact(t, all[max(0, len(all)-1-rapid.IntRange(0, 3).Draw(t, "whose"))])
			}
		}
		w.Clock.Advance(time.Duration(rapid.IntRange(0, 5).Draw(t, "wait"))*6*time.Hour + time.Duration(rapid.IntRange(0, 1).Draw(t, "off"))*time.Microsecond)
		carried, whole := w.readList(t, 20_000), w.readList(t, -1)
		if err := w.publishRead(signer, carried); err != nil {
			t.Fatalf("publishing: %v", err)
		}
		allValid := 0
		for i := range statuslist.Size {
			if whole.Entries.At(i) != carried.Entries.At(i) {
				t.Fatalf("entry %d: read as a whole %s, carried on %s", i, whole.Entries.At(i), carried.Entries.At(i))
			}
			if whole.Entries.At(i) != statuslist.Invalid {
				allValid++
			}
		}
		for _, d := range all {
			facts := w.facts(t, d.ID)
			known := facts[len(facts)-1].RecordedAt // what is recorded in one instant is a microsecond apart
			standing := poa.StandingAt(facts, termOf(d), carried.At, known)
			got := carried.Entries.At(d.StatusList.Index)
			if want := listed(standing.Status); got != want {
				t.Fatalf("%s is %s at %s, the list says %s", d.ID, standing.Status, carried.At, got)
			}
			if got != statuslist.Invalid {
				allValid--
			}
		}
		if allValid != 0 {
			t.Fatalf("%d entries that belong to nothing accepted are not INVALID", allValid)
		}
	})
}

// randomFact appends a fact around the present: mostly suspensions, which begin and
// end by themselves and are lifted.
func (w *world) randomFact(t *rapid.T, d poa.Delegation) {
	hours := func(from, to int, label string) time.Time {
		return w.Clock.Now().Truncate(6 * time.Hour).Add(time.Duration(rapid.IntRange(from, to).Draw(t, label)) * 6 * time.Hour)
	}
	f := poa.Fact{DelegationID: d.ID, Kind: poa.FactSuspension, SuspensionID: rapid.SampledFrom([]string{"sus_a", "sus_b"}).Draw(t, "suspension"), Reason: poa.ReasonUnconfirmed,
		Stands: rapid.IntRange(0, 2).Draw(t, "lifts") > 0, From: hours(-4, 6, "from"), EventID: "evt_2"}
	if rapid.Bool().Draw(t, "bounded") {
		f.Until = f.From.Add(time.Duration(rapid.IntRange(1, 6).Draw(t, "length")) * 6 * time.Hour)
	}
	if rapid.IntRange(0, 5).Draw(t, "ends") == 0 {
		f = poa.Fact{DelegationID: d.ID, Kind: rapid.SampledFrom([]poa.FactKind{poa.FactRevoked, poa.FactEnded}).Draw(t, "kind"), Stands: true, From: hours(-1, 12, "end"), EventID: "evt_2"}
	}
	err := w.DB.InTx(context.Background(), func(ctx context.Context, tx poa.Tx) error {
		_, err := tx.AppendFact(ctx, f, termOf(d), w.Clock.Now())
		return err
	})
	if err != nil && !errors.Is(err, poa.ErrConflict) {
		t.Fatalf("appending fact: %v", err)
	}
}

func TestStatusListsGoForward(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	signer := newSigner(t)
	d := w.accepted(t, w.delegator, days(0, 5))
	if err := w.publishRead(signer, w.readList(t, 100)); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(time.Minute)
	stale := w.readList(t, 100) // before the revocation
	w.append(t, d, poa.Fact{DelegationID: d.ID, Kind: poa.FactRevoked, Stands: true, From: w.Clock.Now(), EventID: "evt_2"})
	fresh := w.readList(t, 100)
	if len(fresh.Consumed) != 1 || fresh.Entries.At(d.StatusList.Index) != statuslist.Invalid || stale.Entries.At(d.StatusList.Index) != statuslist.Valid {
		t.Fatalf("read %d changes, %s", len(fresh.Consumed), fresh.Entries.At(d.StatusList.Index))
	}
	if err := w.publishRead(signer, fresh); err != nil {
		t.Fatal(err)
	}
	if err := w.publishRead(signer, stale); !errors.Is(err, poa.ErrConflict) {
		t.Errorf("a stale reading was published: %v", err)
	}
	version, err := w.DB.StatusListVersion(t.Context(), 0)
	if err != nil || version != 2 {
		t.Errorf("version %d, %v", version, err)
	}

	w.Clock.Set(start.Add(-time.Hour)) // the clock of another process lags
	lagging := w.readList(t, -1)
	if !lagging.At.After(fresh.At) || lagging.Entries.At(d.StatusList.Index) != statuslist.Invalid {
		t.Errorf("read as of %s after %s", lagging.At, fresh.At)
	}
	w.mayNot(t,
		"UPDATE status_list_publications SET version = version - 1",
		"UPDATE status_list_publications SET version = version + 1, as_of = as_of - interval '1 second', issued_at = issued_at + interval '1 second'",
		"UPDATE status_list_publications SET version = version + 1, as_of = as_of + interval '1 second'",
		"UPDATE status_list_publications SET token = ''",
	)
}

// TestStatusListsForget: an entry whose row is gone is INVALID, also where the list
// is carried on; and nobody but the triggers writes how entries stand.
func TestStatusListsForget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	signer := newSigner(t)
	d, other := w.accepted(t, w.delegator, days(0, 5)), w.accepted(t, w.delegator, days(0, 5))
	if err := w.publishRead(signer, w.readList(t, 100)); err != nil {
		t.Fatal(err)
	}
	w.Exec(t, "DELETE FROM projections WHERE delegation_id = '"+string(d.ID)+"'")
	for name, bound := range map[string]int{"carried on": 100, "read as a whole": -1} {
		list := w.readList(t, bound)
		if len(list.Consumed) != 1 || list.Entries.At(d.StatusList.Index) != statuslist.Invalid || list.Entries.At(other.StatusList.Index) != statuslist.Valid {
			t.Errorf("%s: %d changes, %s and %s", name, len(list.Consumed), list.Entries.At(d.StatusList.Index), list.Entries.At(other.StatusList.Index))
		}
	}
	w.mayNot(t,
		"UPDATE status_list_standings SET ends_at = 'infinity'", "DELETE FROM status_list_standings",
		"INSERT INTO status_list_standings (list, index, begins_at, ends_at) VALUES (0, 1, 'epoch', 'infinity')",
		"INSERT INTO status_list_changes (list, index) VALUES (0, 1)", "DELETE FROM status_list_publications",
	)
}

// TestStatusListsTakeInWhatCommitsLate: a change whose transaction ends after a
// list was read is neither lost nor dropped with what was read.
func TestStatusListsTakeInWhatCommitsLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	signer := newSigner(t)
	d, other := w.accepted(t, w.delegator, days(0, 5)), w.accepted(t, w.delegator, days(0, 5))
	if err := w.publishRead(signer, w.readList(t, 100)); err != nil {
		t.Fatal(err)
	}
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		_, err := tx.AppendFact(ctx, poa.Fact{DelegationID: d.ID, Kind: poa.FactRevoked, Stands: true, From: w.Clock.Now(), EventID: "evt_1"}, termOf(d), w.Clock.Now())
		if err != nil {
			return err
		}
		w.append(t, other, poa.Fact{Kind: poa.FactRevoked, Stands: true, From: w.Clock.Now()}) // begun later, committed before
		read := w.readList(t, 100)
		if read.Entries.At(d.StatusList.Index) != statuslist.Valid || read.Entries.At(other.StatusList.Index) != statuslist.Invalid {
			t.Errorf("read %s and %s", read.Entries.At(d.StatusList.Index), read.Entries.At(other.StatusList.Index))
		}
		return w.publishRead(signer, read)
	})
	if read := w.readList(t, 100); len(read.Consumed) != 1 || read.Entries.At(d.StatusList.Index) != statuslist.Invalid {
		t.Errorf("%d changes, %s", len(read.Consumed), read.Entries.At(d.StatusList.Index))
	}
}
