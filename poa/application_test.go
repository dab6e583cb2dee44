// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"ininjo/poa"
	"ininjo/poa/kanji"
	"ininjo/poa/receipt"
)

// applicant files a recipient's application and returns it as its first member.
func (o *office) applicant(email string) (poa.Recipient, poa.Actor) {
	o.tb.Helper()
	in := o.registration(email)
	in.Filer = "申告　者"
	r, err := o.enrollment.RegisterRecipient(o.tb.Context(), poa.Anonymous("ja"), in)
	must(o.tb, err)
	return r, o.signInByLink(email)
}

func (o *office) acceptParty(partyID string) error {
	return o.enrollment.Decide(o.tb.Context(), o.reception, poa.DecideInput{IdempotencyKey: newKey(), PartyID: partyID, Accept: true})
}

func (o *office) partyNow(id string) poa.Party {
	o.tb.Helper()
	p, err := o.records.Party(o.tb.Context(), o.reception, id)
	must(o.tb, err)
	return p
}

// waitingCase is the case of a subject that waits, false where none does.
func (o *office) waitingCase(kind poa.CaseKind, subjectID string) (poa.Case, bool) {
	o.tb.Helper()
	c, err := o.store.NewestCase(o.tb.Context(), kind, subjectID)
	if errors.Is(err, poa.ErrNotFound) {
		return poa.Case{}, false
	}
	must(o.tb, err)
	return c, c.ClosedAt.IsZero()
}

// published is a register outside the building with one answer.
type published struct {
	corporation poa.PublishedCorporation
	err         error
}

func (p published) Find(context.Context, string) (poa.PublishedCorporation, error) {
	return p.corporation, p.err
}

func TestAddressIsProvedBeforeReceptionAccepts(t *testing.T) {
	t.Parallel()
	o := newHouse(t)
	in := o.registration("a@example.jp")
	in.Filer = "申告　者"
	r, err := o.enrollment.RegisterRecipient(t.Context(), poa.Anonymous("ja"), in)
	must(t, err)
	if _, waits := o.waitingCase(poa.CaseApplication, r.ID); waits {
		t.Error("it waits for a person before its address is proved")
	}
	wantCode(t, o.acceptParty(r.ID), poa.CodeAddressNotProved)

	before := len(o.mails())
	again := poa.ResendInput{Number: r.Number, Email: "a@example.jp"}
	must(t, o.enrollment.ResendProof(t.Context(), poa.Anonymous("ja"), again))
	if len(o.mails()) != before {
		t.Error("a link goes out within ten minutes of the first")
	}
	o.clock.Advance(10 * time.Minute)
	for _, foreign := range []poa.ResendInput{{Number: "R-20260601-000099", Email: "a@example.jp"}, {Number: r.Number, Email: "b@example.jp"}} {
		must(t, o.enrollment.ResendProof(t.Context(), poa.Anonymous("ja"), foreign))
	}
	if len(o.mails()) != before {
		t.Error("a link goes out for another application")
	}
	must(t, o.enrollment.ResendProof(t.Context(), poa.Anonymous("ja"), again))
	link := o.mailTo("a@example.jp", poa.MailAddressProof).Values["link"]
	must(t, o.enrollment.SetPassword(t.Context(), poa.Anonymous("ja"), poa.SetPasswordInput{Token: tokenOf(link), Password: password}))
	if c, waits := o.waitingCase(poa.CaseApplication, r.ID); !waits || c.PartyID != r.ID {
		t.Errorf("proved, and it waits for nobody: %+v", c)
	}
	must(t, o.acceptParty(r.ID))
	if c, waits := o.waitingCase(poa.CaseApplication, r.ID); waits || c.Outcome != "ACCEPTED" || c.ClosedBy != o.reception.ID {
		t.Errorf("decided, and the case is %+v", c)
	}
	wantCode(t, o.enrollment.ResendProofFor(t.Context(), o.reception, r.ID), poa.CodeConflict)
}

func TestModesOfRegistration(t *testing.T) {
	t.Parallel()
	for mode, want := range map[poa.RegistrationMode]poa.EnrollmentState{"": poa.EnrollmentApplied, poa.RegistrationApproval: poa.EnrollmentApplied,
		poa.RegistrationRequired: poa.EnrollmentActive, poa.RegistrationNone: poa.EnrollmentActive} {
		t.Run("mode "+string(mode), func(t *testing.T) {
			t.Parallel()
			o := newHouse(t)
			o.policy.RecipientRegistration = mode
			o.wire()
			r, actor := o.applicant("a@example.jp")
			if p := o.partyNow(r.ID); p.State != want || p.ProvedAt.IsZero() {
				t.Errorf("it is %s", p.State)
			}
			_, waits := o.waitingCase(poa.CaseApplication, r.ID)
			if waits != (want == poa.EnrollmentApplied) {
				t.Errorf("it waits for a person: %v", waits)
			}
			in := o.registration("d@example.jp")
			d, err := o.enrollment.RegisterDelegator(t.Context(), poa.Anonymous("ja"), in)
			must(t, err)
			o.signInByLink("d@example.jp")
			if p := o.partyNow(d.ID); p.State != poa.EnrollmentApplied {
				t.Error("a delegator is under contract without reception")
			}
			question := []poa.Question{{DelegationID: "00000-00000-00000-00000-00000"}}
			_, err = o.responder.Ask(t.Context(), poa.Credential{Anonymous: true}, question)
			if mode == poa.RegistrationNone {
				must(t, err)
			} else {
				wantCode(t, err, poa.CodeUnauthenticated)
			}
			_, err = o.responder.Ask(t.Context(), poa.Credential{AccountID: actor.ID}, question)
			if want != poa.EnrollmentActive {
				wantCode(t, err, poa.CodeForbidden)
			} else {
				must(t, err)
			}
		})
	}
}

func TestAnonymousQuestions(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	d := o.accepted()
	o.policy.RecipientRegistration = poa.RegistrationNone
	o.wire()
	answers, err := o.responder.Ask(t.Context(), poa.Credential{Anonymous: true}, []poa.Question{{DelegationID: string(d.ID)}, {DelegationID: "?"}})
	must(t, err)
	if answers[0].Status != poa.StatusValid || answers[1].Reason != poa.ReasonMistypedID || answers[0].RecipientID != "" {
		t.Errorf("answered %+v", answers)
	}
	row := o.data.Text(t, "SELECT string_agg(account_id || '/' || recipient_id || '/' || token_id, ' ') FROM inquiries WHERE recipient_id = ''")
	if row != "anonymous// anonymous//" {
		t.Errorf("audited as %q", row)
	}
	compact, err := o.responder.Receipt(t.Context(), answers[0])
	must(t, err)
	claims, err := receipt.Verify(compact, o.jwks, receipt.TypReceipt)
	must(t, err)
	if claims.Recipient != "" || claims.EventID != answers[0].InquiryID {
		t.Errorf("the receipt says %+v", claims)
	}
	_, err = o.responder.Ask(t.Context(), poa.Credential{Anonymous: true}, make([]poa.Question, poa.MaxAnonymousInquiries+1))
	wantCode(t, err, poa.CodeTooMany)
	_, err = o.responder.Ask(t.Context(), poa.Credential{}, []poa.Question{{DelegationID: string(d.ID)}})
	wantCode(t, err, poa.CodeUnauthenticated)
}

func TestLookupIsKeptWithTheApplication(t *testing.T) {
	t.Parallel()
	found := poa.PublishedCorporation{Number: corporateNumber, Name: "株式会社　やまだ", Address: "東京都港区芝１－１－１"}
	with := func(change func(*poa.PublishedCorporation)) poa.PublishedCorporation {
		c := found
		change(&c)
		return c
	}
	for _, each := range []struct {
		name    string
		numbers poa.CorporateNumbers
		want    poa.Lookup
	}{
		{"no client", nil, poa.Lookup{Outcome: poa.LookupNone}},
		{"as stated", published{found, nil}, poa.Lookup{Outcome: poa.LookupPublished, Published: found, Name: kanji.MATCH, Address: kanji.MATCH}},
		{"another name", published{with(func(c *poa.PublishedCorporation) { c.Name = "株式会社たなか" }), nil}, poa.Lookup{Outcome: poa.LookupPublished,
			Published: with(func(c *poa.PublishedCorporation) { c.Name = "株式会社たなか" }), Name: kanji.MISMATCH, Address: kanji.MATCH}},
		{"a name with an image", published{with(func(c *poa.PublishedCorporation) { c.NameImage = true }), nil}, poa.Lookup{Outcome: poa.LookupPublished,
			Published: with(func(c *poa.PublishedCorporation) { c.NameImage = true }), Name: kanji.POSSIBLE, Address: kanji.MATCH}},
		{"closed", published{with(func(c *poa.PublishedCorporation) { c.ClosedOn = poa.Date{Year: 2020, Month: 1, Day: 2} }), nil}, poa.Lookup{Outcome: poa.LookupClosed,
			Published: with(func(c *poa.PublishedCorporation) { c.ClosedOn = poa.Date{Year: 2020, Month: 1, Day: 2} }), Name: kanji.MATCH, Address: kanji.MATCH}},
		{"not published", published{err: poa.ErrNotFound}, poa.Lookup{Outcome: poa.LookupNotPublished}},
		{"out of reach", published{err: errors.New("no answer came")}, poa.Lookup{Outcome: poa.LookupUnavailable}},
	} {
		t.Run(each.name, func(t *testing.T) {
			t.Parallel()
			o := newHouse(t)
			if each.numbers != nil {
				o.enrollment.LookUpWith(each.numbers)
			}
			r, actor := o.applicant("a@example.jp")
			thread, err := o.records.Thread(t.Context(), o.reception, r.ID)
			must(t, err)
			got := *thread.Lookup
			got.At = time.Time{}
			if got != each.want {
				t.Errorf("reception sees %+v, not %+v", got, each.want)
			}
			own, err := o.records.Thread(t.Context(), actor, r.ID)
			if err != nil || own.Lookup != nil {
				t.Errorf("the applicant sees %+v, %v", own.Lookup, err)
			}
		})
	}
}

func TestWithdrawnAndRefusedApplyAgain(t *testing.T) {
	t.Parallel()
	o := newHouse(t)
	r, actor := o.applicant("a@example.jp")
	must(t, o.enrollment.WithdrawApplication(t.Context(), actor, newKey()))
	o.mailTo("a@example.jp", poa.MailApplicationWithdrawn)
	if p := o.partyNow(r.ID); p.State != poa.EnrollmentWithdrawn {
		t.Errorf("it is %s", p.State)
	}
	if _, waits := o.waitingCase(poa.CaseApplication, r.ID); waits {
		t.Error("a withdrawn application waits for a person")
	}
	wantCode(t, o.enrollment.WithdrawApplication(t.Context(), actor, newKey()), poa.CodeConflict)
	wantCode(t, o.acceptParty(r.ID), poa.CodeConflict)

	again := o.registration("another@example.jp") // the address stays the proved one
	again.Filer, again.Name = "申告　者", "株式会社あらた"
	p, err := o.enrollment.Reapply(t.Context(), actor, again)
	must(t, err)
	if p.State != poa.EnrollmentApplied || p.Profile.Email != "a@example.jp" || p.Number == r.Number || p.Version != 2 {
		t.Errorf("applied again as %+v", p)
	}
	refuse := poa.DecideInput{IdempotencyKey: newKey(), PartyID: r.ID, Reasons: []poa.RefusalReason{{Code: poa.CodeContentUnclear, Note: "商号をご確認ください"}}}
	must(t, o.enrollment.Decide(t.Context(), o.reception, refuse))
	again.IdempotencyKey, again.Name = newKey(), "株式会社さらに"
	_, err = o.enrollment.Reapply(t.Context(), actor, again)
	must(t, err)
	refuse.IdempotencyKey = newKey()
	must(t, o.enrollment.Decide(t.Context(), o.reception, refuse)) // reasons of both stay
	again.IdempotencyKey = newKey()
	_, err = o.enrollment.Reapply(t.Context(), actor, again)
	must(t, err)
	must(t, o.acceptParty(r.ID))
	again.IdempotencyKey = newKey()
	_, err = o.enrollment.Reapply(t.Context(), actor, again)
	wantCode(t, err, poa.CodeConflict)
	versions, err := o.records.PartyVersions(t.Context(), actor, r.ID)
	must(t, err)
	if len(versions) != 4 || versions[3].Profile.Name != "株式会社やまだ" || versions[0].Cause != poa.VersionReapplied {
		t.Errorf("kept %d versions: %+v", len(versions), versions)
	}
	reader := actor
	reader.Member = poa.MemberReader
	wantCode(t, o.enrollment.WithdrawApplication(t.Context(), reader, newKey()), poa.CodeForbidden)
}

func TestStaffEnterAndAnotherDecides(t *testing.T) {
	t.Parallel()
	o := newHouse(t)
	other := o.appoint(o.serviceOwner, "second@ininjo.example", poa.RoleReception)
	in := poa.EnterInput{RegisterInput: o.registration("a@example.jp"), Role: poa.PartyRecipient, CameBy: poa.CameByPost}
	in.Filer = "申告　者"
	_, err := o.enrollment.EnterApplication(t.Context(), o.auditor, in)
	wantCode(t, err, poa.CodeForbidden)
	p, err := o.enrollment.EnterApplication(t.Context(), o.reception, in)
	must(t, err)
	if p.EnteredBy != o.reception.ID || p.CameBy != poa.CameByPost {
		t.Errorf("entered as %+v", p)
	}
	o.signInByLink("a@example.jp")
	c, waits := o.waitingCase(poa.CaseApplication, p.ID)
	if !waits || c.EnteredBy != o.reception.ID {
		t.Errorf("the case is %+v", c)
	}
	wantCode(t, o.acceptParty(p.ID), poa.CodeForbidden)
	ask := poa.AskInput{IdempotencyKey: newKey(), SubjectID: p.ID, Text: "商号をご確認ください"}
	wantCode(t, o.enrollment.AskParty(t.Context(), o.reception, ask), poa.CodeForbidden)
	must(t, o.enrollment.Decide(t.Context(), other, poa.DecideInput{IdempotencyKey: newKey(), PartyID: p.ID, Accept: true}))

	change := poa.ChangeInput{IdempotencyKey: newKey(), PartyID: p.ID, Reason: "電話で申出", CameBy: poa.CameByTelephone,
		Fields: []poa.FieldValue{{Field: poa.FieldTelephone, Value: "03-9999-9999"}}}
	entered, err := o.enrollment.EnterChange(t.Context(), o.reception, change)
	must(t, err)
	if entered.State != poa.ChangeWaiting || !entered.NeedsApproval {
		t.Errorf("what staff enter takes effect without another: %+v", entered)
	}
	decide := poa.DecideChangeInput{IdempotencyKey: newKey(), ChangeID: entered.ID, Accept: true}
	wantCode(t, o.enrollment.DecideChange(t.Context(), o.reception, decide), poa.CodeForbidden)
	must(t, o.enrollment.DecideChange(t.Context(), other, decide))
	if got := o.partyNow(p.ID).Profile.Representative.Telephone; got != "03-9999-9999" {
		t.Errorf("the telephone is %s", got)
	}
	change.CameBy, change.IdempotencyKey = "", newKey()
	_, err = o.enrollment.EnterChange(t.Context(), o.reception, change)
	wantCode(t, err, poa.CodeRequired)
}

func TestQuestionsGoToAndFro(t *testing.T) {
	t.Parallel()
	o := newHouse(t)
	r, actor := o.applicant("a@example.jp")
	_, stranger := o.applicant("b@example.jp")
	ask := func(field poa.StatedField, text string) error {
		return o.enrollment.AskParty(t.Context(), o.reception, poa.AskInput{IdempotencyKey: newKey(), SubjectID: r.ID, Field: field, Text: text})
	}
	wantCode(t, ask(poa.FieldEmail, "アドレスは？"), poa.CodeInvalid)
	wantCode(t, ask("", "番号は 123456789018 ですか"), poa.CodeMyNumber)
	wantCode(t, ask("", strings.Repeat("問", 2001)), poa.CodeTooLong)
	must(t, ask(poa.FieldName, "商号は登記のとおりですか"))
	o.clock.Advance(time.Second)
	must(t, ask("", "ほかに"))
	if _, waits := o.waitingCase(poa.CaseApplication, r.ID); waits {
		t.Error("it waits for reception while the party is asked")
	}
	mail := o.mailTo("a@example.jp", poa.MailQuestionAsked)
	for name, value := range mail.Values {
		if strings.Contains(value, "商号") {
			t.Errorf("the mail's %s holds the question", name)
		}
	}
	thread, err := o.records.Thread(t.Context(), actor, r.ID)
	must(t, err)
	first, second := thread.Questions[0], thread.Questions[1]
	if thread.Waiting().ID != first.ID || first.Text != "商号は登記のとおりですか" {
		t.Errorf("the applicant sees %+v", thread.Questions)
	}
	right, wrong := "株式会社ヤマダ", strings.Repeat("山", 201)
	answer := poa.AnswerInput{IdempotencyKey: newKey(), QuestionID: first.ID, Text: "訂正します", Correction: &wrong}
	_, err = o.enrollment.AnswerQuestion(t.Context(), actor, answer)
	wantCode(t, err, poa.CodeTooLong)
	answer.Correction = &right
	_, err = o.enrollment.AnswerQuestion(t.Context(), stranger, answer)
	wantCode(t, err, poa.CodeNotFound)
	_, err = o.enrollment.AnswerQuestion(t.Context(), actor, answer)
	must(t, err)
	if _, waits := o.waitingCase(poa.CaseApplication, r.ID); waits {
		t.Error("it is back at reception before everything is answered")
	}
	again := answer
	again.IdempotencyKey = newKey()
	_, err = o.enrollment.AnswerQuestion(t.Context(), actor, again)
	wantCode(t, err, poa.CodeAlreadyAnswered)
	_, err = o.enrollment.AnswerQuestion(t.Context(), actor, poa.AnswerInput{IdempotencyKey: newKey(), QuestionID: second.ID, Text: "ありません", Correction: &right})
	wantCode(t, err, poa.CodeInvalid) // nothing was asked of a field
	_, err = o.enrollment.AnswerQuestion(t.Context(), actor, poa.AnswerInput{IdempotencyKey: newKey(), QuestionID: second.ID, Text: "ありません"})
	must(t, err)
	if _, waits := o.waitingCase(poa.CaseApplication, r.ID); !waits {
		t.Error("everything is answered, and it waits for nobody")
	}
	if p := o.partyNow(r.ID); p.Profile.Name != right || p.Version != 2 {
		t.Errorf("it states %+v", p)
	}
	stale := poa.DecideInput{IdempotencyKey: newKey(), PartyID: r.ID, Accept: true, Version: 1}
	wantCode(t, o.enrollment.Decide(t.Context(), o.reception, stale), poa.CodeStatementChanged)
	must(t, ask(poa.FieldName, "まだ")) // another round
	must(t, o.acceptParty(r.ID))
	late := o.threadOf(actor, r.ID).Waiting()
	_, err = o.enrollment.AnswerQuestion(t.Context(), actor, poa.AnswerInput{IdempotencyKey: newKey(), QuestionID: late.ID, Text: "遅れました"})
	wantCode(t, err, poa.CodeAlreadyDecided)
	_, err = o.records.Question(t.Context(), stranger, first.ID)
	wantCode(t, err, poa.CodeNotFound)
}

func (o *office) threadOf(actor poa.Actor, id string) poa.Thread {
	o.tb.Helper()
	thread, err := o.records.Thread(o.tb.Context(), actor, id)
	must(o.tb, err)
	return thread
}

func TestPartiesAskTheService(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	q, err := o.enrollment.AskService(t.Context(), o.recipient, poa.AskServiceInput{IdempotencyKey: newKey(), Text: "受付時間は？"})
	must(t, err)
	if c, waits := o.waitingCase(poa.CaseQuestion, q.ID); !waits || c.PartyID != o.recipient.PartyID {
		t.Errorf("the case is %+v", c)
	}
	answer := poa.AnswerInput{IdempotencyKey: newKey(), QuestionID: q.ID, Text: "9 時からです"}
	_, err = o.enrollment.AnswerQuestion(t.Context(), o.recipient, answer)
	wantCode(t, err, poa.CodeNotFound) // its own question is the service's to answer
	_, err = o.enrollment.AnswerQuestion(t.Context(), o.reception, answer)
	must(t, err)
	if c, waits := o.waitingCase(poa.CaseQuestion, q.ID); waits || c.Outcome != "ANSWERED" {
		t.Errorf("the case is %+v", c)
	}
	o.mailTo("recipient@example.jp", poa.MailQuestionAnswered)
	got, err := o.records.Question(t.Context(), o.recipient, q.ID)
	if err != nil || got.Answer != "9 時からです" {
		t.Errorf("read %+v, %v", got, err)
	}
	for range 10 {
		_, err = o.enrollment.AskService(t.Context(), o.recipient, poa.AskServiceInput{IdempotencyKey: newKey(), Text: "もう一つ"})
		must(t, err)
	}
	_, err = o.enrollment.AskService(t.Context(), o.recipient, poa.AskServiceInput{IdempotencyKey: newKey(), Text: "もう一つ"})
	wantCode(t, err, poa.CodeTooMany)
}
