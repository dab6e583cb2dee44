// SPDX-License-Identifier: Apache-2.0

package portal

import "ininjo/poa"

type deskView struct {
	// Sees tells whether the role sees parties and filings.
	Sees                            bool
	Delegators, Recipients, Filings int
	Suspended, Accepted             int
}

// showDesk counts what waits for a person.
func (p *portal) showDesk(r *request) error {
	view := deskView{Sees: r.actor.May(poa.MaySeeParties)}
	if !view.Sees {
		return p.render(r, "desk", view)
	}
	applied, one := poa.PartyFilter{States: []poa.EnrollmentState{poa.EnrollmentApplied}}, poa.Page{First: 1}
	delegators, err := p.Records.Delegators(r.Context(), r.actor, applied, poa.Order{}, one)
	if err != nil {
		return err
	}
	recipients, err := p.Records.Recipients(r.Context(), r.actor, applied, poa.Order{}, one)
	if err != nil {
		return err
	}
	view.Delegators, view.Recipients = delegators.Total, recipients.Total
	for filter, count := range map[poa.State]*int{poa.StateSubmitted: &view.Filings, poa.StateAccepted: &view.Accepted} {
		list, err := p.Records.Delegations(r.Context(), r.actor, poa.DelegationFilter{States: []poa.State{filter}}, poa.Order{}, one)
		if err != nil {
			return err
		}
		*count = list.Total
	}
	return p.render(r, "desk", view)
}
