// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"time"

	"ininjo/poa"
)

// refreshFor is how long the page of a delivery looks for its answer by itself.
const refreshFor = 2 * time.Minute

type deliveryView struct {
	poa.Delivery
	Endpoint poa.Endpoint
	Attempts []poa.Attempt
	Request  poa.PostedRequest
	// Waiting lets the page look again by itself.
	Waiting bool
}

// Resendable reports whether one more attempt can be wanted.
func (v deliveryView) Resendable() bool {
	return v.State != poa.DeliveryPending && v.ResendAt.IsZero() && v.Endpoint.State == poa.EndpointActive
}

// showDelivery shows one delivery with its attempts and what was answered.
func (p *portal) showDelivery(r *request) error {
	d, attempts, err := p.Records.Delivery(r.Context(), r.actor, r.PathValue("delivery"))
	if err != nil {
		return err
	}
	e, err := p.Records.Endpoint(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	if d.EndpointID != e.ID {
		return poa.ErrNotFound
	}
	posted, err := p.Notifier.Posted(r.Context(), r.actor, []poa.Delivery{d})
	if err != nil {
		return err
	}
	since := d.Notice.At
	if d.ResendAt.After(since) {
		since = d.ResendAt
	}
	waiting := (d.State == poa.DeliveryPending && d.Attempts == 0 || !d.ResendAt.IsZero()) && p.Clock.Now().Sub(since) < refreshFor
	return p.render(r, "delivery", deliveryView{d, e, attempts, posted[d.ID], waiting})
}

// resendDelivery makes one more attempt.
func (p *portal) resendDelivery(r *request) error {
	d, err := p.Notifier.ResendDelivery(r.Context(), r.actor, r.key(), r.PathValue("delivery"))
	if err != nil {
		return err
	}
	return r.redirect("/endpoints/" + d.EndpointID + "/deliveries/" + d.ID + "?done=resent")
}
