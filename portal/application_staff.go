// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"errors"
	"strconv"

	"ininjo/poa"
)

// version is what of a statement reception saw when it decided.
func (r *request) version() int {
	n, err := strconv.Atoi(r.text("version"))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func (r *request) question() poa.AskInput {
	return poa.AskInput{IdempotencyKey: r.key(), SubjectID: r.PathValue("id"), Field: poa.StatedField(r.text("field")), Text: r.text("text")}
}

func (p *portal) askApplicant(r *request) error {
	return p.handled(r, "ask", "question-asked", p.Enrollment.AskParty(r.Context(), r.actor, r.question()))
}

// resendProofFor sends the link again for who asks by telephone.
func (p *portal) resendProofFor(r *request) error {
	return p.handled(r, "resend", "proof-sent", p.Enrollment.ResendProofFor(r.Context(), r.actor, r.PathValue("id")))
}

func (p *portal) showEnter(r *request) error { return p.enterForm(r, newForm("register")) }

// enterForm is an application on one page: staff copy it from paper, or listen.
func (p *portal) enterForm(r *request, f *Form) error {
	role, err := r.partyRole()
	if err != nil {
		return err
	}
	if !r.actor.May(poa.MayEnterCases) {
		return poa.ErrForbidden
	}
	terms, err := p.Records.TermsInForce(r.Context())
	if err != nil {
		return err
	}
	return p.render(r, "again", againView{Party: poa.Party{Role: role, Kind: poa.PartyKind(f.Value("kind"))}, Terms: terms, Action: "/staff/enter/" + r.PathValue("role"),
		Entering: true, Ways: poa.WaysToCome}, f)
}

func (p *portal) enter(r *request) error {
	role, err := r.partyRole()
	if err != nil {
		return err
	}
	in, faults := registerInput(r.PostForm)
	in.IdempotencyKey = r.key()
	var made poa.Party
	if err = faults.Err(); err == nil {
		made, err = p.Enrollment.EnterApplication(r.Context(), r.actor, poa.EnterInput{RegisterInput: in, Role: role, CameBy: poa.CameBy(r.text("cameBy"))})
	}
	if faults, ok := faultsOf(err); ok {
		renewConsent(r.PostForm, faults)
		return p.enterForm(r, r.refused("register", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/staff/applications/" + made.ID + "?done=entered")
}

func (p *portal) showEnterChange(r *request) error { return p.enterChangeForm(r) }

func (p *portal) enterChangeForm(r *request, forms ...*Form) error {
	party, err := p.Records.Party(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	if !r.actor.May(poa.MayEnterCases) {
		return poa.ErrForbidden
	}
	back := "/staff/applications/" + party.ID
	if party.State != poa.EnrollmentActive {
		return r.redirect(back)
	}
	view := changeForm{Party: party, Fields: party.StatedFields(), Action: back + "/change", Back: back, Entering: true, Ways: poa.WaysToCome, Mode: p.Policy.Registration()}
	return p.renderChangeForm(r, view, forms)
}

func (p *portal) enterChange(r *request) error {
	party, err := p.Records.Party(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	c, err := p.Enrollment.EnterChange(r.Context(), r.actor, changeInput(r, party))
	if faults, ok := faultsOf(err); ok {
		return p.enterChangeForm(r, r.refused("change", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/staff/changes/" + c.ID + "?done=change-entered")
}

func (p *portal) reviewChange(r *request) error { return p.changeReview(r) }

// changeReview shows a change to reception beside what the register says.
func (p *portal) changeReview(r *request, forms ...*Form) error {
	view, err := p.changeView(r)
	if err != nil {
		return err
	}
	if view.Change.NeedsRegister {
		d, err := p.Records.Delegator(r.Context(), r.actor, view.Party.ID)
		if err != nil {
			return err
		}
		view.Confirmation = d.Confirmation
		view.Confirmed = d.Confirmation != nil && !d.Confirmation.ConfirmedAt.Before(view.Change.RequestedAt)
	}
	return p.render(r, "staff-change", view, forms...)
}

func (p *portal) changeHandled(r *request, scope, done string, err error) error {
	if faults, ok := faultsOf(err); ok {
		return p.changeReview(r, r.refused(scope, faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/staff/changes/" + r.PathValue("id") + "?done=" + done)
}

func (p *portal) askAboutChange(r *request) error {
	return p.changeHandled(r, "ask", "question-asked", p.Enrollment.AskParty(r.Context(), r.actor, r.question()))
}

func (p *portal) acceptChange(r *request) error {
	in := poa.DecideChangeInput{IdempotencyKey: r.key(), ChangeID: r.PathValue("id"), Accept: true, Version: r.version()}
	return p.changeHandled(r, "accept", "change-accepted", p.Enrollment.DecideChange(r.Context(), r.actor, in))
}

func (p *portal) refuseChange(r *request) error {
	in := poa.DecideChangeInput{IdempotencyKey: r.key(), ChangeID: r.PathValue("id"), Reasons: reasons(r), Version: r.version()}
	return p.changeHandled(r, "refuse", "change-refused", p.Enrollment.DecideChange(r.Context(), r.actor, in))
}

// questionView is a party's question to the service, before who answers it.
type questionView struct {
	Question poa.PartyQuestion
	Party    poa.Party
}

func (p *portal) showQuestion(r *request) error { return p.question(r) }

func (p *portal) question(r *request, forms ...*Form) error {
	q, err := p.Records.Question(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	switch q.About { // the others stand on the page of what they are about
	case poa.AboutApplication:
		return r.redirect("/staff/applications/" + q.SubjectID)
	case poa.AboutChange:
		return r.redirect("/staff/changes/" + q.SubjectID)
	case poa.AboutService:
	}
	party, err := p.Records.Party(r.Context(), r.actor, q.PartyID)
	if err != nil {
		return err
	}
	return p.render(r, "staff-question", questionView{q, party}, forms...)
}

func (p *portal) answerQuestion(r *request) error {
	in := poa.AnswerInput{IdempotencyKey: r.key(), QuestionID: r.PathValue("id"), Text: r.text("text")}
	_, err := p.Enrollment.AnswerQuestion(r.Context(), r.actor, in)
	if faults, ok := faultsOf(err); ok {
		return p.question(r, r.refused("answer", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/staff/questions/" + r.PathValue("id") + "?done=answered")
}

// applicantFile is what reception sees of an applicant beside what it states.
func (p *portal) applicantFile(r *request, view *applicantView) error {
	var err error
	if view.Thread, err = p.Records.Thread(r.Context(), r.actor, view.Party.ID); err != nil {
		return err
	}
	if view.Versions, err = p.Records.PartyVersions(r.Context(), r.actor, view.Party.ID); err != nil {
		return err
	}
	view.Changes, err = p.Records.Changes(r.Context(), r.actor, view.Party.ID)
	view.Correctable = poa.CorrectableFields(view.Party)
	return err
}

// applicantOf reads whichever of the two the ID names.
func (p *portal) applicantOf(r *request, id string) (applicantView, error) {
	d, err := p.Records.Delegator(r.Context(), r.actor, id)
	if err == nil {
		return applicantView{Party: d.Party, Confirmation: d.Confirmation}, nil
	}
	if !errors.Is(err, poa.ErrNotFound) {
		return applicantView{}, err
	}
	recipient, err := p.Records.Recipient(r.Context(), r.actor, id)
	return applicantView{Party: recipient.Party}, err
}
