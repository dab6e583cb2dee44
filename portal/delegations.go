// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"slices"

	"ininjo/poa"
)

// row is a delegation in a list, with how it stands.
type row struct {
	poa.Delegation
	Standing poa.Standing
}

type delegationsView struct {
	Rows          []row
	Pager         pager
	Search, State string
	Filtered      bool
	Choices       []Option
}

// filterStates and filterStatuses are what the list can be narrowed to: a
// filing's state, or an accepted delegation's status.
var (
	filterStates   = []poa.State{poa.StateDrafted, poa.StateSubmitted, poa.StateRefused, poa.StateWithdrawn, poa.StateAbandoned}
	filterStatuses = []poa.ValidityStatus{poa.StatusValid, poa.StatusNotYetValid, poa.StatusSuspended, poa.StatusExpired, poa.StatusRevoked,
		poa.StatusRenounced, poa.StatusSuperseded, poa.StatusEnded}
)

// listDelegations lists the delegator's own. Who is not under contract yet is
// shown the application instead.
func (p *portal) listDelegations(r *request) error {
	party, err := p.party(r)
	if err != nil {
		return err
	}
	if party.State != poa.EnrollmentActive {
		return r.redirect("/application")
	}
	filter, view := p.delegationFilter(r)
	list, err := p.Records.Delegations(r.Context(), r.actor, filter, poa.Order{}, r.pageOf())
	if err != nil {
		return err
	}
	if view.Rows, err = p.rows(r, list.Items); err != nil {
		return err
	}
	view.Pager = pagerOf(r, list)
	return p.render(r, "delegations", view)
}

func (p *portal) rows(r *request, items []poa.Delegation) ([]row, error) {
	rows := make([]row, len(items))
	for i, d := range items {
		standing, err := p.Records.StandingOf(r.Context(), d)
		if err != nil {
			return nil, err
		}
		rows[i] = row{d, standing}
	}
	return rows, nil
}

func (p *portal) delegationFilter(r *request) (poa.DelegationFilter, delegationsView) {
	q := r.URL.Query()
	view := delegationsView{Search: q.Get("q"), State: q.Get("state")}
	filter := poa.DelegationFilter{Search: view.Search}
	for _, s := range filterStates {
		view.Choices = append(view.Choices, Option{string(s), p.Text(r.lang, "state."+string(s), nil)})
	}
	for _, s := range filterStatuses {
		view.Choices = append(view.Choices, Option{string(s), p.Text(r.lang, "status."+string(s), nil)})
	}
	switch {
	case slices.Contains(filterStates, poa.State(view.State)):
		filter.States = []poa.State{poa.State(view.State)}
	case slices.Contains(filterStatuses, poa.ValidityStatus(view.State)):
		filter.Statuses = []poa.ValidityStatus{poa.ValidityStatus(view.State)}
	default:
		view.State = ""
	}
	view.Filtered = view.Search != "" || view.State != ""
	return filter, view
}
