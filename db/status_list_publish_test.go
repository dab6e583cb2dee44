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
	switch s {
	case poa.StatusValid:
		return statuslist.Valid
	case poa.StatusSuspended:
		return statuslist.Suspended
	}
	return statuslist.Invalid
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
			from := rapid.IntRange(-2, 6).Draw(t, "from")
			all = append(all, w.accepted(t, w.delegator, days(from, from+rapid.IntRange(0, 8).Draw(t, "length"))))
			w.drafted(t, w.delegator, days(0, 5), "")
		}
		if len(all) > 0 {
			w.randomFacts(t, all[rapid.IntRange(0, len(all)-1).Draw(t, "whose")])
		}
		w.Clock.Advance(time.Duration(rapid.IntRange(0, 30).Draw(t, "wait"))*time.Hour + time.Duration(rapid.IntRange(0, 1).Draw(t, "off"))*time.Microsecond)
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
	for _, statement := range []string{
		"UPDATE status_list_publications SET version = version - 1",
		"UPDATE status_list_publications SET version = version + 1, as_of = as_of - interval '1 second', issued_at = issued_at + interval '1 second'",
		"UPDATE status_list_publications SET version = version + 1, as_of = as_of + interval '1 second'",
		"UPDATE status_list_publications SET token = ''",
	} {
		if _, err := w.DB.Pool().Exec(t.Context(), statement); err == nil {
			t.Errorf("the database took: %s", statement)
		}
	}
}
