// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
)

// contact is a call by telephone that nothing is wrong with.
func (o *office) contact(change func(*poa.ContactInput)) poa.ContactInput {
	in := poa.ContactInput{IdempotencyKey: newKey(), Channel: poa.ContactTelephone, Direction: poa.ContactIn, PartyID: o.delegator.PartyID, Person: "山田 太郎", About: "登録の進み具合"}
	if change != nil {
		change(&in)
	}
	return in
}

func TestContacts(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	desk, ctx := o.desk(), t.Context()
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
			_, _, err := desk.LogContact(ctx, o.reception, o.contact(change))
			if diff := cmp.Diff([]string{want}, faultsAt(err)); diff != "" {
				t.Errorf("%v: %s", err, diff)
			}
			if diff := cmp.Diff(map[string]int{"audit_events": 1}, o.grown(before)); diff != "" {
				t.Errorf("%s left: %s", want, diff)
			}
		}
	})
	t.Run("entered, found and listed", func(t *testing.T) {
		in := o.contact(func(in *poa.ContactInput) { in.At = o.clock.Now().Add(-time.Hour) })
		id, _, err := desk.LogContact(ctx, o.reception, in)
		must(t, err)
		again, _, err := desk.LogContact(ctx, o.reception, in)
		if again != id || err != nil {
			t.Errorf("again %s, %v", again, err)
		}
		_, _, err = desk.LogContact(ctx, o.reception, o.contact(func(in *poa.ContactInput) { in.PartyID, in.Channel = "", poa.ContactPost }))
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
}

// TestQuestionsAreAnsweredByAnother enters a question and has it answered.
func TestQuestionsAreAnsweredByAnother(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	desk, ctx := o.desk(), t.Context()
	t.Run("a question waits for another person", func(t *testing.T) {
		second := o.second()
		_, caseID, err := desk.LogContact(ctx, o.reception, o.contact(func(in *poa.ContactInput) { in.Question = true }))
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
		if len(about) != 2 {
			t.Errorf("exported %q", about)
		}
		events, err := o.store.AuditEvents(ctx, poa.AuditFilter{Actions: []poa.Action{poa.ActionContactsExported}, Outcome: poa.OutcomeDone}, poa.Page{})
		if err != nil || len(events.Items) != 1 {
			t.Errorf("%+v, %v", events, err)
		}
	})
}
