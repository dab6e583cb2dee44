// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"cmp"
	"net/url"
	"strings"

	"ininjo/poa"
)

type draftView struct {
	Mandator poa.RegisterEntry
	Kind     poa.PartyKind
	// Replaces is set for an update (4.2).
	Replaces poa.DelegationID
	MaxYears int
}

// showDraft shows the form of table 4-1, filled in from the delegation that is
// to be replaced.
func (p *portal) showDraft(r *request) error {
	f := newForm("draft", "format", string(poa.FormatPDF), "validFrom", poa.DateOf(p.Clock.Now()).String())
	if id := r.URL.Query().Get("replaces"); id != "" {
		d, err := p.Records.Delegation(r.Context(), r.actor, id)
		if err != nil {
			return err
		}
		f.Values = replacementValues(d)
	}
	return p.draftForm(r, f)
}

func replacementValues(d poa.Delegation) url.Values {
	who := d.Contents.Delegate
	values := map[string]string{"replaces": string(d.ID), "delegate.name": who.Name, "delegate.title": who.Title, "delegate.qualification": string(who.Qualification),
		"delegate.address": who.Address, "delegate.identification": who.Identification, "delegate.email": who.Email,
		"powers": strings.Join(d.Contents.Powers, "\n"), "limits": strings.Join(d.Contents.Limits, "\n"),
		"validFrom": d.ValidFrom.String(), "validThrough": d.ValidThrough.String(), "format": string(cmp.Or(d.Format, poa.FormatPDF))}
	if d.Contents.SubDelegation {
		values["subDelegation"] = "yes"
	}
	out := url.Values{}
	for name, value := range values {
		out.Set(name, value)
	}
	return out
}

func (p *portal) draftForm(r *request, f *Form) error {
	owner, err := p.Records.Delegator(r.Context(), r.actor, r.actor.PartyID)
	if err != nil {
		return err
	}
	if owner.State != poa.EnrollmentActive || owner.Confirmation == nil {
		return r.redirect("/application")
	}
	replaces, _ := poa.ParseDelegationID(f.Value("replaces"))
	return p.render(r, "draft", draftView{owner.Confirmation.Says, owner.Kind, replaces, p.Policy.MaxTermYears}, f)
}

// draft makes a delegation out of the form (4.1.1).
func (p *portal) draft(r *request) error {
	var faults poa.Faults
	in := poa.DraftInput{IdempotencyKey: r.key(), Powers: r.lines("powers"), Limits: r.lines("limits"), SubDelegation: r.text("subDelegation") == "yes",
		ValidFrom: r.date("validFrom", &faults), ValidThrough: r.date("validThrough", &faults), Replaces: r.text("replaces"), Format: poa.DocumentFormat(cmp.Or(r.text("format"), string(poa.FormatPDF))),
		Delegate: poa.DelegateInput{Name: r.text("delegate.name"), Title: r.text("delegate.title"), Qualification: poa.Qualification(r.text("delegate.qualification")),
			Address: r.text("delegate.address"), Identification: r.text("delegate.identification"), Email: r.text("delegate.email")}}
	if len(faults) > 0 {
		return p.draftForm(r, r.refused("draft", faults))
	}
	d, err := p.Registrar.Draft(r.Context(), r.actor, in)
	if faults, ok := faultsOf(err); ok {
		return p.draftForm(r, r.refused("draft", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/delegations/" + string(d.ID) + "?done=drafted")
}
