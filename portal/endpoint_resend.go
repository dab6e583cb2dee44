// SPDX-License-Identifier: Apache-2.0

package portal

import "ininjo/poa"

// endpointRoutes are the pages of what did not arrive at an endpoint.
func endpointRoutes() []route {
	return []route{
		{"POST /endpoints/{id}/catch-up", developers, (*portal).catchUpEndpoint},
		{"GET /endpoints/{id}/resend", developers, (*portal).showResend},
		{"POST /endpoints/{id}/resend", developers, (*portal).resendDeliveries},
	}
}

// troubled are the endpoints that every page of their party points to.
func (p *portal) troubled(r *request) []poa.TroubledEndpoint {
	troubled, err := p.Records.Troubled(r.Context(), r.actor)
	if err != nil {
		p.Log.WarnContext(r.Context(), "looking for endpoints in trouble", "cause", err)
	}
	return troubled
}

// catchUpEndpoint switches an endpoint on and sends what it missed.
func (p *portal) catchUpEndpoint(r *request) error {
	resend, err := p.Notifier.CatchUp(r.Context(), r.actor, r.key(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return r.redirect("/endpoints/" + resend.EndpointID + "?done=caught-up")
}

func (p *portal) showResend(r *request) error {
	since := p.Clock.Now().AddDate(0, 0, -1).In(poa.JST).Format("2006-01-02T15:04")
	return p.resendPage(r, newForm("resend-many", "kind", string(poa.ResendFailed), "since", since))
}

func (p *portal) resendPage(r *request, f *Form) error {
	e, err := p.Records.Endpoint(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	return p.render(r, "endpoint-resend", e, f)
}

// resendKinds are the choices of what to send again.
func (t translator) resendKinds(f Field) Field {
	return labelled(f, t, "resend", []poa.ResendKind{poa.ResendFailed, poa.ResendMissing})
}

// resendDeliveries sends again what failed, or what was never sent.
func (p *portal) resendDeliveries(r *request) error {
	var faults poa.Faults
	in := poa.ResendDeliveriesInput{IdempotencyKey: r.key(), EndpointID: r.PathValue("id"), Kind: poa.ResendKind(r.text("kind")), Since: r.instantOfJapan("since", &faults)}
	if len(faults) > 0 {
		return p.resendPage(r, r.refused("resend-many", faults))
	}
	_, err := p.Notifier.ResendDeliveries(r.Context(), r.actor, in)
	if faults, ok := faultsOf(err); ok {
		return p.resendPage(r, r.refused("resend-many", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/endpoints/" + in.EndpointID + "?done=resending")
}
