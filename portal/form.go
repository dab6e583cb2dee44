// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"ininjo/poa"
)

// Form is a form as it is shown: what was typed, and what is wrong with it.
// Names of fields are the paths of the input in poa, so that a fault finds its
// field.
type Form struct {
	// Scope names the form on its page; labels are looked up by it.
	Scope  string
	Values url.Values
	Faults poa.Faults
	// Key is the idempotency key of the next submission.
	Key string
}

// newForm returns an empty form with values to begin with, in pairs.
func newForm(scope string, pairs ...string) *Form {
	f := &Form{Scope: scope, Values: url.Values{}, Key: poa.NewID("frm_")}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Values.Set(pairs[i], pairs[i+1])
	}
	return f
}

// refused returns the form as it was sent, with its faults.
func (r *request) refused(scope string, faults poa.Faults) *Form {
	return &Form{Scope: scope, Values: r.PostForm, Faults: faults, Key: poa.NewID("frm_")}
}

// Value returns what the field holds.
func (f *Form) Value(name string) string { return f.Values.Get(name) }

// Is reports whether the field holds the value among others.
func (f *Form) Is(name, value string) bool { return slices.Contains(f.Values[name], value) }

// whole are paths of faults that no field of a form shows.
var whole = []string{"version", "token", "idempotencyKey", "partyId", "challengeId", "replaces", "termsId", "caseId", "appointmentId", "accountId", "subjectId", "questionId", "changeId", "fields", "mailAddressId", ""}

// removeMember is the form that takes a member out: a button without a field.
const removeMember = "remove-member"

// shows reports whether the form has a field for the path of a fault.
func (f *Form) shows(field string) bool {
	if field == "delegationId" {
		return f.Scope == "check" || f.Scope == "watch" || f.Scope == "inquiries"
	}
	return f.Scope != removeMember && !slices.Contains(whole, field)
}

// place finds the field that a fault belongs to and its line there, from 1.
func place(fault poa.Fault) (field string, line int) {
	path := fault.Field
	for i, part := range path {
		if n, err := strconv.Atoi(part); err == nil && i > 0 { // a line of powers or limits, an entry of a list
			return strings.Join(path[:i], "."), n + 1
		}
	}
	return strings.Join(path, "."), 0
}

// First is the field that the page puts the focus on: the first with a fault.
func (f *Form) First() string {
	for _, fault := range f.Faults {
		if field, _ := place(fault); f.shows(field) {
			return field
		}
	}
	return ""
}

// Option is a choice of a field.
type Option struct{ Value, Label string }

// Field is one field of a form, ready for the template.
type Field struct {
	Form                  *Form
	Name, ID, Label, Hint string
	Value                 string
	Errors                []string
	Required, Focus       bool
	Options               []Option
	Attrs                 template.HTMLAttr
	Rows, Class           string
	described             []string
	inputType             string
}

// Conditional is the key of a badge that says for whom the field must be filled
// in, or "".
func (f Field) Conditional() string {
	switch f.Class {
	case "only-corporation":
		return "must.corporation"
	case "only-sole":
		return "must.sole"
	default:
		return ""
	}
}

// Described lists the elements that describe the field, for aria-describedby.
func (f Field) Described() string { return strings.Join(f.described, " ") }

// Checked reports whether an option is chosen.
func (f Field) Checked(value string) bool { return f.Form.Is(f.Name, value) }

// inputTypes are the types that templates may ask for.
var inputTypes = []string{"text", "email", "password", "tel", "date", "datetime-local", "number", "file", "url", "search"}

// field builds a field; options come in pairs: type, autocomplete, required,
// inputmode, rows, class, min, max.
func (t translator) field(f *Form, name string, pairs ...string) (Field, error) {
	out := Field{Form: f, Name: name, ID: fieldID(f, name), Value: f.Value(name), inputType: "text", Rows: "4"}
	out.Label = t.scoped("field", f.Scope, name)
	if t.hasScoped("hint", f.Scope, name) {
		out.Hint = t.scoped("hint", f.Scope, name)
		out.described = append(out.described, out.ID+"-hint")
	}
	for _, fault := range f.Faults {
		if field, line := place(fault); field == name {
			out.Errors = append(out.Errors, t.faultAt(fault, line))
		}
	}
	if len(out.Errors) > 0 {
		out.described = append(out.described, out.ID+"-error")
	}
	out.Focus = len(f.Faults) > 0 && f.First() == name
	return out, out.set(pairs)
}

func fieldID(f *Form, name string) string {
	return "f-" + f.Scope + "-" + strings.ReplaceAll(name, ".", "-")
}

func (f *Field) set(pairs []string) error {
	attrs := ""
	for i := 0; i+1 < len(pairs); i += 2 {
		switch name, value := pairs[i], pairs[i+1]; name {
		case "type":
			if !slices.Contains(inputTypes, value) {
				return fmt.Errorf("field %s: type %q is not known", f.Name, value)
			}
			f.inputType = value
		case "required":
			f.Required = true
		case "rows":
			f.Rows = value
		case "class":
			f.Class = value
		case "autocomplete", "inputmode", "min", "max", "maxlength", "accept", "placeholder":
			attrs += fmt.Sprintf(` %s="%s"`, name, template.HTMLEscapeString(value))
		default:
			return fmt.Errorf("field %s: option %q is not known", f.Name, name)
		}
	}
	f.Attrs = template.HTMLAttr(fmt.Sprintf(`type="%s"%s`, f.inputType, attrs)) //nolint:gosec // names are from the list above, values escaped
	if f.inputType == "password" || f.inputType == "file" {
		f.Value = ""
	}
	return nil
}

// choose gives a field its options: values in pairs with their labels.
func choose(f Field, pairs ...string) Field {
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Options = append(f.Options, Option{pairs[i], pairs[i+1]})
	}
	return f
}
