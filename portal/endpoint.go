// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"net/url"
	"strconv"
	"time"

	"ininjo/poa"
)

type endpointView struct {
	poa.Endpoint
	Deliveries []poa.Delivery
	Pager      pager
	Made       *poa.Endpoint
	Resends    []poa.Resend
	Keys       []poa.WebhookKey
}

// ResendGoesOn lets the page look again by itself.
func (v endpointView) ResendGoesOn() bool {
	return len(v.Resends) > 0 && v.Resends[0].FinishedAt.IsZero()
}

func (p *portal) showEndpoint(r *request) error { return p.endpoint(r, nil, nil) }

func (p *portal) endpoint(r *request, made *poa.Endpoint, f *Form) error {
	e, err := p.Records.Endpoint(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	deliveries, err := p.Records.DeliveryPage(r.Context(), r.actor, e.ID, r.pageOf())
	if err != nil {
		return err
	}
	if f == nil {
		f = newForm("endpoint")
		f.Values = endpointValues(e)
	}
	resends, err := p.Records.Resends(r.Context(), r.actor, e.ID)
	if err != nil {
		return err
	}
	keys, err := p.Records.WebhookKeys(r.Context())
	if err != nil {
		return err
	}
	return p.render(r, "endpoint", endpointView{e, deliveries.Items, pagerOf(r, deliveries), made, resends, keys}, f)
}

func endpointValues(e poa.Endpoint) url.Values {
	values := url.Values{"url": {e.URL}, "description": {e.Description}, "maxInFlight": {strconv.Itoa(e.MaxInFlight)}, "ratePerSecond": {strconv.Itoa(e.RatePerSecond)},
		"envelope": {string(e.Envelope())}, "headers": {headerLines(e.Headers)}}
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

// testEndpoint sends an endpoint.test event and shows its answer as it comes.
func (p *portal) testEndpoint(r *request) error {
	delivery, err := p.Notifier.TestEndpoint(r.Context(), r.actor, r.key(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return r.redirect("/endpoints/" + r.PathValue("id") + "/deliveries/" + delivery + "?done=tested")
}

func (p *portal) showRotateSecret(r *request) error {
	return p.rotateSecretPage(r, newForm("rotate", "overlapHours", "24"))
}

func (p *portal) rotateSecretPage(r *request, f *Form) error {
	e, err := p.Records.Endpoint(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	return p.render(r, "endpoint-rotate", e, f)
}

// rotateSecret gives the endpoint a new secret, shown in this one answer.
func (p *portal) rotateSecret(r *request) error {
	var faults poa.Faults
	hours := r.number("overlapHours", &faults)
	if hours < 0 || hours > int(poa.MaxOverlap.Hours()) {
		faults.Add(poa.CodeInvalid, "overlapHours")
	}
	if len(faults) > 0 {
		return p.rotateSecretPage(r, r.refused("rotate", faults))
	}
	made, err := p.Notifier.RotateSecret(r.Context(), r.actor, r.key(), r.PathValue("id"), time.Duration(hours)*time.Hour)
	if err != nil {
		return err
	}
	return p.endpoint(r, &made, nil)
}

type endpointDeleteView struct {
	poa.Endpoint
	// Host is typed to confirm.
	Host string
}

func (p *portal) showDeleteEndpoint(r *request) error {
	return p.deletePage(r, newForm("delete-endpoint"))
}

func (p *portal) deletePage(r *request, f *Form) error {
	e, err := p.Records.Endpoint(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	return p.render(r, "endpoint-delete", endpointDeleteView{e, hostOf(e)}, f)
}

// hostOf is the name by which its owner knows an endpoint.
func hostOf(e poa.Endpoint) string {
	u, err := url.Parse(e.URL)
	if err != nil {
		return e.URL
	}
	return u.Host
}

// deleteEndpoint deletes an endpoint whose name was typed.
func (p *portal) deleteEndpoint(r *request) error {
	e, err := p.Records.Endpoint(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	if faults := poa.Confirmed(r.text("typed"), hostOf(e), "typed"); len(faults) > 0 {
		return p.deletePage(r, r.refused("delete-endpoint", faults))
	}
	if err := p.Notifier.DeleteEndpoint(r.Context(), r.actor, r.key(), e.ID); err != nil {
		return err
	}
	return r.redirect("/endpoints?done=deleted")
}
