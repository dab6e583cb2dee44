// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"net/url"
	"time"

	"ininjo/poa"
)

// overlap is how long an endpoint's old secret signs beside a new one.
const overlap = 24 * time.Hour

type endpointView struct {
	poa.Endpoint
	Deliveries []poa.Delivery
	Made       *poa.Endpoint
}

func (p *portal) showEndpoint(r *request) error { return p.endpoint(r, nil, nil) }

func (p *portal) endpoint(r *request, made *poa.Endpoint, f *Form) error {
	e, err := p.Records.Endpoint(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	deliveries, err := p.Records.Deliveries(r.Context(), r.actor, e.ID, 50)
	if err != nil {
		return err
	}
	if f == nil {
		f = newForm("endpoint")
		f.Values = endpointValues(e)
	}
	return p.render(r, "endpoint", endpointView{e, deliveries, made}, f)
}

func endpointValues(e poa.Endpoint) url.Values {
	values := url.Values{"url": {e.URL}, "description": {e.Description}}
	if e.State == poa.EndpointActive {
		values.Set("enabled", "yes")
	}
	for _, t := range e.Types {
		values.Add("types", string(t))
	}
	return values
}

func (p *portal) updateEndpoint(r *request) error {
	in := endpointInput(r)
	in.ID = r.PathValue("id")
	_, err := p.Notifier.UpdateEndpoint(r.Context(), r.actor, in, p.Addresses)
	if faults, ok := faultsOf(err); ok {
		return p.endpoint(r, nil, r.refused("endpoint", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/endpoints/" + in.ID + "?done=endpoint")
}

// testEndpoint sends an endpoint.test event.
func (p *portal) testEndpoint(r *request) error {
	if _, err := p.Notifier.TestEndpoint(r.Context(), r.actor, r.key(), r.PathValue("id")); err != nil {
		return err
	}
	return r.redirect("/endpoints/" + r.PathValue("id") + "?done=tested")
}

// rotateSecret gives the endpoint a new secret, shown in this one answer.
func (p *portal) rotateSecret(r *request) error {
	made, err := p.Notifier.RotateSecret(r.Context(), r.actor, r.key(), r.PathValue("id"), overlap)
	if err != nil {
		return err
	}
	return p.endpoint(r, &made, nil)
}

func (p *portal) showDeleteEndpoint(r *request) error {
	e, err := p.Records.Endpoint(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	return p.render(r, "endpoint-delete", e)
}

func (p *portal) deleteEndpoint(r *request) error {
	if err := p.Notifier.DeleteEndpoint(r.Context(), r.actor, r.key(), r.PathValue("id")); err != nil {
		return err
	}
	return r.redirect("/endpoints?done=deleted")
}
