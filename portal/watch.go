// SPDX-License-Identifier: Apache-2.0

package portal

import "ininjo/poa"

type watchesView struct {
	Watches []poa.Watch
}

func (p *portal) listWatches(r *request) error {
	return p.watches(r, newForm("watch", "delegationId", r.URL.Query().Get("id")))
}

func (p *portal) watches(r *request, f *Form) error {
	watches, err := p.Records.Watches(r.Context(), r.actor, poa.MaxPage)
	if err != nil {
		return err
	}
	return p.render(r, "watches", watchesView{watches}, f)
}

// watch lets the recipient be told of a delegation's changes.
func (p *portal) watch(r *request) error {
	_, err := p.Notifier.Watch(r.Context(), r.actor, poa.WatchInput{IdempotencyKey: r.key(), DelegationID: r.text("delegationId")})
	return p.watched(r, "watched", err)
}

func (p *portal) unwatch(r *request) error {
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
