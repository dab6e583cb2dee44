// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"net/url"
	"time"

	"ininjo/poa"
)

type applicationView struct {
	Party    poa.Party
	Refusals []poa.Refusal
	Versions []poa.PartyVersion
	Changes  []poa.PartyChange
	Thread   poa.Thread
	Stages   []stage
	// Administers tells whether the member may state things for the party.
	Administers bool
}

// stage is one line of the way of an application.
type stage struct {
	Key  string
	At   time.Time
	Done bool
}

// stages are the way of an application so far, and what is left of it.
func stages(p poa.Party, thread poa.Thread, byPerson bool) []stage {
	all := []stage{{"received", p.AppliedAt, true}, {"proved", p.ProvedAt, !p.ProvedAt.IsZero()}}
	decided := !p.DecidedAt.IsZero()
	if byPerson {
		looked := thread.Case.ClaimedAt
		for _, q := range thread.Questions {
			if looked.IsZero() || q.AskedAt.Before(looked) {
				looked = q.AskedAt
			}
		}
		if looked.IsZero() && decided && p.State != poa.EnrollmentWithdrawn {
			looked = p.DecidedAt
		}
		all = append(all, stage{"looked", looked, !looked.IsZero()})
	}
	for _, q := range thread.Questions {
		all = append(all, stage{"asked", q.AskedAt, true})
		if !q.Waits() {
			all = append(all, stage{"answered", q.AnsweredAt, true})
		}
	}
	return append(all, stage{"decided", p.DecidedAt, decided})
}

// party reads the actor's own party.
func (p *portal) party(r *request) (poa.Party, error) {
	return p.Records.Party(r.Context(), r.actor, r.actor.PartyID)
}

func (p *portal) showApplication(r *request) error { return p.application(r) }

// application shows where the application stands, with what was stated.
func (p *portal) application(r *request, forms ...*Form) error {
	party, err := p.party(r)
	if err != nil {
		return err
	}
	view := applicationView{Party: party, Administers: r.actor.IsMember(poa.MemberAdministrator)}
	if view.Refusals, err = p.refusalsOf(r, party); err != nil {
		return err
	}
	if view.Thread, err = p.Records.Thread(r.Context(), r.actor, party.ID); err != nil {
		return err
	}
	if view.Versions, err = p.Records.PartyVersions(r.Context(), r.actor, party.ID); err != nil {
		return err
	}
	if view.Changes, err = p.Records.Changes(r.Context(), r.actor, party.ID); err != nil {
		return err
	}
	byPerson := party.Role == poa.PartyDelegator || p.Policy.Registration() == poa.RegistrationApproval
	view.Stages = stages(party, view.Thread, byPerson)
	if len(forms) == 0 {
		if q := view.Thread.Waiting(); q != nil {
			forms = append(forms, answerForm(*q, party.Stated(q.Field)))
		}
	}
	return p.render(r, "application", view, forms...)
}

// refusalsOf are the reasons of the last refusal: those of an earlier
// application stay in the file.
func (p *portal) refusalsOf(r *request, party poa.Party) ([]poa.Refusal, error) {
	if party.State != poa.EnrollmentRefused {
		return nil, nil
	}
	all, err := p.Records.PartyRefusals(r.Context(), r.actor, party.ID)
	var last []poa.Refusal
	for _, refusal := range all {
		if refusal.At.Equal(party.DecidedAt) {
			last = append(last, refusal)
		}
	}
	return last, err
}

// answerForm begins with what is stated in the field that was asked about.
func answerForm(q poa.PartyQuestion, stated string) *Form {
	f := newForm("answer", "questionId", q.ID)
	if q.Field != "" {
		f.Values.Set("correction", stated)
	}
	return f
}

// answer binds the answer to a question of reception.
func (p *portal) answer(r *request) error {
	in := poa.AnswerInput{IdempotencyKey: r.key(), QuestionID: r.text("questionId"), Text: r.text("text")}
	if r.PostForm.Has("correction") {
		correction := r.text("correction")
		in.Correction = &correction
	}
	_, err := p.Enrollment.AnswerQuestion(r.Context(), r.actor, in)
	return err
}

func (p *portal) answerApplication(r *request) error {
	err := p.answer(r)
	if faults, ok := faultsOf(err); ok {
		return p.application(r, r.refused("answer", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/application?done=answered")
}

func (p *portal) showWithdrawApplication(r *request) error {
	party, err := p.party(r)
	if err != nil {
		return err
	}
	if party.State != poa.EnrollmentApplied {
		return r.redirect("/application")
	}
	return p.render(r, "take-back", takeBack{"application", "/application/withdraw", "/application", party.Number})
}

// takeBack is the page that asks whether something is really withdrawn.
type takeBack struct{ What, Action, Back, Number string }

func (p *portal) withdrawApplication(r *request) error {
	if err := p.Enrollment.WithdrawApplication(r.Context(), r.actor, r.key()); err != nil {
		return err
	}
	return r.redirect("/application?done=application-withdrawn")
}

// againView is the form of an application after one that was refused or
// withdrawn.
type againView struct {
	Party  poa.Party
	Terms  poa.Published
	Lookup poa.Lookup
	Action string
	// Entering is set where staff enter it for a party.
	Entering bool
	Ways     []poa.CameBy
}

func (p *portal) showAgain(r *request) error {
	party, err := p.party(r)
	if err != nil {
		return err
	}
	return p.applyAgain(r, statedForm("register", party))
}

func (p *portal) applyAgain(r *request, f *Form) error {
	party, err := p.party(r)
	if err != nil {
		return err
	}
	if party.State != poa.EnrollmentRefused && party.State != poa.EnrollmentWithdrawn {
		return r.redirect("/application")
	}
	terms, err := p.Records.TermsInForce(r.Context())
	if err != nil {
		return err
	}
	return p.render(r, "again", againView{Party: party, Terms: terms, Action: "/application/again"}, f)
}

// statedForm is a form filled in with what a party states.
func statedForm(scope string, party poa.Party) *Form {
	f := newForm(scope, "kind", string(party.Kind), "corporateNumber", party.Profile.CorporateNumber)
	for _, field := range party.StatedFields() {
		f.Values.Set(field.Path(), party.Stated(field))
	}
	return f
}

func (p *portal) again(r *request) error {
	party, err := p.party(r)
	if err != nil {
		return err
	}
	values := url.Values{}
	for name, each := range r.PostForm {
		values[name] = each
	}
	values.Set("kind", string(party.Kind))
	in, faults := registerInput(values)
	in.IdempotencyKey, in.Email = r.key(), party.Profile.Email
	if err = faults.Err(); err == nil {
		_, err = p.Enrollment.Reapply(r.Context(), r.actor, in)
	}
	if faults, ok := faultsOf(err); ok {
		renewConsent(r.PostForm, faults)
		return p.applyAgain(r, r.refused("register", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/application?done=applied-again")
}
