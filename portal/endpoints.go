// SPDX-License-Identifier: Apache-2.0

package portal

import "ininjo/poa"

type endpointsView struct {
	Endpoints []poa.Endpoint
	// Made is the endpoint just made or given a new secret, shown this once.
	Made *poa.Endpoint
}

func (p *portal) listEndpoints(r *request) error {
	return p.endpoints(r, nil, newForm("endpoint"))
}

func (p *portal) endpoints(r *request, made *poa.Endpoint, f *Form) error {
	endpoints, err := p.Records.Endpoints(r.Context(), r.actor)
	if err != nil {
		return err
	}
	return p.render(r, "endpoints", endpointsView{endpoints, made}, f)
}

func endpointInput(r *request) poa.EndpointInput {
	in := poa.EndpointInput{IdempotencyKey: r.key(), URL: r.text("url"), Description: r.text("description"), Enabled: r.text("enabled") == "yes", SettingsInput: settingsInput(r)}
	for _, t := range r.PostForm["types"] {
		in.Types = append(in.Types, poa.NoticeType(t))
	}
	return in
}

// createEndpoint makes a webhook endpoint. Its secret is shown in this one answer.
func (p *portal) createEndpoint(r *request) error {
	made, err := p.Notifier.CreateEndpoint(r.Context(), r.actor, endpointInput(r), p.Addresses)
	if faults, ok := faultsOf(err); ok {
		return p.endpoints(r, nil, r.refused("endpoint", faults))
	}
	if err != nil {
		return err
	}
	return p.endpoints(r, &made, newForm("endpoint"))
}
