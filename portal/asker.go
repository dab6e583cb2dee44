// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"strings"

	"ininjo/poa"
)

// whoMay opens the page that asks for validity to anyone where recipients need
// not register (5.2).
func (p *portal) whoMay(who access) access {
	if who == askers && p.Policy.Registration() == poa.RegistrationNone {
		return anyone
	}
	return who
}

// credentialOf is what somebody asks with: a recipient with the account, anyone
// else with nothing.
func credentialOf(actor poa.Actor) poa.Credential {
	if actor.Kind == poa.ActorRecipient {
		return poa.Credential{AccountID: actor.ID}
	}
	return poa.Credential{Anonymous: true}
}

// asksAnonymously reports whether a request asks for validity without an
// account.
func (p *portal) asksAnonymously(r *request, pattern string) bool {
	return strings.HasPrefix(pattern, "POST /check") && r.actor.Kind != poa.ActorRecipient
}
