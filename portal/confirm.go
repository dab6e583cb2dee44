// SPDX-License-Identifier: Apache-2.0

package portal

import "ininjo/poa"

// confirmationField is the field of the partial confirm-name.
const confirmationField = "confirmation"

// confirmed wants the name of what a destructive act is about, as the page
// asked for it (partial confirm-name). Without it the act is not begun:
//
//	if faults := r.confirmed(token.Name); faults != nil {
//		return p.render(r, "token-revoke", token, r.refused("revoke-token", faults))
//	}
func (r *request) confirmed(name string) poa.Faults {
	return poa.Confirmed(r.text(confirmationField), name, confirmationField)
}

// confirmation is the field that asks for a name: {{template "confirm-name"
// (confirmation $f .Data.Name)}}.
func (t translator) confirmation(f *Form, name string) (Field, error) {
	out, err := t.field(f, confirmationField, "required", "y", "autocomplete", "off", "class", "confirmation")
	out.Label = t.text("confirm.label", "name", name)
	out.Hint = t.text("confirm.hint")
	out.described = append([]string{out.ID + "-hint"}, out.described...)
	return out, err
}
