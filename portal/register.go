// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"

	"ininjo/poa"
)

// registerSteps are the fields of each step of an application: the corporate
// number first, so that what is published of it can be compared and taken over.
var registerSteps = [][]string{
	{"kind", "corporateNumber"},
	{"name", "address", "representative.title", "representative.name", "representative.address", "representative.telephone", "representative.birthDate", "filer", "email"},
	{"nameShown", "consent"},
}

// stepOf is the step, from 1, whose page shows a field; faults of no field are
// shown on the last.
func stepOf(field string) int {
	for i, fields := range registerSteps {
		if slices.Contains(fields, field) {
			return i + 1
		}
	}
	return len(registerSteps)
}

type registration struct {
	// Role is "delegator" or "recipient".
	Role string
	// Terms are those in force; without any nobody can register.
	Terms poa.Published
	Step  int
	// Lookup is what is published of the corporate number stated.
	Lookup poa.Lookup
	Mode   poa.RegistrationMode
	// Stated is all so far, for the last step to show.
	Stated poa.Party
	// Carried are the fields of the other steps: nothing is kept here before the
	// application is sent.
	Carried []Option
}

// Sole reports whether a sole proprietor applies.
func (r registration) Sole() bool { return r.Stated.Kind == poa.SoleProprietor }

// Steps are the steps' numbers.
func (registration) Steps() []int { return []int{1, 2, 3} }

var partyRoles = map[string]poa.PartyRole{"delegator": poa.PartyDelegator, "recipient": poa.PartyRecipient}

func (r *request) partyRole() (poa.PartyRole, error) {
	role, ok := partyRoles[r.PathValue("role")]
	if !ok {
		return "", poa.ErrNotFound
	}
	return role, nil
}

func (p *portal) showRegistration(r *request) error {
	return p.registration(r, 1, newForm("register"))
}

// registration shows a step with what was stated so far.
func (p *portal) registration(r *request, step int, f *Form) error {
	role, err := r.partyRole()
	if err != nil {
		return err
	}
	terms, err := p.Records.TermsInForce(r.Context())
	if err != nil {
		return err
	}
	view := registration{Role: r.PathValue("role"), Terms: terms, Step: step, Mode: p.Policy.Registration()}
	in, _ := registerInput(f.Values)
	if step > 1 && in.Kind == poa.Corporation {
		view.Lookup = p.Enrollment.LookUp(r.Context(), in.CorporateNumber)
	}
	if step == 2 && view.Lookup.Found() {
		prefill(f.Values, "name", view.Lookup.Published.Name)
		prefill(f.Values, "address", view.Lookup.Published.Address)
	}
	view.Stated = poa.Party{Role: role, Kind: in.Kind, Profile: statedIn(in)}
	view.Carried = carried(f.Values, step)
	return p.render(r, "register", view, f)
}

func prefill(values url.Values, name, value string) {
	if values.Get(name) == "" {
		values.Set(name, value)
	}
}

// carried are the values of the steps that are not shown.
func carried(values url.Values, step int) []Option {
	var all []Option
	for i, fields := range registerSteps {
		for _, name := range fields {
			for _, value := range values[name] {
				if i+1 != step && value != "" {
					all = append(all, Option{name, value})
				}
			}
		}
	}
	return all
}

func statedIn(in poa.RegisterInput) poa.Profile {
	return poa.Profile{CorporateNumber: in.CorporateNumber, Name: in.Name, Address: in.Address, Representative: poa.Representative(in.Representative), Filer: in.Filer, Email: in.Email}
}

// register takes a step of an application; the last one files it (3.1.1, 5.2).
func (p *portal) register(r *request) error {
	role, err := r.partyRole()
	if err != nil {
		return err
	}
	step := givenStep(r)
	if r.text("go") == "back" {
		return p.registration(r, max(step-1, 1), r.kept("register"))
	}
	in, faults := registerInput(r.PostForm)
	in.IdempotencyKey = r.key()
	if step == len(registerSteps) && len(faults) == 0 {
		return p.fileRegistration(r, role, in)
	}
	faults = append(faults, p.Enrollment.CheckRegistration(in, role)...)
	return p.stepOn(r, step, faults)
}

// stepOn shows the next step, or the first one up to here with a fault.
func (p *portal) stepOn(r *request, step int, faults poa.Faults) error {
	first := len(registerSteps) + 1
	for _, fault := range faults {
		field, _ := place(fault)
		first = min(first, stepOf(field))
	}
	if first > step {
		return p.registration(r, min(step+1, len(registerSteps)), r.kept("register"))
	}
	faults = slices.DeleteFunc(faults, func(fault poa.Fault) bool { field, _ := place(fault); return stepOf(field) != first })
	return p.registration(r, first, r.refused("register", faults))
}

func (p *portal) fileRegistration(r *request, role poa.PartyRole, in poa.RegisterInput) error {
	number := ""
	var err error
	if role == poa.PartyDelegator {
		var d poa.Delegator
		d, err = p.Enrollment.RegisterDelegator(r.Context(), r.actor, in)
		number = d.Number
	} else {
		var recipient poa.Recipient
		recipient, err = p.Enrollment.RegisterRecipient(r.Context(), r.actor, in)
		number = recipient.Number
	}
	if faults, ok := faultsOf(err); ok {
		renewConsent(r.PostForm, faults)
		return p.stepOn(r, len(registerSteps), faults)
	}
	if err != nil {
		return err
	}
	return r.redirect("/registered/" + r.PathValue("role") + "/" + number)
}

// renewConsent asks again where another version of the terms came into force
// meanwhile: consent to the old one is none to the new.
func renewConsent(values url.Values, faults poa.Faults) {
	for _, fault := range faults {
		if fault.Code == poa.CodeTermsNotCurrent {
			values.Del("consent")
		}
	}
}

func givenStep(r *request) int {
	step, err := strconv.Atoi(r.text("step"))
	if err != nil || step < 1 || step > len(registerSteps) {
		return 1
	}
	return step
}

// kept returns the form as it was sent, without faults.
func (r *request) kept(scope string) *Form {
	return &Form{Scope: scope, Values: r.PostForm, Key: poa.NewID("frm_")}
}

// registerInput leaves out what is asked of the other kind of applicant only:
// it is not collected (2.8 (2)).
func registerInput(values url.Values) (poa.RegisterInput, poa.Faults) {
	var faults poa.Faults
	text := func(name string) string { return trimmed(values, name) }
	in := poa.RegisterInput{Kind: poa.PartyKind(text("kind")), Name: text("name"), Address: text("address"), Filer: text("filer"), Email: text("email"),
		TermsID: text("termsId"), Consent: text("consent") == "yes", NameShown: text("nameShown") == "yes",
		Representative: poa.RepresentativeInput{Title: text("representative.title"), Name: text("representative.name"),
			Address: text("representative.address"), Telephone: text("representative.telephone")}}
	if in.Kind == poa.SoleProprietor {
		in.Representative.BirthDate = dayOf(values, "representative.birthDate", &faults)
	} else {
		in.CorporateNumber = text("corporateNumber")
	}
	return in, faults
}

var applicationNumber = regexp.MustCompile(`^[AR]-[0-9]{8}-[0-9]{4,12}$`)

type registered struct {
	Role, Number string
	Mode         poa.RegistrationMode
}

func (p *portal) showRegistered(r *request) error { return p.registered(r) }

func (p *portal) registered(r *request, forms ...*Form) error {
	if _, err := r.partyRole(); err != nil || !applicationNumber.MatchString(r.PathValue("number")) {
		return poa.ErrNotFound
	}
	return p.render(r, "registered", registered{r.PathValue("role"), r.PathValue("number"), p.Policy.Registration()}, forms...)
}

// resendProof mails the link again. Whoever asks is told the same, whether there
// is such an application or not.
func (p *portal) resendProof(r *request) error {
	err := p.Enrollment.ResendProof(r.Context(), r.actor, poa.ResendInput{Number: r.PathValue("number"), Email: r.text("email")})
	if faults, ok := faultsOf(err); ok {
		return p.registered(r, r.refused("resend", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/registered/" + url.PathEscape(r.PathValue("role")) + "/" + url.PathEscape(r.PathValue("number")) + "?done=proof-sent")
}
