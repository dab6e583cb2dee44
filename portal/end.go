// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"time"

	"ininjo/poa"
)

func (p *portal) showWithdraw(r *request) error { return p.ending(r, "withdraw") }

// withdraw takes back a filing, or gives up a draft.
func (p *portal) withdraw(r *request) error {
	if faults := r.confirmed(poa.DelegationID(r.PathValue("id")).Word()); faults != nil {
		return p.ended(r, "withdraw", "", faults)
	}
	_, err := p.Registrar.Withdraw(r.Context(), r.actor, poa.EndInput{IdempotencyKey: r.key(), DelegationID: r.PathValue("id")})
	return p.ended(r, "withdraw", "withdrawn", err)
}

func (p *portal) showRevoke(r *request) error {
	return p.ending(r, "revoke", newForm("revoke", "when", "now"))
}

// revoke ends an accepted delegation, now or at an instant of Japan's time.
func (p *portal) revoke(r *request) error {
	if faults := r.confirmed(poa.DelegationID(r.PathValue("id")).Word()); faults != nil {
		return p.ended(r, "revoke", "", faults)
	}
	in := poa.EndInput{IdempotencyKey: r.key(), DelegationID: r.PathValue("id")}
	if r.text("when") == "later" {
		at, err := time.ParseInLocation("2006-01-02T15:04", r.text("at"), poa.JST)
		if err != nil {
			code := poa.CodeInvalid
			if r.text("at") == "" {
				code = poa.CodeRequired
			}
			return p.ending(r, "revoke", r.refused("revoke", poa.Faults{{Code: code, Field: []string{"at"}}}))
		}
		in.At = at.UTC()
	}
	_, err := p.Registrar.Revoke(r.Context(), r.actor, in)
	return p.ended(r, "revoke", "revoked", err)
}

// ending is the page that asks once more before a delegation ends.
func (p *portal) ending(r *request, view string, forms ...*Form) error {
	data, err := p.delegationView(r)
	if err != nil {
		return err
	}
	return p.render(r, view, data, forms...)
}

func (p *portal) ended(r *request, view, done string, err error) error {
	if faults, ok := faultsOf(err); ok {
		return p.ending(r, view, r.refused(view, faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/delegations/" + r.PathValue("id") + "?done=" + done)
}
