// SPDX-License-Identifier: Apache-2.0

package portal

import "ininjo/poa"

// submit files the signed delegation (4.1.5).
func (p *portal) submit(r *request) error {
	signed, err := r.upload("signedFile")
	if err != nil {
		return err
	}
	if len(signed) == 0 {
		return p.delegation(r, r.refused("submit", poa.Faults{{Code: poa.CodeRequired, Field: []string{"signedFile"}}}))
	}
	d, err := p.Registrar.Submit(r.Context(), r.actor, poa.SubmitInput{IdempotencyKey: r.key(), DelegationID: r.PathValue("id"), SignedFile: signed})
	if faults, ok := faultsOf(err); ok {
		return p.delegation(r, r.refused("submit", faults))
	}
	if err != nil {
		return err
	}
	done := "filed"
	if d.State == poa.StateAccepted {
		done = "accepted"
	}
	return r.redirect("/delegations/" + string(d.ID) + "?done=" + done)
}

// resendLink mails the delegate a new one-time link.
func (p *portal) resendLink(r *request) error {
	err := p.Registrar.ResendLink(r.Context(), r.actor, poa.EndInput{IdempotencyKey: r.key(), DelegationID: r.PathValue("id")})
	if faults, ok := faultsOf(err); ok {
		return p.delegation(r, r.refused("link", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/delegations/" + r.PathValue("id") + "?done=link")
}
