// SPDX-License-Identifier: Apache-2.0

package portal

import "ininjo/poa"

type applicationView struct {
	Party    poa.Party
	Refusals []poa.Refusal
}

// party reads the actor's own party.
func (p *portal) party(r *request) (poa.Party, error) {
	if r.actor.Kind == poa.ActorRecipient {
		recipient, err := p.Records.Recipient(r.Context(), r.actor, r.actor.PartyID)
		return recipient.Party, err
	}
	d, err := p.Records.Delegator(r.Context(), r.actor, r.actor.PartyID)
	return d.Party, err
}

// showApplication shows where the application stands, with what was stated.
func (p *portal) showApplication(r *request) error {
	party, err := p.party(r)
	if err != nil {
		return err
	}
	view := applicationView{Party: party}
	if party.State == poa.EnrollmentRefused {
		if view.Refusals, err = p.Records.PartyRefusals(r.Context(), r.actor, party.ID); err != nil {
			return err
		}
	}
	return p.render(r, "application", view)
}
