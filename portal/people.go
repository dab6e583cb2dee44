// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"net/url"

	"ininjo/poa"
)

type peopleView struct {
	// Made is the account just made; its second factor is shown this once.
	Made *poa.Account
	// Key is the second factor's address for authenticator apps.
	Key string
}

func (p *portal) showPeople(r *request) error {
	if !r.actor.May(poa.MayAppoint) {
		return poa.ErrForbidden
	}
	return p.render(r, "people", peopleView{})
}

// appoint makes a staff account (7.2). The secret of its second factor is
// shown in this one answer.
func (p *portal) appoint(r *request) error {
	in := poa.StaffInput{Name: r.text("name"), Email: r.text("email"), Language: r.lang}
	for _, role := range r.PostForm["roles"] {
		in.Roles = append(in.Roles, poa.Role(role))
	}
	made, err := p.Enrollment.AppointStaff(r.Context(), r.actor, in)
	if faults, ok := faultsOf(err); ok {
		return p.render(r, "people", peopleView{}, r.refused("people", faults))
	}
	if err != nil {
		return err
	}
	q := url.Values{"secret": {made.TOTPSecret}, "issuer": {p.Policy.ServiceName}}
	return p.render(r, "people", peopleView{&made, "otpauth://totp/" + url.PathEscape(in.Email) + "?" + q.Encode()})
}
