// SPDX-License-Identifier: Apache-2.0

package portal

import "ininjo/poa"

func (p *portal) showDecline(r *request) error { return p.showAnswer(r, poa.LinkAnswer, "decline") }

// decline is the delegate's no.
func (p *portal) decline(r *request) error {
	actor, ok := p.linkActor(r, poa.LinkAnswer)
	if !ok {
		return p.linkOver(r)
	}
	if faults := r.confirmed(actor.DelegationID.Word()); faults != nil {
		return p.refusedAnswer(r, actor, "decline", faults)
	}
	if err := p.Registrar.Decline(r.Context(), actor, r.key()); err != nil {
		return p.refusedAnswer(r, actor, "decline", err)
	}
	return r.redirect("/answered/declined")
}

func (p *portal) showRenounce(r *request) error { return p.showAnswer(r, poa.LinkRenounce, "renounce") }

// renounce ends an accepted delegation by its delegate's word.
func (p *portal) renounce(r *request) error {
	actor, ok := p.linkActor(r, poa.LinkRenounce)
	if !ok {
		return p.linkOver(r)
	}
	if faults := r.confirmed(actor.DelegationID.Word()); faults != nil {
		return p.refusedAnswer(r, actor, "renounce", faults)
	}
	if _, err := p.Registrar.Renounce(r.Context(), actor, r.key()); err != nil {
		return p.refusedAnswer(r, actor, "renounce", err)
	}
	return r.redirect("/answered/renounced")
}

func (p *portal) showAnswer(r *request, purpose poa.LinkPurpose, view string) error {
	actor, ok := p.linkActor(r, purpose)
	if !ok {
		return p.linkOver(r)
	}
	data, err := p.linkView(r, actor)
	if err != nil {
		return err
	}
	return p.render(r, view, data)
}

func (p *portal) refusedAnswer(r *request, actor poa.Actor, view string, err error) error {
	faults, ok := faultsOf(err)
	if !ok {
		return err
	}
	data, err := p.linkView(r, actor)
	if err != nil {
		return err
	}
	return p.render(r, view, data, r.refused(view, faults))
}
