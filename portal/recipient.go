// SPDX-License-Identifier: Apache-2.0

package portal

import "ininjo/poa"

type recipientView struct {
	Party     poa.Party
	Watches   int
	Endpoints int
	Tokens    int
}

// showRecipient is the recipient's home: what can be asked, and what is set up.
func (p *portal) showRecipient(r *request) error {
	party, err := p.party(r)
	if err != nil {
		return err
	}
	if party.State != poa.EnrollmentActive {
		return r.redirect("/application")
	}
	watches, err := p.Records.CountWatches(r.Context(), r.actor)
	if err != nil {
		return err
	}
	endpoints, err := p.Records.Endpoints(r.Context(), r.actor)
	if err != nil {
		return err
	}
	tokens, err := p.Enrollment.Tokens(r.Context(), r.actor)
	if err != nil {
		return err
	}
	return p.render(r, "recipient", recipientView{party, watches, len(endpoints), active(tokens, p.Clock.Now())})
}
