// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"ininjo/graph/schema"
	"ininjo/poa"
)

func newParty(p poa.Party) schema.Party {
	who := p.Profile.Representative
	return schema.Party{ID: p.ID, Kind: p.Kind, State: p.State, Number: p.Number, CorporateNumber: optional(p.Profile.CorporateNumber),
		Name: p.Profile.Name, Address: p.Profile.Address, Email: p.Profile.Email, Language: p.Language, TermsID: p.TermsID,
		Representative: &schema.Representative{Title: who.Title, Name: who.Name, Address: who.Address, Telephone: optional(who.Telephone), BirthDate: optional(who.BirthDate)},
		AppliedAt:      p.AppliedAt, DecidedAt: p.DecidedAt}
}

// newDelegator is nil for no delegator.
func newDelegator(d poa.Delegator) *schema.Delegator {
	if d.ID == "" {
		return nil
	}
	return &schema.Delegator{Party: newParty(d.Party), Confirmation: newConfirmation(d.Confirmation)}
}

// newRecipient is nil for no recipient.
func newRecipient(r poa.Recipient) *schema.Recipient {
	if r.ID == "" {
		return nil
	}
	return &schema.Recipient{Party: newParty(r.Party), Filer: r.Profile.Filer, NameShown: r.NameShown}
}

func newConfirmation(c *poa.Confirmation) *schema.Confirmation {
	if c == nil {
		return nil
	}
	says := schema.RegisterEntry{CorporateNumber: optional(c.Says.CorporateNumber), Name: c.Says.Name, Address: c.Says.Address,
		RepresentativeTitle: optional(c.Says.RepresentativeTitle), RepresentativeName: c.Says.RepresentativeName,
		RepresentativeAddress: c.Says.RepresentativeAddress, BirthDate: optional(c.Says.BirthDate)}
	return &schema.Confirmation{Document: c.Document, DocumentDate: c.DocumentDate, Says: says, ConfirmedAt: c.ConfirmedAt}
}
