// SPDX-License-Identifier: Apache-2.0

package document

import (
	"strconv"
	"time"
)

// form says which texts an item takes.
type form int

const (
	anyText form = iota // may be empty
	needed              // not empty
	date                // YYYY-MM-DD
	instant             // RFC 3339 with microseconds, UTC
	truth               // true or false
	number              // decimal, not negative
)

const (
	dateLayout    = "2006-01-02"
	instantLayout = "2006-01-02T15:04:05.000000Z"
)

// element is a place in the file. It holds a text, a list of items or children,
// in this order; writing and reading both walk it, so that they cannot differ.
type element struct {
	name     string
	form     form
	text     *string
	list     *[]string
	item     string
	children []element
	// chosen marks an alternative: of the children that have it, one stands in
	// the file.
	chosen *bool
}

// raw is a Content whose every item is a text, with the choice of mandator.
type raw struct {
	Content
	corporation, sole               bool
	subDelegation, index, draftedAt string
}

// schema is the format: the tree of elements, bound to the items of r.
func schema(r *raw) element {
	c := &r.Content
	return group("Delegation",
		leaf("DelegationID", needed, &c.DelegationID),
		leaf("DraftedAt", instant, &r.draftedAt),
		group("Mandator",
			option(&r.corporation, corporation(&c.Mandator)),
			option(&r.sole, soleProprietor(&c.Mandator))),
		group("Delegate",
			leaf("Name", needed, &c.Delegate.Name),
			leaf("Title", anyText, &c.Delegate.Title),
			leaf("Qualification", anyText, &c.Delegate.Qualification),
			leaf("Address", needed, &c.Delegate.Address),
			leaf("IdentificationID", anyText, &c.Delegate.IdentificationID)),
		group("Mandate",
			element{name: "Powers", form: needed, list: &c.Powers, item: "Power"},
			element{name: "Limits", list: &c.Limits, item: "Limit"},
			leaf("SubDelegation", truth, &r.subDelegation),
			leaf("ValidFrom", date, &c.ValidFrom),
			leaf("ValidThrough", date, &c.ValidThrough)),
		group("Service",
			leaf("Name", needed, &c.Service.Name),
			leaf("PolicyURL", needed, &c.Service.PolicyURL),
			leaf("PolicyOID", anyText, &c.Service.PolicyOID),
			leaf("ValidityURL", needed, &c.Service.ValidityURL)),
		group("Status",
			leaf("ListURI", needed, &c.Status.ListURI),
			leaf("Index", number, &r.index)))
}

func corporation(m *Mandator) element {
	return group("Corporation",
		leaf("CorporateNumber", needed, &m.CorporateNumber),
		leaf("Name", needed, &m.Name),
		leaf("HeadOffice", needed, &m.HeadOffice),
		leaf("RepresentativeTitle", needed, &m.RepresentativeTitle),
		leaf("RepresentativeName", needed, &m.RepresentativeName))
}

func soleProprietor(m *Mandator) element {
	return group("SoleProprietor",
		leaf("BusinessName", anyText, &m.BusinessName),
		leaf("PersonName", needed, &m.PersonName),
		leaf("BusinessAddress", needed, &m.BusinessAddress),
		leaf("BirthDate", date, &m.BirthDate))
}

func group(name string, children ...element) element {
	return element{name: name, children: children}
}

func leaf(name string, f form, text *string) element {
	return element{name: name, form: f, text: text}
}

func option(chosen *bool, e element) element {
	e.chosen = chosen
	return e
}

// toRaw refuses items of the kind that the mandator is not: they would be lost.
func toRaw(c Content) (*raw, error) {
	r := &raw{Content: c, subDelegation: strconv.FormatBool(c.SubDelegation), index: strconv.Itoa(c.Status.Index),
		draftedAt: c.DraftedAt.UTC().Format(instantLayout)}
	other := c.Mandator
	switch c.Mandator.Kind {
	case KindCorporation:
		r.corporation = true
		other.CorporateNumber, other.Name, other.HeadOffice = "", "", ""
		other.RepresentativeTitle, other.RepresentativeName = "", ""
	case KindSoleProprietor:
		r.sole = true
		other.BusinessName, other.PersonName, other.BusinessAddress, other.BirthDate = "", "", "", ""
	case "":
		return nil, fault(Missing, "Delegation/Mandator")
	default:
		return nil, fault(UnknownElement, "Delegation/Mandator")
	}
	if other != (Mandator{Kind: c.Mandator.Kind}) {
		return nil, fault(UnknownElement, "Delegation/Mandator")
	}
	return r, nil
}

// content turns the texts back; schema's forms have been checked.
func (r *raw) content() Content {
	c := r.Content
	c.Mandator.Kind = KindSoleProprietor
	if r.corporation {
		c.Mandator.Kind = KindCorporation
	}
	c.SubDelegation = r.subDelegation == "true"
	c.Status.Index, _ = strconv.Atoi(r.index)
	c.DraftedAt, _ = time.Parse(instantLayout, r.draftedAt)
	return c
}
