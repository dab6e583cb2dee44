// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ininjo/poa"
)

// TestHistory compares, for random histories and moments, the facts, the
// projection row, the status as SQL computes it, and a plain model that knows
// none of them (design.md, rules 2 and 3).
func TestHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rapid.Check(t, func(t *rapid.T) {
		w.Clock.Set(start)
		from := rapid.IntRange(-2, 6).Draw(t, "from")
		delegator := w.party(t, poa.PartyDelegator)
		d := w.accepted(t, delegator, days(from, from+rapid.IntRange(0, 8).Draw(t, "length")))
		facts := append(w.facts(t, d.ID), w.randomFacts(t, d)...)
		if diff := cmp.Diff(facts, w.facts(t, d.ID)); diff != "" {
			t.Fatalf("facts differ from those returned: %s", diff)
		}
		checkVersions(t, facts)
		for range 8 {
			at, known := moment(t, "at"), moment(t, "knownAt")
			got := poa.StandingAt(facts, termOf(d), at, known)
			if want := naive(facts, termOf(d), at, known); got.Status != want {
				t.Fatalf("facts say %s, the model %s, at %s as known at %s", got.Status, want, at, known)
			}
			w.checkProjection(t, d, facts, at)
		}
	})
}

// moment draws an instant around the terms: days, their borders and what is a
// microsecond off them.
func moment(t *rapid.T, label string) time.Time {
	half := time.Duration(rapid.IntRange(-6, 40).Draw(t, label)) * 12 * time.Hour
	off := time.Duration(rapid.IntRange(-1, 1).Draw(t, label+"Off")) * time.Microsecond
	return start.Add(-9*time.Hour + half + off)
}

func (w *world) facts(t failer, id poa.DelegationID) []poa.Fact {
	t.Helper()
	facts, err := w.DB.Facts(context.Background(), id)
	if err != nil {
		t.Fatalf("reading facts: %v", err)
	}
	return facts
}

// randomFacts appends facts as time goes on, or stands still.
func (w *world) randomFacts(t *rapid.T, d poa.Delegation) []poa.Fact {
	var facts []poa.Fact
	for range rapid.IntRange(0, 6).Draw(t, "facts") {
		w.Clock.Advance(time.Duration(rapid.IntRange(0, 3).Draw(t, "pause")) * 12 * time.Hour)
		f := poa.Fact{DelegationID: d.ID, Stands: true, From: moment(t, "effective"), EventID: "evt_2",
			Kind: rapid.SampledFrom([]poa.FactKind{poa.FactRevoked, poa.FactRenounced, poa.FactSuperseded, poa.FactEnded, poa.FactSuspension, poa.FactSuspension, poa.FactSuspension}).Draw(t, "kind")}
		if f.Kind == poa.FactSuspension {
			f.SuspensionID = rapid.SampledFrom([]string{"sus_a", "sus_b"}).Draw(t, "suspension")
			f.Stands = rapid.Bool().Draw(t, "stands")
			f.Reason = rapid.SampledFrom([]poa.ValidityReason{poa.ReasonServiceReview, poa.ReasonUnconfirmed}).Draw(t, "reason")
			if rapid.Bool().Draw(t, "bounded") {
				f.Until = f.From.Add(time.Duration(rapid.IntRange(1, 12).Draw(t, "length")) * 12 * time.Hour)
			}
		}
		err := w.DB.InTx(context.Background(), func(ctx context.Context, tx poa.Tx) error {
			recorded, err := tx.AppendFact(ctx, f, termOf(d), w.Clock.Now())
			if err == nil {
				f = recorded
			}
			return err
		})
		if errors.Is(err, poa.ErrConflict) && f.Kind.Final() {
			continue // a second final act of the kind that would not come first
		}
		if err != nil {
			t.Fatalf("appending fact: %v", err)
		}
		facts = append(facts, f)
	}
	return facts
}

func checkVersions(t *rapid.T, facts []poa.Fact) {
	for i, f := range facts {
		if f.Version != i+1 {
			t.Fatalf("version %d at place %d", f.Version, i)
		}
		if i > 0 && !f.RecordedAt.After(facts[i-1].RecordedAt) {
			t.Fatalf("version %d was recorded at %s, not after the one before", f.Version, f.RecordedAt)
		}
	}
}

// checkProjection compares the projection and SQL with the facts, where at is
// not earlier than the newest fact.
func (w *world) checkProjection(t *rapid.T, d poa.Delegation, facts []poa.Fact, at time.Time) {
	newest := facts[len(facts)-1].RecordedAt
	if at.Before(newest) {
		at = newest
	}
	want := poa.StandingAt(facts, termOf(d), at, newest)
	p, err := w.DB.Projection(context.Background(), d.ID)
	if err != nil {
		t.Fatalf("reading projection: %v", err)
	}
	if got := p.StandingAt(at); got != want {
		t.Fatalf("projection says %+v, facts %+v, at %s", got, want, at)
	}
	list, err := w.DB.Delegations(context.Background(), poa.DelegationFilter{DelegatorID: d.DelegatorID, Statuses: []poa.ValidityStatus{want.Status}, Now: at}, poa.Order{}, poa.Page{})
	if err != nil || list.Total != 1 || len(list.Items) != 1 || list.Items[0].Version != want.Version {
		t.Fatalf("SQL does not say %s at %s: %+v, %v", want.Status, at, list, err)
	}
}

// naive answers by reading the history line by line.
func naive(facts []poa.Fact, term poa.Term, at, known time.Time) poa.ValidityStatus {
	says := map[string]poa.Fact{} // what each kind, and each suspension, last said of the moment
	for _, f := range facts {
		began, passed := !f.From.After(at), !f.Until.IsZero() && !f.Until.After(at)
		if !f.RecordedAt.After(known) && began && !passed {
			says[string(f.Kind)+"/"+f.SuspensionID] = f
		}
	}
	day := at.In(poa.JST).Format(time.DateOnly)
	first, status := time.Time{}, poa.ValidityStatus("")
	for _, kind := range []poa.FactKind{poa.FactRevoked, poa.FactRenounced, poa.FactSuperseded, poa.FactEnded} {
		f, ok := says[string(kind)+"/"]
		inTerm := f.From.In(poa.JST).Format(time.DateOnly) <= term.Through.String()
		earlier := f.From.Before(first) || f.From.Equal(first) && f.Version < says[string(status)+"/"].Version
		if ok && inTerm && (status == "" || earlier) {
			first, status = f.From, poa.ValidityStatus(kind)
		}
	}
	_, accepted := says["ACCEPTED/"]
	switch {
	case !accepted:
		return poa.StatusUnknown
	case status != "":
		return status
	case day > term.Through.String():
		return poa.StatusExpired
	case says["SUSPENSION/sus_a"].Stands || says["SUSPENSION/sus_b"].Stands:
		return poa.StatusSuspended
	case day < term.From.String():
		return poa.StatusNotYetValid
	}
	return poa.StatusValid
}
