// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
)

// second is another person of reception.
func (o *office) second() poa.Actor {
	o.tb.Helper()
	return o.appoint(o.serviceOwner, "second@ininjo.example", poa.RoleReception)
}

// queue lists what waits.
func (o *office) queue(f poa.CaseFilter) []poa.CaseLine {
	o.tb.Helper()
	list, err := o.desk().Cases(o.tb.Context(), o.reception, f, poa.Page{})
	must(o.tb, err)
	return list.Items
}

// caseOf is the one open case of a kind.
func (o *office) caseOf(kind poa.CaseKind) poa.CaseLine {
	o.tb.Helper()
	lines := o.queue(poa.CaseFilter{Kinds: []poa.CaseKind{kind}})
	if len(lines) != 1 {
		o.tb.Fatalf("%d cases of kind %s wait, want 1", len(lines), kind)
	}
	return lines[0]
}

func claim(c poa.CaseLine, note string) poa.ClaimInput {
	return poa.ClaimInput{IdempotencyKey: newKey(), CaseID: c.ID, Note: note}
}

func asFaults(err error) (poa.Faults, bool) {
	var faults poa.Faults
	return faults, errors.As(err, &faults)
}

func TestFilingsWaitInTheQueue(t *testing.T) {
	t.Parallel()
	t.Run("opened when a person is needed, closed by the decision", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.submitted()
		c := o.caseOf(poa.CaseFiling)
		if c.SubjectID != string(d.ID) || c.PartyID != d.DelegatorID || c.PartyName != "株式会社やまだ" || c.EnteredBy != "" || c.IsLate {
			t.Errorf("%+v", c)
		}
		o.accept(d)
		if left := o.queue(poa.CaseFilter{}); len(left) != 0 {
			t.Errorf("accepted, and still waits: %+v", left)
		}
		file, err := o.desk().Case(t.Context(), o.reception, c.ID)
		must(t, err)
		if file.Outcome != string(poa.StateAccepted) || file.ClosedBy != o.reception.ID {
			t.Errorf("%+v", file.Case)
		}
	})
	t.Run("closed by a refusal, a withdrawal, a delegate's no", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		refused, withdrawn, declined := o.submitted(), o.submitted(), o.submitted()
		_, err := o.decide(refused, false)
		must(t, err)
		_, err = o.registrar.Withdraw(t.Context(), o.delegator, end(withdrawn, time.Time{}))
		must(t, err)
		must(t, o.registrar.Decline(t.Context(), o.delegateOf(declined, poa.MailDelegateLink), newKey()))
		if left := o.queue(poa.CaseFilter{}); len(left) != 0 {
			t.Errorf("still waiting: %+v", left)
		}
	})
	t.Run("late after three business days", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t) // Monday, 1 June 2026
		o.submitted()
		c := o.caseOf(poa.CaseFiling)
		if want := (poa.Date{Year: 2026, Month: 6, Day: 5}).Begins(); !c.DueAt.Equal(want) {
			t.Errorf("due at %s, want %s", c.DueAt, want)
		}
		o.clock.Set(c.DueAt)
		if late := o.queue(poa.CaseFilter{Late: true}); len(late) != 0 {
			t.Error("late at the very instant")
		}
		o.clock.Advance(time.Microsecond)
		if late := o.queue(poa.CaseFilter{Late: true}); len(late) != 1 || !late[0].IsLate {
			t.Errorf("not late: %+v", late)
		}
	})
}

func TestClaims(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	desk, ctx, second := o.desk(), t.Context(), o.second()
	d := o.handIn(o.draft())
	o.clock.Advance(time.Second)
	d = o.submit(d)
	c := o.caseOf(poa.CaseFiling)
	o.clock.Advance(time.Second)
	must(t, desk.Claim(ctx, second, claim(c, "")))
	o.clock.Advance(time.Second)
	t.Run("one that another has is a conflict that tells the name", func(t *testing.T) {
		for what, err := range map[string]error{"claiming": desk.Claim(ctx, o.reception, claim(c, "")), "releasing": desk.Release(ctx, o.reception, claim(c, ""))} {
			faults, _ := asFaults(err)
			if poa.CodeOf(err) != poa.CodeConflict || len(faults) != 1 || faults[0].Code != poa.CodeCaseClaimed || faults[0].Args["name"] != "担当　者" {
				t.Errorf("%s: %v", what, err)
			}
		}
		_, err := o.decide(d, true)
		if faults, _ := asFaults(err); poa.CodeOf(err) != poa.CodeConflict || faults[0].Code != poa.CodeCaseClaimed {
			t.Errorf("deciding: %v", err)
		}
		if now, err := o.store.Delegation(ctx, d.ID); err != nil || now.State != poa.StateSubmitted {
			t.Errorf("decided all the same: %s, %v", now.State, err)
		}
	})
	t.Run("filters tell mine from nobody's", func(t *testing.T) {
		for name, want := range map[string]struct {
			filter poa.CaseFilter
			n      int
		}{"hers": {poa.CaseFilter{HeldBy: second.ID}, 1}, "mine": {poa.CaseFilter{HeldBy: o.reception.ID}, 0}, "nobody's": {poa.CaseFilter{Unclaimed: true}, 0},
			"by name": {poa.CaseFilter{Search: "やまだ"}, 1}, "by number": {poa.CaseFilter{Search: "A-20260601-000001"}, 1}, "another's": {poa.CaseFilter{Search: "すずき"}, 0},
			"of the party": {poa.CaseFilter{PartyID: d.DelegatorID}, 1}, "another kind": {poa.CaseFilter{Kinds: []poa.CaseKind{poa.CaseTitle, poa.CaseQuestion}}, 0}} {
			if got := o.queue(want.filter); len(got) != want.n {
				t.Errorf("%s: %d cases", name, len(got))
			}
		}
	})
	t.Run("the owner takes over, with a note", func(t *testing.T) {
		wantCode(t, desk.TakeOver(ctx, o.serviceOwner, claim(c, "")), poa.CodeRequired)
		wantCode(t, desk.TakeOver(ctx, o.reception, claim(c, "急ぎ")), poa.CodeForbidden)
		must(t, desk.TakeOver(ctx, o.serviceOwner, claim(c, "担当者が休みのため")))
		o.clock.Advance(time.Microsecond)
		file, err := desk.Case(ctx, o.reception, c.ID)
		must(t, err)
		if file.Holder(o.clock.Now()) != o.serviceOwner.ID || len(file.Notes) != 1 || file.Notes[0].Text != "担当者が休みのため" {
			t.Errorf("%+v", file)
		}
	})
}

// TestClaimsGiveWay lets a claim go by the clock, and looks at what is left of
// it in the history.
func TestClaimsGiveWay(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	desk, ctx := o.desk(), t.Context()
	d := o.handIn(o.draft())
	o.clock.Advance(time.Second)
	d = o.submit(d)
	c := o.caseOf(poa.CaseFiling)
	o.clock.Advance(time.Second)
	must(t, desk.TakeOver(ctx, o.serviceOwner, claim(c, "担当者が休みのため")))
	t.Run("a claim gives way after eight hours", func(t *testing.T) {
		o.clock.Advance(8*time.Hour - time.Microsecond)
		if poa.CodeOf(desk.Claim(ctx, o.reception, claim(c, ""))) != poa.CodeConflict {
			t.Error("gave way too early")
		}
		o.clock.Advance(time.Microsecond)
		if free := o.queue(poa.CaseFilter{Unclaimed: true}); len(free) != 1 || free[0].HolderName != "" {
			t.Errorf("%+v", free)
		}
		must(t, desk.Claim(ctx, o.reception, claim(c, "")))
		o.clock.Advance(time.Second)
		must(t, desk.Release(ctx, o.reception, claim(c, "")))
		wantCode(t, desk.Release(ctx, o.reception, claim(c, "")), poa.CodeConflict)
	})
	t.Run("the history tells who did what, and nothing else of the log", func(t *testing.T) {
		o.clock.Advance(time.Second)
		must(t, desk.Note(ctx, o.reception, claim(c, "折り返し待ち")))
		o.clock.Advance(time.Second)
		file, err := desk.Case(ctx, o.reception, c.ID)
		must(t, err)
		var actions []string
		for _, e := range file.History {
			actions = append(actions, string(e.Action))
			if e.Outcome != poa.OutcomeDone {
				t.Errorf("shows a refusal: %+v", e)
			}
		}
		want := []string{"delegation.submitted", "case.taken_over", "case.claimed", "case.released", "case.noted", "case.looked_at"}
		if diff := cmp.Diff(want, actions); diff != "" {
			t.Error(diff)
		}
		if file.Names[o.reception.ID] == "" || len(file.Notes) != 2 {
			t.Errorf("%+v", file)
		}
	})
	t.Run("a closed case is nobody's any more", func(t *testing.T) {
		o.accept(d)
		for _, err := range []error{desk.Claim(ctx, o.reception, claim(c, "")), desk.Note(ctx, o.reception, claim(c, "遅い"))} {
			wantCode(t, err, poa.CodeConflict)
		}
		wantCode(t, desk.Claim(ctx, o.reception, poa.ClaimInput{IdempotencyKey: newKey(), CaseID: "\x00"}), poa.CodeNotFound)
	})
}

// TestOneOfManyClaims lets eight claim the same case at once.
func TestOneOfManyClaims(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	people := []poa.Actor{o.reception, o.second(), o.serviceOwner}
	o.submitted()
	c := o.caseOf(poa.CaseFiling)
	var wg sync.WaitGroup
	won := make([]bool, 9)
	for i := range won {
		wg.Go(func() { won[i] = o.desk().Claim(t.Context(), people[i%3], claim(c, "")) == nil })
	}
	wg.Wait()
	winners := map[int]bool{}
	for i, w := range won {
		if w {
			winners[i%3] = true
		}
	}
	if len(winners) != 1 {
		t.Errorf("%d people have the case in hand", len(winners))
	}
}

func TestBusinessDays(t *testing.T) {
	t.Parallel()
	for day, want := range map[string]bool{"2026-11-20": true, "2026-11-21": false, "2026-11-22": false, "2026-11-23": false, "2026-11-24": true,
		"2026-05-06": false, "2026-05-07": true, "2026-09-22": false, "2027-03-22": false, "2026-12-28": true, "2026-12-29": false, "2027-01-03": false, "2027-01-04": true} {
		d, err := poa.ParseDate(day)
		must(t, err)
		if d.IsBusinessDay() != want {
			t.Errorf("%s is a business day: %t", day, !want)
		}
	}
	for day, want := range map[string]bool{"2026-11-26": false, "2027-11-30": false, "2027-12-01": true, "2028-06-01": true} {
		d, err := poa.ParseDate(day)
		must(t, err)
		if poa.HolidaysEnd(d.Begins()) != want {
			t.Errorf("on %s the list is about to end: %t", day, !want)
		}
	}
}
