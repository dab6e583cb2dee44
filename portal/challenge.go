// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"ininjo/poa"
)

// drawChallenge draws what the delegate signs and leads to its page.
func (p *portal) drawChallenge(r *request) error {
	actor, ok := p.linkActor(r, poa.LinkAnswer)
	if !ok {
		return p.linkOver(r)
	}
	c, err := p.Registrar.Challenge(r.Context(), actor)
	if _, refused := faultsOf(err); refused {
		return r.redirect(r.base())
	}
	if err != nil {
		return err
	}
	return r.redirect(r.base() + "/challenge/" + c.ID)
}

func (p *portal) showChallenge(r *request) error {
	actor, ok := p.linkActor(r, poa.LinkAnswer)
	if !ok {
		return p.linkOver(r)
	}
	return p.challenge(r, actor, newForm("hand-in"))
}

func (p *portal) challenge(r *request, actor poa.Actor, f *Form) error {
	c, err := p.Registrar.DrawnChallenge(r.Context(), actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	view, err := p.linkView(r, actor)
	if err != nil {
		return err
	}
	if !view.Delegation.DelegateCertifiedAt.IsZero() {
		return r.redirect(r.base() + "?done=handed-in")
	}
	view.Challenge, view.Content = c, string(c.Text)
	return p.render(r, "challenge", view, f)
}

// downloadChallenge hands over the exact bytes to sign.
func (p *portal) downloadChallenge(r *request) error {
	actor, ok := p.linkActor(r, poa.LinkAnswer)
	if !ok {
		return p.linkOver(r)
	}
	c, err := p.Registrar.DrawnChallenge(r.Context(), actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	return r.attachment("challenge-"+actor.DelegationID.Compact()+".txt", "application/octet-stream", c.Text)
}

// handIn takes the signed challenge (4.1.1 (3)).
func (p *portal) handIn(r *request) error {
	actor, ok := p.linkActor(r, poa.LinkAnswer)
	if !ok {
		return p.linkOver(r)
	}
	signed, err := r.upload("signedFile")
	if err != nil {
		return err
	}
	if len(signed) == 0 {
		return p.challenge(r, actor, r.refused("hand-in", poa.Faults{{Code: poa.CodeRequired, Field: []string{"signedFile"}}}))
	}
	_, err = p.Registrar.HandIn(r.Context(), actor, poa.HandInInput{IdempotencyKey: r.key(), ChallengeID: r.PathValue("id"), SignedFile: signed})
	if faults, ok := faultsOf(err); ok {
		return p.challenge(r, actor, r.refused("hand-in", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect(r.base() + "?done=handed-in")
}
