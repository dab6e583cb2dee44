// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"errors"

	"ininjo/poa"
)

type filingsView struct {
	Rows  []row
	Pager pager
}

// listFilings lists what was filed and waits for a person, the oldest first.
func (p *portal) listFilings(r *request) error {
	filter := poa.DelegationFilter{States: []poa.State{poa.StateSubmitted}}
	list, err := p.Records.Delegations(r.Context(), r.actor, filter, poa.Order{Field: poa.OrderCreated, Ascending: true}, r.pageOf())
	if err != nil {
		return err
	}
	rows, err := p.rows(r, list.Items)
	if err != nil {
		return err
	}
	return p.render(r, "filings", filingsView{rows, pagerOf(r, list)})
}

type filingView struct {
	delegationView
	// HandedIn is what the delegate's certificate said; nil before.
	HandedIn *poa.HandedIn
	// Compared are the texts of the certificates beside those of register and draft.
	Compared []comparedView
}

func (p *portal) showFiling(r *request) error { return p.filing(r) }

func (p *portal) filing(r *request, forms ...*Form) error {
	view, err := p.delegationView(r)
	if err != nil {
		return err
	}
	out := filingView{delegationView: view}
	compared, err := p.Records.Compared(r.Context(), r.actor, view.Delegation)
	if err != nil {
		return err
	}
	out.Compared = comparedViews(compared, view.Details.Checks)
	handed, err := p.Records.HandedIn(r.Context(), r.actor, view.ID)
	switch {
	case err == nil:
		out.HandedIn = &handed
	case !errors.Is(err, poa.ErrNotFound):
		return err
	}
	return p.render(r, "filing", out, forms...)
}

// acceptFiling takes a filing into keeping, on reception's ground.
func (p *portal) acceptFiling(r *request) error {
	_, err := p.Registrar.Decide(r.Context(), r.actor, poa.DecideFilingInput{IdempotencyKey: r.key(), DelegationID: r.PathValue("id"), Accept: true, Ground: r.text("ground")})
	return p.decided(r, "accept", "filing-accepted", err)
}

func (p *portal) refuseFiling(r *request) error {
	_, err := p.Registrar.Decide(r.Context(), r.actor, poa.DecideFilingInput{IdempotencyKey: r.key(), DelegationID: r.PathValue("id"), Reasons: reasons(r)})
	return p.decided(r, "refuse", "filing-refused", err)
}

func (p *portal) decided(r *request, scope, done string, err error) error {
	if faults, ok := faultsOf(err); ok {
		return p.filing(r, r.refused(scope, faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/staff/filings/" + r.PathValue("id") + "?done=" + done)
}
