// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"slices"

	"ininjo/poa"
)

// statuses are what a list of accepted delegations can be filtered by.
var statuses = []poa.ValidityStatus{poa.StatusValid, poa.StatusNotYetValid, poa.StatusSuspended, poa.StatusExpired, poa.StatusRevoked,
	poa.StatusRenounced, poa.StatusSuperseded, poa.StatusEnded}

type watchesView struct {
	Watches []poa.WatchRow
	Pager   pager
	// Status is what the list is filtered by, or "".
	Status poa.ValidityStatus
	Asked  bool
}

func (p *portal) listWatches(r *request) error {
	return p.watches(r, newForm("watch", "delegationId", r.URL.Query().Get("id")))
}

// watchFilter reads the filter from the query; what is no status is none.
func (r *request) watchFilter() poa.WatchFilter {
	status := poa.ValidityStatus(r.URL.Query().Get("status"))
	if !slices.Contains(statuses, status) {
		return poa.WatchFilter{}
	}
	return poa.WatchFilter{Statuses: []poa.ValidityStatus{status}}
}

func (p *portal) watches(r *request, f *Form) error {
	filter := r.watchFilter()
	list, err := p.Records.WatchPage(r.Context(), r.actor, filter, r.pageOf())
	if err != nil {
		return err
	}
	asked, err := p.Records.WatchAsked(r.Context(), r.actor)
	if err != nil {
		return err
	}
	view := watchesView{Watches: list.Items, Pager: pagerOf(r, list), Asked: asked}
	filterForm := newForm("watch-filter")
	if len(filter.Statuses) > 0 {
		view.Status = filter.Statuses[0]
		filterForm.Values.Set("status", string(view.Status))
	}
	setting := newForm("watch-setting")
	if asked {
		setting.Values.Set("asked", "yes")
	}
	return p.render(r, "watches", view, f, filterForm, setting)
}

// watch lets the recipient be told of a delegation's changes.
func (p *portal) watch(r *request) error {
	id := poa.SpokenID(r.text("delegationId"))
	_, err := p.Notifier.Watch(r.Context(), r.actor, poa.WatchInput{IdempotencyKey: r.key(), DelegationID: id})
	return p.watched(r, "watched", err)
}

// unwatch ends a watch once it was confirmed.
func (p *portal) unwatch(r *request) error {
	if r.text("confirmed") != "yes" {
		form := newForm("unwatch", "delegationId", r.text("delegationId"))
		return p.render(r, "watch-end", r.text("delegationId"), form)
	}
	err := p.Notifier.Unwatch(r.Context(), r.actor, poa.WatchInput{IdempotencyKey: r.key(), DelegationID: r.text("delegationId")})
	return p.watched(r, "unwatched", err)
}

func (p *portal) watched(r *request, done string, err error) error {
	if faults, ok := faultsOf(err); ok {
		return p.watches(r, r.refused("watch", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/watches?done=" + done)
}

// setWatchAsked keeps whether what is asked about is watched.
func (p *portal) setWatchAsked(r *request) error {
	if err := p.Notifier.SetWatchAsked(r.Context(), r.actor, r.key(), r.text("asked") == "yes"); err != nil {
		return err
	}
	return r.redirect("/watches?done=own-saved")
}

func (p *portal) exportWatches(r *request) error {
	write, err := p.Records.WatchesCSV(r.Context(), r.actor, r.watchFilter())
	if err != nil {
		return err
	}
	return p.export(r, "watches-"+p.stamp()+".csv", "text/csv; charset=utf-8", write)
}
