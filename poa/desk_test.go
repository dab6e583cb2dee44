// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
	"ininjo/poa/poatest"
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
	t.Run("a claim gives way after eight hours", func(t *testing.T) {
		o.clock.Advance(8*time.Hour - 2*time.Microsecond)
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
		want := []string{"delegation.submitted", "case.claimed", "case.taken_over", "case.looked_at", "case.claimed", "case.released", "case.noted", "case.looked_at"}
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

func TestContacts(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	desk, ctx := o.desk(), t.Context()
	contact := func(change func(*poa.ContactInput)) poa.ContactInput {
		in := poa.ContactInput{IdempotencyKey: newKey(), Channel: poa.ContactTelephone, Direction: poa.ContactIn, PartyID: o.delegator.PartyID, Person: "山田 太郎", About: "登録の進み具合"}
		if change != nil {
			change(&in)
		}
		return in
	}
	t.Run("what is wrong is told by field", func(t *testing.T) {
		for want, change := range map[string]func(*poa.ContactInput){
			"REQUIRED person":       func(in *poa.ContactInput) { in.Person = "" },
			"REQUIRED about":        func(in *poa.ContactInput) { in.About = "" },
			"INVALID channel":       func(in *poa.ContactInput) { in.Channel = "PIGEON" },
			"IN_THE_FUTURE at":      func(in *poa.ContactInput) { in.At = o.clock.Now().Add(time.Minute) },
			"PARTY_UNKNOWN partyId": func(in *poa.ContactInput) { in.PartyID = poa.NewID(poa.PrefixDelegator) },
			"CASE_UNKNOWN caseId":   func(in *poa.ContactInput) { in.CaseID = "\x00" },
			"INVALID question":      func(in *poa.ContactInput) { in.Question, in.Direction = true, poa.ContactOut },
		} {
			before := o.counts()
			_, _, err := desk.LogContact(ctx, o.reception, contact(change))
			if diff := cmp.Diff([]string{want}, faultsAt(err)); diff != "" {
				t.Errorf("%v: %s", err, diff)
			}
			if diff := cmp.Diff(map[string]int{"audit_events": 1}, o.grown(before)); diff != "" {
				t.Errorf("%s left: %s", want, diff)
			}
		}
	})
	t.Run("entered, found and listed", func(t *testing.T) {
		in := contact(func(in *poa.ContactInput) { in.At = o.clock.Now().Add(-time.Hour) })
		id, _, err := desk.LogContact(ctx, o.reception, in)
		must(t, err)
		again, _, err := desk.LogContact(ctx, o.reception, in)
		if again != id || err != nil {
			t.Errorf("again %s, %v", again, err)
		}
		_, _, err = desk.LogContact(ctx, o.reception, contact(func(in *poa.ContactInput) { in.PartyID, in.Channel = "", poa.ContactPost }))
		must(t, err)
		for want, f := range map[int]poa.ContactFilter{2: {}, 1: {PartyID: o.delegator.PartyID}, 0: {Channel: poa.ContactHand}} {
			list, err := desk.Contacts(ctx, o.reception, f, poa.Page{})
			if err != nil || len(list.Items) != want || list.Total != want {
				t.Errorf("%+v: %d, %v", f, len(list.Items), err)
			}
		}
		parties, err := desk.FindParties(ctx, o.reception, "A-20260601-000001")
		if err != nil || len(parties) != 1 || parties[0].ID != o.delegator.PartyID {
			t.Errorf("%+v, %v", parties, err)
		}
	})
	t.Run("a question waits for another person", func(t *testing.T) {
		second := o.second()
		_, caseID, err := desk.LogContact(ctx, o.reception, contact(func(in *poa.ContactInput) { in.Question = true }))
		must(t, err)
		c := o.caseOf(poa.CaseQuestion)
		if c.ID != caseID || c.EnteredBy != o.reception.ID {
			t.Errorf("%+v", c)
		}
		answer := func() poa.ContactInput {
			return poa.ContactInput{IdempotencyKey: newKey(), CaseID: caseID, Channel: poa.ContactTelephone, Person: "山田 太郎", About: "本日承認予定と伝えた"}
		}
		wantCode(t, desk.Answer(ctx, o.reception, answer()), poa.CodeForbidden)
		must(t, desk.Claim(ctx, o.serviceOwner, claim(c, "")))
		if err := desk.Answer(ctx, second, answer()); poa.CodeOf(err) != poa.CodeConflict {
			t.Errorf("answering what another has: %v", err)
		}
		o.clock.Advance(time.Second)
		must(t, desk.Answer(ctx, o.serviceOwner, answer()))
		file, err := desk.Case(ctx, second, caseID)
		must(t, err)
		if file.Open() || file.Outcome != "ANSWERED" || len(file.Contacts) != 2 || file.Contacts[0].PartyID != o.delegator.PartyID || file.Contacts[0].Direction != poa.ContactOut {
			t.Errorf("%+v", file)
		}
	})
	t.Run("a period is exported, and the export recorded", func(t *testing.T) {
		now := o.clock.Now()
		wantCode(t, desk.ExportContacts(ctx, o.reception, poa.ContactFilter{From: now.AddDate(0, 0, -32), Until: now}, nil), poa.CodePeriodTooLong)
		var about []string
		must(t, desk.ExportContacts(ctx, o.reception, poa.ContactFilter{From: now.AddDate(0, 0, -30), Until: now.Add(time.Second)}, func(lines []poa.ContactLine) error {
			for _, l := range lines {
				about = append(about, l.About)
			}
			return nil
		}))
		if len(about) != 4 {
			t.Errorf("exported %q", about)
		}
		events, err := o.store.AuditEvents(ctx, poa.AuditFilter{Actions: []poa.Action{poa.ActionContactsExported}, Outcome: poa.OutcomeDone}, poa.Page{})
		if err != nil || len(events.Items) != 1 {
			t.Errorf("%+v, %v", events, err)
		}
	})
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

func TestAppointments(t *testing.T) {
	t.Parallel()
	o := newHouse(t)
	desk, ctx := o.desk(), t.Context()
	appoint := func(account string, roles ...poa.Role) error {
		return desk.Appoint(ctx, o.serviceOwner, poa.AppointInput{IdempotencyKey: newKey(), AccountID: account, Roles: roles, Fitness: poatest.Fitness()})
	}
	t.Run("nobody is appointed without the check of fitness", func(t *testing.T) {
		in := poa.AppointInput{IdempotencyKey: newKey(), AccountID: o.reception.ID, Roles: []poa.Role{poa.RoleMaintainer}}
		if diff := cmp.Diff([]string{"REQUIRED fitness.items", "FITNESS_NOT_DECLARED fitness.declared"}, faultsAt(desk.Appoint(ctx, o.serviceOwner, in))); diff != "" {
			t.Error(diff)
		}
		in.Fitness = poatest.Fitness()
		in.Fitness.CheckedOn = poa.DateOf(o.clock.Now()).AddDays(1)
		wantCode(t, desk.Appoint(ctx, o.serviceOwner, in), poa.CodeFuture)
	})
	t.Run("the record tells what was checked, when and by whom", func(t *testing.T) {
		person, err := desk.Colleague(ctx, o.auditor, o.reception.ID)
		must(t, err)
		a := person.Held[0]
		if a.AppointedBy != o.serviceOwner.ID || !a.Fitness.Declared || a.Fitness.By != o.serviceOwner.ID || !slices.Equal(a.Fitness.Items, poa.FitnessItems) ||
			a.Fitness.On != poa.DateOf(o.clock.Now()) || a.Fitness.Note == "" || person.Account.TOTPSecret != "" {
			t.Errorf("%+v", person)
		}
		if text := o.data.Text(t, "SELECT string_agg(encode(sealed, 'escape'), '') FROM appointments"); strings.Contains(text, "人事票") {
			t.Error("the words stand open in the database")
		}
	})
	t.Run("a dismissal ends the rights with its commit", func(t *testing.T) {
		second := o.second()
		person, err := desk.Colleague(ctx, o.serviceOwner, second.ID)
		must(t, err)
		in := poa.DismissInput{IdempotencyKey: newKey(), AppointmentID: person.Held[0].ID, Name: "担当 物", Ground: "異動"}
		wantCode(t, desk.Dismiss(ctx, o.serviceOwner, in), poa.CodeNameDiffers)
		in.Name, in.IdempotencyKey = "担当 者", newKey()
		must(t, desk.Dismiss(ctx, o.serviceOwner, in))
		if _, err := o.store.ActorByAccount(ctx, second.ID); poa.CodeOf(err) != poa.CodeNotFound {
			t.Errorf("still acts: %v", err)
		}
		person, err = desk.Colleague(ctx, o.serviceOwner, second.ID)
		must(t, err)
		if len(person.Held) != 0 || len(person.Past) != 1 || person.Past[0].Ground != "異動" {
			t.Errorf("%+v", person)
		}
		must(t, appoint(second.ID, poa.RoleMaintainer, poa.RoleReception))
		if actor, err := o.store.ActorByAccount(ctx, second.ID); err != nil || len(actor.Roles) != 2 {
			t.Errorf("appointed anew: %+v, %v", actor, err)
		}
	})
	t.Run("of many appointments at once the rules hold", func(t *testing.T) {
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Go(func() {
				if i%2 == 0 {
					errs[i] = appoint(o.reception.ID, poa.RoleServiceOperator)
				} else {
					errs[i] = appoint(o.reception.ID, poa.RoleMaintainer)
				}
			})
		}
		wg.Wait()
		done := 0
		for i, err := range errs {
			if err == nil {
				done++
			} else if code := poa.CodeOf(err); code != poa.CodeConflict && code != poa.CodeBadUserInput {
				t.Errorf("appointment %d: %v", i, err)
			}
		}
		if done != 1 {
			t.Errorf("%d of the appointments were made", done)
		}
	})
	t.Run("the database knows the same pairs", func(t *testing.T) {
		for _, one := range poa.Roles {
			for _, other := range poa.Roles {
				if got := o.data.Text(t, fmt.Sprintf("SELECT roles_exclude('%s', '%s')::text", one, other)); got != fmt.Sprint(poa.Exclude(one, other)) {
					t.Errorf("%s and %s: %s", one, other, got)
				}
			}
		}
	})
}

func TestReviews(t *testing.T) {
	t.Parallel()
	o := newHouse(t)
	desk, ctx, manager := o.desk(), t.Context(), o.appoint(o.serviceOwner, "manager@ininjo.example", poa.RoleServiceManager)
	today := poa.DateOf(o.clock.Now())
	overdue := func() (late []poa.ReviewedLog) {
		_, standing, err := desk.Reviews(ctx, manager)
		must(t, err)
		for _, s := range standing {
			if s.Overdue {
				late = append(late, s.Log)
			}
		}
		return late
	}
	if got := overdue(); len(got) != 2 {
		t.Errorf("never reviewed, and overdue is %v", got)
	}
	in := poa.ReviewInput{IdempotencyKey: newKey(), Log: poa.ReviewAudit, From: today.AddDays(-30), Through: today.AddDays(1), Text: "抽出して照合した", Findings: []string{"夜間の操作"}}
	wantCode(t, desk.ReviewLog(ctx, o.auditor, in), poa.CodeFuture)
	in.Through = today
	must(t, desk.ReviewLog(ctx, o.auditor, in))
	if got := overdue(); !slices.Equal(got, []poa.ReviewedLog{poa.ReviewAuthentication}) {
		t.Errorf("overdue is %v", got)
	}
	reviews, _, err := desk.Reviews(ctx, manager)
	must(t, err)
	finding := reviews[0].Findings[0]
	act := func(answer string) poa.FindingInput {
		return poa.FindingInput{IdempotencyKey: newKey(), FindingID: finding.ID, Answer: answer}
	}
	wantCode(t, desk.ConfirmFinding(ctx, o.auditor, act("")), poa.CodeConflict)
	wantCode(t, desk.AnswerFinding(ctx, manager, act("")), poa.CodeRequired)
	must(t, desk.AnswerFinding(ctx, manager, act("手順を改めた")))
	wantCode(t, desk.AnswerFinding(ctx, manager, act("もう一度")), poa.CodeConflict)
	must(t, desk.ConfirmFinding(ctx, o.auditor, act("")))
	reviews, _, err = desk.Reviews(ctx, o.serviceOwner)
	must(t, err)
	if f := reviews[0].Findings[0]; f.State != poa.FindingConfirmed || f.Answer != "手順を改めた" || f.AnsweredBy != manager.ID || f.ConfirmedBy != o.auditor.ID || f.Text != "夜間の操作" {
		t.Errorf("%+v", f)
	}
	o.clock.Advance(32 * 24 * time.Hour)
	if got := overdue(); len(got) != 2 {
		t.Errorf("a month later overdue is %v", got)
	}
}

func TestAuditIsReadAndExtracted(t *testing.T) {
	t.Parallel()
	o := newHouse(t)
	ctx, now := t.Context(), o.clock.Now()
	_, err := o.records.AuditEvents(ctx, o.reception, poa.AuditFilter{}, poa.Page{})
	wantCode(t, err, poa.CodeForbidden)
	list, err := o.records.AuditEvents(ctx, o.auditor, poa.AuditFilter{ActorID: o.reception.ID, Outcome: poa.OutcomeRefused}, poa.Page{})
	if err != nil || len(list.Items) != 1 || list.Items[0].Action != poa.ActionAuditRead || list.Items[0].Outcome != "FORBIDDEN" {
		t.Fatalf("%+v, %v", list, err)
	}
	event, err := o.records.AuditEvent(ctx, o.auditor, list.Items[0].ID)
	if diff := cmp.Diff(list.Items[0], event); err != nil || diff != "" {
		t.Error(err, diff)
	}
	o.clock.Advance(time.Second)
	list, err = o.records.AuditEvents(ctx, o.auditor, poa.AuditFilter{Actions: []poa.Action{poa.ActionAuditRead}, ActorID: o.auditor.ID}, poa.Page{})
	if err != nil || len(list.Items) != 3 || list.Items[0].Data["actor"] != o.auditor.ID {
		t.Errorf("readings are not recorded: %+v, %v", list.Items, err)
	}
	wantCode(t, o.records.ExportAudit(ctx, o.auditor, poa.AuditFilter{From: now, Until: now.Add(32 * 24 * time.Hour)}, nil), poa.CodePeriodTooLong)
	wantCode(t, o.records.ExportAudit(ctx, o.auditor, poa.AuditFilter{Until: now}, nil), poa.CodeRequired)
	var last time.Time
	n := 0
	must(t, o.records.ExportAudit(ctx, o.auditor, poa.AuditFilter{From: now.Add(-time.Hour), Until: now.Add(time.Hour)}, func(events []poa.AuditEvent) error {
		for _, e := range events {
			if e.At.Before(last) {
				t.Error("not in order")
			}
			last, n = e.At, n+1
		}
		return nil
	}))
	if total := o.counts()["audit_events"]; n != total {
		t.Errorf("extracted %d of %d events", n, total)
	}
}
