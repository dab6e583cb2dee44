// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"regexp"

	"ininjo/poa"
)

type registration struct {
	// Role is "delegator" or "recipient".
	Role string
	// Terms are those in force; without any nobody can register.
	Terms poa.Published
}

func (p *portal) showRegistration(r *request) error {
	return p.registration(r, newForm("register"))
}

func (p *portal) registration(r *request, f *Form) error {
	role := r.PathValue("role")
	if role != "delegator" && role != "recipient" {
		return poa.ErrNotFound
	}
	published, err := p.Records.Published(r.Context())
	if err != nil {
		return err
	}
	terms := poa.InForce(published, poa.TermsOfUse, poa.DateOf(p.Clock.Now()))
	return p.render(r, "register", registration{role, terms}, f)
}

// register files an application (3.1.1, 5.2).
func (p *portal) register(r *request) error {
	in, faults := registerInput(r)
	if len(faults) > 0 {
		return p.registration(r, r.refused("register", faults))
	}
	number := ""
	var err error
	switch role := r.PathValue("role"); role {
	case "delegator":
		var d poa.Delegator
		d, err = p.Enrollment.RegisterDelegator(r.Context(), r.actor, in)
		number = d.Number
	case "recipient":
		var recipient poa.Recipient
		recipient, err = p.Enrollment.RegisterRecipient(r.Context(), r.actor, in)
		number = recipient.Number
	default:
		return poa.ErrNotFound
	}
	if faults, ok := faultsOf(err); ok {
		return p.registration(r, r.refused("register", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/registered/" + r.PathValue("role") + "/" + number)
}

// registerInput leaves out what is asked of the other kind of applicant only:
// it is not collected (2.8 (2)).
func registerInput(r *request) (poa.RegisterInput, poa.Faults) {
	var faults poa.Faults
	in := poa.RegisterInput{IdempotencyKey: r.key(), Kind: poa.PartyKind(r.text("kind")), Name: r.text("name"), Address: r.text("address"), Filer: r.text("filer"), Email: r.text("email"),
		TermsID: r.text("termsId"), Consent: r.text("consent") == "yes", NameShown: r.text("nameShown") == "yes",
		Representative: poa.RepresentativeInput{Title: r.text("representative.title"), Name: r.text("representative.name"),
			Address: r.text("representative.address"), Telephone: r.text("representative.telephone")}}
	if in.Kind == poa.SoleProprietor {
		in.Representative.BirthDate = r.date("representative.birthDate", &faults)
	} else {
		in.CorporateNumber = r.text("corporateNumber")
	}
	return in, faults
}

var applicationNumber = regexp.MustCompile(`^[AR]-[0-9]{8}-[0-9]{4,12}$`)

type registered struct{ Role, Number string }

func (p *portal) showRegistered(r *request) error {
	if !applicationNumber.MatchString(r.PathValue("number")) {
		return poa.ErrNotFound
	}
	return p.render(r, "registered", registered{r.PathValue("role"), r.PathValue("number")})
}
