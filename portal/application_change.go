// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"net/http"
	"slices"

	"ininjo/poa"
)

// changeForm is the form of a change: every field with what is stated now.
type changeForm struct {
	Party  poa.Party
	Fields []poa.StatedField
	Action string
	Back   string
	// Entering is set where staff enter it for a party.
	Entering bool
	Ways     []poa.CameBy
	Mode     poa.RegistrationMode
}

// Has reports whether the party states the field.
func (c changeForm) Has(field string) bool { return slices.Contains(c.Fields, poa.StatedField(field)) }

func (p *portal) showChangeForm(r *request) error { return p.changeForm(r) }

func (p *portal) changeForm(r *request, forms ...*Form) error {
	party, err := p.party(r)
	if err != nil {
		return err
	}
	if party.State != poa.EnrollmentActive {
		return r.redirect("/application")
	}
	view := changeForm{Party: party, Fields: party.StatedFields(), Action: "/application/change", Back: "/application", Mode: p.Policy.Registration()}
	return p.renderChangeForm(r, view, forms)
}

func (p *portal) renderChangeForm(r *request, view changeForm, forms []*Form) error {
	if len(forms) == 0 {
		forms = []*Form{statedForm("change", view.Party)}
	}
	return p.render(r, "change-form", view, forms...)
}

// changeInput takes of the form what differs from what is stated.
func changeInput(r *request, party poa.Party) poa.ChangeInput {
	in := poa.ChangeInput{IdempotencyKey: r.key(), Reason: r.text("reason"), PartyID: party.ID, CameBy: poa.CameBy(r.text("cameBy"))}
	for _, field := range party.StatedFields() {
		value := r.text(field.Path())
		if field == poa.FieldNameShown && value == "" {
			value = "no" // a box that is not ticked is not sent
		}
		if value != party.Stated(field) {
			in.Fields = append(in.Fields, poa.FieldValue{Field: field, Value: value})
		}
	}
	return in
}

func (p *portal) requestChange(r *request) error {
	party, err := p.party(r)
	if err != nil {
		return err
	}
	c, err := p.Enrollment.RequestChange(r.Context(), r.actor, changeInput(r, party))
	if faults, ok := faultsOf(err); ok {
		return p.changeForm(r, r.refused("change", faults))
	}
	if err != nil {
		return err
	}
	done := "change-requested"
	if c.State == poa.ChangeAccepted {
		done = "change-done"
	}
	return r.redirect("/application/changes/" + c.ID + "?done=" + done)
}

// changeView is a change with its questions, for its party and for reception.
type changeView struct {
	Change      poa.PartyChange
	Party       poa.Party
	Thread      poa.Thread
	Administers bool
	// Confirmed tells reception that the register was looked at since.
	Confirmed    bool
	Correctable  []poa.StatedField
	Confirmation *poa.Confirmation
}

func (p *portal) changeView(r *request) (changeView, error) {
	c, err := p.Records.Change(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return changeView{}, err
	}
	view := changeView{Change: c, Administers: r.actor.IsMember(poa.MemberAdministrator)}
	if view.Party, err = p.Records.Party(r.Context(), r.actor, c.PartyID); err != nil {
		return changeView{}, err
	}
	view.Thread, err = p.Records.Thread(r.Context(), r.actor, c.ID)
	for _, f := range c.Fields {
		if f.Field != poa.FieldEmail {
			view.Correctable = append(view.Correctable, f.Field)
		}
	}
	return view, err
}

func (p *portal) showChange(r *request) error { return p.change(r) }

func (p *portal) change(r *request, forms ...*Form) error {
	view, err := p.changeView(r)
	if err != nil {
		return err
	}
	if q := view.Thread.Waiting(); q != nil && len(forms) == 0 {
		wanted, _ := view.Change.New(q.Field)
		forms = append(forms, answerForm(*q, wanted))
	}
	return p.render(r, "change", view, forms...)
}

func (p *portal) answerChange(r *request) error {
	err := p.answer(r)
	if faults, ok := faultsOf(err); ok {
		return p.change(r, r.refused("answer", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/application/changes/" + r.PathValue("id") + "?done=answered")
}

func (p *portal) showWithdrawChange(r *request) error {
	c, err := p.Records.Change(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	back := "/application/changes/" + c.ID
	if !c.Open() {
		return r.redirect(back)
	}
	return p.render(r, "take-back", takeBack{"change", back + "/withdraw", back, c.Number})
}

func (p *portal) withdrawChange(r *request) error {
	c, err := p.Enrollment.WithdrawChange(r.Context(), r.actor, r.key(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return r.redirect("/application/changes/" + c.ID + "?done=change-withdrawn")
}

// showProof asks for one press: a mail server that opens links proves nothing.
func (p *portal) showProof(r *request) error {
	r.w.Header().Set("Cache-Control", "no-store")
	if err := p.Enrollment.MayProveChange(r.Context(), r.PathValue("token")); err != nil {
		if _, ok := faultsOf(err); ok {
			return p.linkOver(r)
		}
		return err
	}
	return p.render(r, "proof", r.base()+"/address")
}

func (p *portal) prove(r *request) error {
	err := p.Enrollment.ProveChange(r.Context(), r.actor, r.PathValue("token"))
	if _, ok := faultsOf(err); ok || poa.CodeOf(err) == poa.CodeConflict {
		return p.write(r, http.StatusNotFound, "link-over", nil, nil)
	}
	if err != nil {
		return err
	}
	return r.redirect("/sign-in?done=proved")
}

type questionsView struct {
	Questions []poa.PartyQuestion
}

func (p *portal) listQuestions(r *request) error { return p.questions(r) }

// questions are those that the party put to the service.
func (p *portal) questions(r *request, forms ...*Form) error {
	all, err := p.Records.Questions(r.Context(), r.actor, r.actor.PartyID)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(q poa.PartyQuestion) bool { return q.About != poa.AboutService })
	return p.render(r, "questions", questionsView{all}, forms...)
}

func (p *portal) askService(r *request) error {
	_, err := p.Enrollment.AskService(r.Context(), r.actor, poa.AskServiceInput{IdempotencyKey: r.key(), Text: r.text("text")})
	if faults, ok := faultsOf(err); ok {
		return p.questions(r, r.refused("ask", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/application/questions?done=asked")
}
