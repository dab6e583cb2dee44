// SPDX-License-Identifier: Apache-2.0

package poa

import "time"

// StatedField is one thing that a party states of itself and may change (3.2).
// Kind and corporate number are not among them: another number is another party.
type StatedField string

// Fields that may change.
const (
	FieldName        StatedField = "NAME"
	FieldAddress     StatedField = "ADDRESS"
	FieldTitle       StatedField = "REPRESENTATIVE_TITLE"
	FieldPerson      StatedField = "REPRESENTATIVE_NAME"
	FieldHomeAddress StatedField = "REPRESENTATIVE_ADDRESS"
	FieldTelephone   StatedField = "REPRESENTATIVE_TELEPHONE"
	FieldBirthDate   StatedField = "REPRESENTATIVE_BIRTH_DATE"
	FieldFiler       StatedField = "FILER"
	FieldEmail       StatedField = "EMAIL"
	FieldNameShown   StatedField = "NAME_SHOWN"
	FieldLanguage    StatedField = "LANGUAGE"
)

// stated is how a field is read, written and judged.
type stated struct {
	field StatedField
	// path is where forms and faults have it.
	path string
	// registered fields are those that a register or an identity document names:
	// a person decides on them.
	registered bool
	value      func(*Party) *string
}

// statedFields are the fields that are texts; the others are written in [Party.stated].
var statedFields = []stated{
	{FieldName, "name", true, func(p *Party) *string { return &p.Profile.Name }},
	{FieldAddress, "address", true, func(p *Party) *string { return &p.Profile.Address }},
	{FieldTitle, "representative.title", true, func(p *Party) *string { return &p.Profile.Representative.Title }},
	{FieldPerson, "representative.name", true, func(p *Party) *string { return &p.Profile.Representative.Name }},
	{FieldHomeAddress, "representative.address", true, func(p *Party) *string { return &p.Profile.Representative.Address }},
	{FieldTelephone, "representative.telephone", false, func(p *Party) *string { return &p.Profile.Representative.Telephone }},
	{FieldBirthDate, "representative.birthDate", true, nil},
	{FieldFiler, "filer", false, func(p *Party) *string { return &p.Profile.Filer }},
	{FieldEmail, "email", false, func(p *Party) *string { return &p.Profile.Email }},
	{FieldNameShown, "nameShown", false, nil},
	{FieldLanguage, "language", false, func(p *Party) *string { return &p.Language }},
}

func statedField(f StatedField) (stated, bool) {
	for _, each := range statedFields {
		if each.field == f {
			return each, true
		}
	}
	return stated{}, false
}

// Path is where forms and faults have the field, "" for one that there is not.
func (f StatedField) Path() string {
	s, _ := statedField(f)
	return s.path
}

// StatedFields lists the fields that the party states: who is no sole
// proprietor has no birth date, who is no recipient no filer.
func (p Party) StatedFields() []StatedField {
	var fields []StatedField
	for _, each := range statedFields {
		switch each.field {
		case FieldBirthDate:
			if p.Kind != SoleProprietor {
				continue
			}
		case FieldFiler, FieldNameShown:
			if p.Role != PartyRecipient {
				continue
			}
		default:
		}
		fields = append(fields, each.field)
	}
	return fields
}

// Stated is what the party states in a field, as text: a day as YYYY-MM-DD, a
// consent as yes or no.
func (p Party) Stated(f StatedField) string {
	switch f {
	case FieldBirthDate:
		return p.Profile.Representative.BirthDate.String()
	case FieldNameShown:
		if p.NameShown {
			return "yes"
		}
		return "no"
	default:
	}
	if s, ok := statedField(f); ok {
		return *s.value(&p)
	}
	return ""
}

// state writes a field; false where the text cannot be its value.
func (p *Party) state(f StatedField, value string) bool {
	switch f {
	case FieldBirthDate:
		day, err := ParseDate(value)
		if err == nil {
			p.Profile.Representative.BirthDate = day
		}
		return err == nil
	case FieldNameShown:
		p.NameShown = value == "yes"
		return value == "yes" || value == "no"
	case FieldLanguage:
		p.Language = value
		return value == "ja" || value == "en"
	default:
	}
	s, ok := statedField(f)
	if ok {
		*s.value(p) = value
	}
	return ok
}

// checkStated finds what is wrong with the fields given as the party now states
// them: the rules are those of an application.
func (p Party) checkStated(fields []StatedField, now time.Time) Faults {
	in := RegisterInput{IdempotencyKey: "-", Kind: p.Kind, CorporateNumber: p.Profile.CorporateNumber, Name: p.Profile.Name, Address: p.Profile.Address,
		Representative: RepresentativeInput(p.Profile.Representative), Filer: p.Profile.Filer, Email: p.Profile.Email, TermsID: "-", Consent: true}
	var faults Faults
	for _, fault := range checkRegistration(in, p.Role, now) {
		for _, f := range fields {
			if joined(fault.Field) == f.Path() {
				faults = append(faults, fault)
			}
		}
	}
	return faults
}
