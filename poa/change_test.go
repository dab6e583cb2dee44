// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ininjo/poa"
)

func (o *office) changeInput(pairs ...string) poa.ChangeInput {
	in := poa.ChangeInput{IdempotencyKey: newKey(), Reason: "変更のため"}
	for i := 0; i+1 < len(pairs); i += 2 {
		in.Fields = append(in.Fields, poa.FieldValue{Field: poa.StatedField(pairs[i]), Value: pairs[i+1]})
	}
	return in
}

func (o *office) decideChange(id string, accept bool) error {
	in := poa.DecideChangeInput{IdempotencyKey: newKey(), ChangeID: id, Accept: accept}
	if !accept {
		in.Reasons = []poa.RefusalReason{{Code: poa.CodeDocumentsInsufficient, Note: "書類が足りません"}}
	}
	return o.enrollment.DecideChange(o.tb.Context(), o.reception, in)
}

func TestChangesThatNeedNobody(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c, err := o.enrollment.RequestChange(t.Context(), o.recipient, o.changeInput("REPRESENTATIVE_TELEPHONE", "03-1111-2222", "NAME_SHOWN", "yes", "FILER", "別の　者", "LANGUAGE", "en"))
	must(t, err)
	p := o.partyNow(o.recipient.PartyID)
	if c.State != poa.ChangeAccepted || !p.NameShown || p.Language != "en" || p.Profile.Filer != "別の　者" || p.Version != 2 {
		t.Errorf("%+v made it %+v", c, p)
	}
	if _, waits := o.waitingCase(poa.CaseChange, c.ID); waits {
		t.Error("it waits for a person")
	}
	if events := o.data.Text(t, "SELECT data->>'field.NAME_SHOWN' FROM audit_events WHERE action = 'change.requested'"); events != "changed" {
		t.Errorf("the audit log says %q of whether the name is shown", events)
	}
	for name, in := range map[string]poa.ChangeInput{"NOTHING_CHANGED": o.changeInput("LANGUAGE", "en"), "INVALID": o.changeInput("LANGUAGE", "fr"), "REQUIRED": o.changeInput("FILER", " "),
		"MY_NUMBER_SUSPECTED": o.changeInput("NAME", "123456789018"), "TOO_LONG": o.changeInput("REPRESENTATIVE_TELEPHONE", string(make([]rune, 33)))} {
		_, err := o.enrollment.RequestChange(t.Context(), o.recipient, in)
		wantCode(t, err, poa.Code(name))
	}
	_, err = o.enrollment.RequestChange(t.Context(), o.delegator, o.changeInput("NAME_SHOWN", "yes"))
	wantCode(t, err, poa.CodeInvalid)
}

func TestChangeOfRegisteredFacts(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	valid := o.accepted()
	o.clock.Advance(time.Hour)
	c, err := o.enrollment.RequestChange(t.Context(), o.delegator, o.changeInput("REPRESENTATIVE_NAME", "鈴木　一郎", "NAME", "株式会社すずき"))
	must(t, err)
	if !c.NeedsApproval || !c.NeedsRegister || c.State != poa.ChangeWaiting {
		t.Errorf("requested %+v", c)
	}
	o.mailTo("delegator@example.jp", poa.MailChangeReceived)
	_, err = o.enrollment.RequestChange(t.Context(), o.delegator, o.changeInput("ADDRESS", "東京都"))
	wantCode(t, err, poa.CodeChangeWaiting)
	wantCode(t, o.decideChange(c.ID, true), poa.CodeNotConfirmed) // the confirmation is older than the change
	must(t, o.enrollment.Confirm(t.Context(), o.reception, o.confirmation(o.delegator.PartyID)))
	must(t, o.decideChange(c.ID, true))
	wantCode(t, o.decideChange(c.ID, true), poa.CodeConflict)
	o.mailTo("delegator@example.jp", poa.MailChangeAccepted)
	if p := o.partyNow(o.delegator.PartyID); p.Profile.Name != "株式会社すずき" || p.Profile.Representative.Name != "鈴木　一郎" {
		t.Errorf("it states %+v", p.Profile)
	}
	o.wantStatus(valid, poa.StatusValid) // facts of the field, 1.7: the powers stay
	list, err := o.records.Delegators(t.Context(), o.reception, poa.PartyFilter{Search: "すずき"}, poa.Order{}, poa.Page{First: 5})
	if err != nil || len(list.Items) != 1 {
		t.Errorf("searched by the new name: %v, %v", list.Items, err)
	}
	list, err = o.records.Delegators(t.Context(), o.reception, poa.PartyFilter{Search: "やまだ"}, poa.Order{}, poa.Page{First: 5})
	if err != nil || len(list.Items) != 0 {
		t.Errorf("searched by the old name: %v, %v", list.Items, err)
	}
	versions, err := o.records.PartyVersions(t.Context(), o.delegator, o.delegator.PartyID)
	if err != nil || len(versions) != 2 || versions[1].Profile.Name != "株式会社やまだ" {
		t.Errorf("kept %+v, %v", versions, err)
	}
	_, err = o.records.PartyVersions(t.Context(), o.recipient, o.delegator.PartyID)
	wantCode(t, err, poa.CodeNotFound)
	_, err = o.records.Change(t.Context(), o.recipient, c.ID)
	wantCode(t, err, poa.CodeNotFound)
}

func TestChangeIsRefusedOrWithdrawn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c, err := o.enrollment.RequestChange(t.Context(), o.recipient, o.changeInput("NAME", "株式会社あらた"))
	must(t, err)
	if c.NeedsRegister || !c.NeedsApproval {
		t.Errorf("requested %+v", c)
	}
	must(t, o.decideChange(c.ID, false))
	o.mailTo("recipient@example.jp", poa.MailChangeRefused)
	got, err := o.records.Change(t.Context(), o.recipient, c.ID)
	if err != nil || got.State != poa.ChangeRefused || got.Refusals[0].Note != "書類が足りません" {
		t.Errorf("read %+v, %v", got, err)
	}
	c, err = o.enrollment.RequestChange(t.Context(), o.recipient, o.changeInput("NAME", "株式会社あらた"))
	must(t, err)
	_, err = o.enrollment.WithdrawChange(t.Context(), o.delegator, newKey(), c.ID)
	wantCode(t, err, poa.CodeNotFound)
	_, err = o.enrollment.WithdrawChange(t.Context(), o.recipient, newKey(), c.ID)
	must(t, err)
	if w, waits := o.waitingCase(poa.CaseChange, c.ID); waits || w.Outcome != "WITHDRAWN" {
		t.Errorf("the case is %+v", w)
	}
	wantCode(t, o.decideChange(c.ID, true), poa.CodeConflict)
	if p := o.partyNow(o.recipient.PartyID); p.Profile.Name != "株式会社やまだ" || p.Version != 1 {
		t.Errorf("it states %+v", p)
	}
}

func TestChangeOfTheAddressIsProved(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, err := o.enrollment.RequestChange(t.Context(), o.recipient, o.changeInput("EMAIL", "delegator@example.jp"))
	wantCode(t, err, poa.CodeEmailTaken)
	c, err := o.enrollment.RequestChange(t.Context(), o.recipient, o.changeInput("EMAIL", "new@example.jp", "NAME", "株式会社あらた"))
	must(t, err)
	if c.State != poa.ChangeUnproved {
		t.Errorf("requested %+v", c)
	}
	wantCode(t, o.decideChange(c.ID, true), poa.CodeAddressNotProved)
	link := o.mailTo("new@example.jp", poa.MailAddressProof).Values["link"]
	token := tokenOf(link[:len(link)-len("/address")])
	must(t, o.enrollment.MayProveChange(t.Context(), token))
	wantCode(t, o.enrollment.ProveChange(t.Context(), poa.Anonymous("ja"), "injl_none"), poa.CodeLinkOver)
	must(t, o.enrollment.ProveChange(t.Context(), poa.Anonymous("ja"), token))
	wantCode(t, o.enrollment.ProveChange(t.Context(), poa.Anonymous("ja"), token), poa.CodeLinkOver)
	if p := o.partyNow(o.recipient.PartyID); p.Profile.Email != "recipient@example.jp" {
		t.Error("it takes effect before reception accepts")
	}
	must(t, o.decideChange(c.ID, true))
	o.mailTo("recipient@example.jp", poa.MailAddressChanged)
	o.mailTo("new@example.jp", poa.MailChangeAccepted)
	_, err = o.enrollment.SignIn(t.Context(), poa.SignInInput{Email: "recipient@example.jp", Password: password})
	wantCode(t, err, poa.CodeSignInFailed)
	if _, err = o.enrollment.SignIn(t.Context(), poa.SignInInput{Email: "new@example.jp", Password: password}); err != nil {
		t.Error(err)
	}

	c, err = o.enrollment.RequestChange(t.Context(), o.recipient, o.changeInput("EMAIL", "third@example.jp"))
	must(t, err)
	link = o.mailTo("third@example.jp", poa.MailAddressProof).Values["link"]
	token = tokenOf(link[:len(link)-len("/address")])
	_, err = o.enrollment.WithdrawChange(t.Context(), o.recipient, newKey(), c.ID)
	must(t, err)
	wantCode(t, o.enrollment.ProveChange(t.Context(), poa.Anonymous("ja"), token), poa.CodeLinkOver)
}

func TestQuestionAboutAChange(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c, err := o.enrollment.RequestChange(t.Context(), o.recipient, o.changeInput("NAME", "株式会社あらた"))
	must(t, err)
	ask := poa.AskInput{IdempotencyKey: newKey(), SubjectID: c.ID, Field: poa.FieldName, Text: "漢字では？"}
	must(t, o.enrollment.AskParty(t.Context(), o.reception, ask))
	right := "株式会社新た"
	q := o.threadOf(o.recipient, c.ID).Waiting()
	_, err = o.enrollment.AnswerQuestion(t.Context(), o.recipient, poa.AnswerInput{IdempotencyKey: newKey(), QuestionID: q.ID, Text: "訂正します", Correction: &right})
	must(t, err)
	if _, waits := o.waitingCase(poa.CaseChange, c.ID); !waits {
		t.Error("answered, and it waits for nobody")
	}
	stale := poa.DecideChangeInput{IdempotencyKey: newKey(), ChangeID: c.ID, Accept: true, Version: 1}
	wantCode(t, o.enrollment.DecideChange(t.Context(), o.reception, stale), poa.CodeStatementChanged)
	must(t, o.decideChange(c.ID, true))
	if p := o.partyNow(o.recipient.PartyID); p.Profile.Name != right {
		t.Errorf("it states %+v", p.Profile)
	}
}

// TestDecisionsRace lets two of reception decide at once, and a decision meet a
// correction: one comes first, and what was decided on is what reception saw.
func TestDecisionsRace(t *testing.T) {
	t.Parallel()
	o := newHouse(t)
	second := o.appoint(o.serviceOwner, "second@ininjo.example", poa.RoleReception)
	for range 4 {
		r, actor := o.applicant(newKey() + "@example.jp")
		decide := func(by poa.Actor, accept bool) func() error {
			in := poa.DecideInput{IdempotencyKey: newKey(), PartyID: r.ID, Accept: accept, Version: 1}
			if !accept {
				in.Reasons = []poa.RefusalReason{{Code: poa.CodeContentUnclear}}
			}
			return func() error { return o.enrollment.Decide(t.Context(), by, in) }
		}
		ask := poa.AskInput{IdempotencyKey: newKey(), SubjectID: r.ID, Field: poa.FieldName, Text: "？"}
		must(t, o.enrollment.AskParty(t.Context(), o.reception, ask))
		right, q := "株式会社訂正", o.threadOf(actor, r.ID).Waiting()
		correct := func() error {
			_, err := o.enrollment.AnswerQuestion(t.Context(), actor, poa.AnswerInput{IdempotencyKey: newKey(), QuestionID: q.ID, Text: "訂正", Correction: &right})
			return err
		}
		errs := atOnce(decide(o.reception, true), decide(second, false), correct)
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else if code := codeOf(err); !slices.Contains([]poa.Code{poa.CodeConflict, poa.CodeAlreadyDecided, poa.CodeStatementChanged}, code) {
				t.Errorf("one lost by %v", err)
			}
		}
		p := o.partyNow(r.ID)
		if done != 1 || (errs[2] == nil) != (p.Profile.Name == right) || (errs[2] == nil) != (p.State == poa.EnrollmentApplied) {
			t.Errorf("%d came first: %v; it is %s and states %s", done, errs, p.State, p.Profile.Name)
		}
		if _, waits := o.waitingCase(poa.CaseApplication, r.ID); waits != (p.State == poa.EnrollmentApplied) {
			t.Errorf("it is %s and waits: %v", p.State, waits)
		}
	}
}

// TestChangesFollowAModel lives through changes in any order and compares what
// the party states with a plain list of what took effect.
func TestChangesFollowAModel(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	name, telephone, waiting, wanted, versions := "株式会社やまだ", "03-1234-5678", "", "", 1
	rapid.Check(t, func(r *rapid.T) {
		switch rapid.IntRange(0, 3).Draw(r, "act") {
		case 0:
			value := rapid.StringMatching("株式会社[あ-ん]{1,8}").Draw(r, "name")
			c, err := o.enrollment.RequestChange(t.Context(), o.recipient, o.changeInput("NAME", value))
			if (err == nil) != (waiting == "" && value != name) {
				r.Fatalf("asked for %s while %q waits: %v", value, waiting, err)
			}
			if err == nil {
				waiting, wanted = c.ID, value
			}
		case 1:
			value := rapid.StringMatching("0[0-9]{9}").Draw(r, "telephone")
			_, err := o.enrollment.RequestChange(t.Context(), o.recipient, o.changeInput("REPRESENTATIVE_TELEPHONE", value))
			if (err == nil) != (waiting == "" && value != telephone) {
				r.Fatalf("asked for %s while %q waits: %v", value, waiting, err)
			}
			if err == nil {
				telephone = value
				versions++
			}
		case 2:
			err := o.decideChange(waiting, true)
			if (err == nil) != (waiting != "") {
				r.Fatalf("accepted %q: %v", waiting, err)
			}
			if err == nil {
				name, waiting = wanted, ""
				versions++
			}
		case 3:
			_, err := o.enrollment.WithdrawChange(t.Context(), o.recipient, newKey(), waiting)
			if (err == nil) != (waiting != "") {
				r.Fatalf("withdrew %q: %v", waiting, err)
			}
			waiting = ""
		}
		p, err := o.records.Party(t.Context(), o.recipient, o.recipient.PartyID)
		if err != nil || p.Profile.Name != name || p.Profile.Representative.Telephone != telephone || p.Version != versions {
			r.Fatalf("it states %+v (%v), not %s, %s, version %d", p, err, name, telephone, versions)
		}
	})
	if _, err := o.store.Change(t.Context(), poa.NewID(poa.PrefixChange)); !errors.Is(err, poa.ErrNotFound) {
		t.Error(err)
	}
}
