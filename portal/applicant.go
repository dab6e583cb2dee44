// SPDX-License-Identifier: Apache-2.0

package portal

import "ininjo/poa"

type applicantView struct {
	Party        poa.Party
	Confirmation *poa.Confirmation
	Refusals     []poa.Refusal
	Thread       poa.Thread
	Versions     []poa.PartyVersion
	Changes      []poa.PartyChange
	// Correctable are the fields that a question can be about.
	Correctable []poa.StatedField
}

func (p *portal) showApplicant(r *request) error { return p.applicant(r) }

// applicant shows what was stated beside what the register says.
func (p *portal) applicant(r *request, forms ...*Form) error {
	view, err := p.applicantOf(r, r.PathValue("id"))
	if err != nil {
		return err
	}
	if view.Refusals, err = p.refusalsOf(r, view.Party); err != nil {
		return err
	}
	if err := p.applicantFile(r, &view); err != nil {
		return err
	}
	if len(forms) == 0 || forms[0].Scope != "confirm" {
		forms = append(forms, confirmForm(view.Party))
	}
	return p.render(r, "applicant", view, forms...)
}

// confirmForm begins with nothing of what the applicant stated: reception
// types what the document says.
func confirmForm(party poa.Party) *Form {
	f := newForm("confirm", "document", string(poa.RegisterCertificate))
	if party.Kind == poa.SoleProprietor {
		f.Values.Set("document", string(poa.IdentityDocument))
	}
	return f
}

// confirm records what the organisation was confirmed against (3.1.3).
func (p *portal) confirm(r *request) error {
	var faults poa.Faults
	in := poa.ConfirmInput{IdempotencyKey: r.key(), PartyID: r.PathValue("id"), Document: poa.RegisterDocument(r.text("document")), DocumentDate: r.date("documentDate", &faults),
		CorporateNumber: r.text("corporateNumber"), Name: r.text("name"), Address: r.text("address"), RepresentativeTitle: r.text("representativeTitle"),
		RepresentativeName: r.text("representativeName"), RepresentativeAddress: r.text("representativeAddress"), BirthDate: r.date("birthDate", &faults)}
	err := faults.Err()
	if err == nil {
		err = p.Enrollment.Confirm(r.Context(), r.actor, in)
	}
	return p.handled(r, "confirm", "confirmed", err)
}

func (p *portal) acceptApplication(r *request) error {
	err := p.Enrollment.Decide(r.Context(), r.actor, poa.DecideInput{IdempotencyKey: r.key(), PartyID: r.PathValue("id"), Accept: true, Version: r.version()})
	return p.handled(r, "accept", "application-accepted", err)
}

func (p *portal) refuseApplication(r *request) error {
	err := p.Enrollment.Decide(r.Context(), r.actor, poa.DecideInput{IdempotencyKey: r.key(), PartyID: r.PathValue("id"), Reasons: reasons(r), Version: r.version()})
	return p.handled(r, "refuse", "application-refused", err)
}

func (p *portal) handled(r *request, scope, done string, err error) error {
	if faults, ok := faultsOf(err); ok {
		return p.applicant(r, r.refused(scope, faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/staff/applications/" + r.PathValue("id") + "?done=" + done)
}

// reasons are the codes that were ticked, each with the words written beside.
func reasons(r *request) []poa.RefusalReason {
	var all []poa.RefusalReason
	for _, code := range r.PostForm["reasons"] {
		all = append(all, poa.RefusalReason{Code: poa.Code(code), Note: r.text("note." + code)})
	}
	return all
}
