// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"net/url"
	"slices"

	"ininjo/poa"
)

type peopleView struct {
	People []poa.Person
	// Made is the account just made; its second factor is shown this once.
	Made *poa.Account
	// Key is the second factor's address for authenticator apps.
	Key string
}

func (p *portal) showPeople(r *request) error { return p.people(r, peopleView{}) }

func (p *portal) people(r *request, view peopleView, forms ...*Form) error {
	var err error
	if view.People, err = p.Desk.People(r.Context(), r.actor); err != nil {
		return err
	}
	return p.render(r, "people", view, forms...)
}

// fitness reads the check of fitness from a form.
func (r *request) fitness(faults *poa.Faults) poa.FitnessInput {
	in := poa.FitnessInput{Declared: r.text("fitness.declared") == "yes", CheckedOn: r.date("fitness.checkedOn", faults), Note: r.text("fitness.note")}
	for _, item := range r.PostForm["fitness.items"] {
		in.Items = append(in.Items, poa.FitnessItem(item))
	}
	return in
}

func (r *request) roles() []poa.Role {
	var roles []poa.Role
	for _, role := range r.PostForm["roles"] {
		roles = append(roles, poa.Role(role))
	}
	return roles
}

// appoint makes a staff account (7.2). The secret of its second factor is
// shown in this one answer.
func (p *portal) appoint(r *request) error {
	var faults poa.Faults
	in := poa.StaffInput{Name: r.text("name"), Email: r.text("email"), Language: r.lang, Roles: r.roles(), Fitness: r.fitness(&faults)}
	err := faults.Err()
	var made poa.Account
	if err == nil {
		made, err = p.Enrollment.AppointStaff(r.Context(), r.actor, in)
	}
	if faults, ok := faultsOf(err); ok {
		return p.people(r, peopleView{}, r.refused("people", faults))
	}
	if err != nil {
		return err
	}
	q := url.Values{"secret": {made.TOTPSecret}, "issuer": {p.Policy.ServiceName}}
	return p.people(r, peopleView{Made: &made, Key: "otpauth://totp/" + url.PathEscape(in.Email) + "?" + q.Encode()})
}

type personView struct {
	Person poa.Person
	// Names are those of the staff who appointed and dismissed.
	Names map[string]string
	// Own tells that it is the actor.
	Own bool
}

func (p *portal) showPerson(r *request) error { return p.person(r, "person", r.PathValue("id")) }

func (p *portal) person(r *request, view, accountID string, forms ...*Form) error {
	people, err := p.Desk.People(r.Context(), r.actor)
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, each := range people {
		names[each.Account.ID] = each.Account.Name
	}
	i := slices.IndexFunc(people, func(each poa.Person) bool { return each.Account.ID == accountID })
	if i < 0 {
		return poa.ErrNotFound
	}
	return p.render(r, view, personView{people[i], names, accountID == r.actor.ID}, forms...)
}

// appointFurther gives a member of staff further roles.
func (p *portal) appointFurther(r *request) error {
	var faults poa.Faults
	in := poa.AppointInput{IdempotencyKey: r.key(), AccountID: r.PathValue("id"), Roles: r.roles(), Fitness: r.fitness(&faults)}
	err := faults.Err()
	if err == nil {
		err = p.Desk.Appoint(r.Context(), r.actor, in)
	}
	return p.decidedOnPerson(r, "person", "appoint", in.AccountID, "appointed", err)
}

func (p *portal) showHandOver(r *request) error { return p.person(r, "hand-over", r.PathValue("id")) }

// handOver passes the role of the service owner on.
func (p *portal) handOver(r *request) error {
	var faults poa.Faults
	in := poa.HandOverInput{IdempotencyKey: r.key(), AccountID: r.PathValue("id"), Name: r.text("name"), Ground: r.text("ground"), Fitness: r.fitness(&faults)}
	err := faults.Err()
	if err == nil {
		err = p.Desk.HandOver(r.Context(), r.actor, in)
	}
	if faults, ok := faultsOf(err); ok {
		return p.person(r, "hand-over", in.AccountID, r.refused("hand-over", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/staff?done=handed-over") // the actor is no owner any more
}

func (p *portal) decidedOnPerson(r *request, view, scope, accountID, word string, err error) error {
	if faults, ok := faultsOf(err); ok {
		return p.person(r, view, accountID, r.refused(scope, faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/staff/people/" + accountID + "?done=" + word)
}

type dismissView struct {
	Person      poa.Person
	Appointment poa.Appointment
}

func (p *portal) showDismiss(r *request) error { return p.askEnd(r, "dismiss") }

func (p *portal) showPropose(r *request) error { return p.askEnd(r, "propose") }

// askEnd is the page that asks once more before an appointment ends (7.2.1).
func (p *portal) askEnd(r *request, view string, forms ...*Form) error {
	person, held, err := p.held(r)
	if err != nil {
		return err
	}
	return p.render(r, view, dismissView{person, held}, forms...)
}

// held finds whose appointment the path names.
func (p *portal) held(r *request) (poa.Person, poa.Appointment, error) {
	people, err := p.Desk.People(r.Context(), r.actor)
	if err != nil {
		return poa.Person{}, poa.Appointment{}, err
	}
	for _, person := range people {
		for _, each := range person.Held {
			if each.ID == r.PathValue("id") {
				return person, each, nil
			}
		}
	}
	return poa.Person{}, poa.Appointment{}, poa.ErrNotFound
}

func (r *request) dismissal() poa.DismissInput {
	return poa.DismissInput{IdempotencyKey: r.key(), AppointmentID: r.PathValue("id"), Name: r.text("name"), Ground: r.text("ground")}
}

// dismiss ends an appointment, confirmed by the person's name.
func (p *portal) dismiss(r *request) error {
	return p.endAnswered(r, "dismiss", "dismissed", p.Desk.Dismiss(r.Context(), r.actor, r.dismissal()))
}

// propose is the manager's first half of the auditor's dismissal.
func (p *portal) propose(r *request) error {
	return p.endAnswered(r, "propose", "proposed", p.Desk.ProposeDismissal(r.Context(), r.actor, r.dismissal()))
}

func (p *portal) endAnswered(r *request, view, word string, err error) error {
	if faults, ok := faultsOf(err); ok {
		return p.askEnd(r, view, r.refused(view, faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/staff/people?done=" + word)
}

type rolesView struct {
	Grants     []poa.Grant
	Rules      []poa.RoleRule
	Exclusions []poa.Exclusion
	Two        []poa.TwoPersons
	Roles      []poa.Role
}

// Has reports whether a role has the permission of a grant.
func (rolesView) Has(g poa.Grant, role poa.Role) bool { return slices.Contains(g.Roles, role) }

// showRoles prints the one table of roles (7.2.1) to all staff.
func (p *portal) showRoles(r *request) error {
	return p.render(r, "roles", rolesView{poa.Grants(), poa.RoleRules(), poa.Exclusions(), poa.NeedsTwo(), poa.Roles})
}
