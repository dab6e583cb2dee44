// SPDX-License-Identifier: Apache-2.0

package portal

import "ininjo/poa"

type applicationsView struct {
	// Role is "delegator" or "recipient".
	Role          string
	State, Search string
	Parties       []poa.Party
	Pager         pager
}

var enrollmentStates = map[string]bool{"APPLIED": true, "ACTIVE": true, "REFUSED": true, "WITHDRAWN": true, "ENDED": true}

// listApplications lists those who applied, the oldest first.
func (p *portal) listApplications(r *request) error {
	q := r.URL.Query()
	view := applicationsView{Role: "delegator", State: q.Get("state"), Search: q.Get("q")}
	if q.Get("role") == "recipient" {
		view.Role = "recipient"
	}
	if !enrollmentStates[view.State] {
		view.State = string(poa.EnrollmentApplied)
	}
	filter := poa.PartyFilter{States: []poa.EnrollmentState{poa.EnrollmentState(view.State)}, Search: view.Search}
	if err := p.applicants(r, &view, filter); err != nil {
		return err
	}
	return p.render(r, "applications", view)
}

func (p *portal) applicants(r *request, view *applicationsView, filter poa.PartyFilter) error {
	order := poa.Order{Field: poa.OrderCreated, Ascending: true}
	if view.Role == "recipient" {
		list, err := p.Records.Recipients(r.Context(), r.actor, filter, order, r.pageOf())
		if err != nil {
			return err
		}
		for _, each := range list.Items {
			view.Parties = append(view.Parties, each.Party)
		}
		view.Pager = pagerOf(r, list)
		return nil
	}
	list, err := p.Records.Delegators(r.Context(), r.actor, filter, order, r.pageOf())
	if err != nil {
		return err
	}
	for _, each := range list.Items {
		view.Parties = append(view.Parties, each.Party)
	}
	view.Pager = pagerOf(r, list)
	return nil
}
