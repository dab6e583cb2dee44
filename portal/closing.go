// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"errors"

	"ininjo/poa"
)

func (p *portal) showClosing(r *request) error { return p.closing(r, newForm("closing")) }

// closing says what ends and what is kept, offers the export and asks for the
// organisation's name.
func (p *portal) closing(r *request, f *Form) error {
	if !r.actor.IsMember(poa.MemberAdministrator) {
		return poa.ErrForbidden
	}
	party, err := p.party(r)
	if err != nil {
		return err
	}
	if party.State != poa.EnrollmentActive {
		return r.redirect("/application")
	}
	return p.render(r, "closing", party, f)
}

// closeAccount ends the contract of the party itself.
func (p *portal) closeAccount(r *request) error {
	err := p.Enrollment.EndContract(r.Context(), r.actor, poa.EndContractInput{IdempotencyKey: r.key(), PartyID: r.actor.PartyID, Name: r.text("typed")})
	if faults, ok := faultsOf(err); ok {
		return p.closing(r, r.refused("closing", typedFaults(faults)))
	}
	if err != nil {
		return err
	}
	if err := p.Session.SignOut(r.Context()); err != nil {
		return err
	}
	return r.redirect("/closed")
}

// typedFaults put a fault of the name where the page asks for it.
func typedFaults(faults poa.Faults) poa.Faults {
	for i, f := range faults {
		if len(f.Field) == 1 && f.Field[0] == "name" {
			faults[i].Field = []string{"typed"}
		}
	}
	return faults
}

func (p *portal) exportAccount(r *request) error {
	write, err := p.Responder.Export(r.Context(), r.actor)
	if err != nil {
		return err
	}
	return p.export(r, "ininjo-export-"+p.stamp()+".zip", "application/zip", write)
}

func (p *portal) showClosed(r *request) error { return p.render(r, "word", "closed") }

// showErased asks a former user to confirm that the signing application was
// erased (2.1.2).
func (p *portal) showErased(r *request) error {
	ours, err := p.Enrollment.MayConfirmErasure(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	if !ours {
		return p.linkOver(r)
	}
	r.w.Header().Set("Cache-Control", "no-store")
	return p.render(r, "erased", "/erased/"+r.PathValue("token"))
}

func (p *portal) confirmErased(r *request) error {
	err := p.Enrollment.ConfirmErasure(r.Context(), r.PathValue("token"))
	if errors.Is(err, poa.ErrNotFound) {
		return p.linkOver(r)
	}
	if err != nil {
		return err
	}
	return p.render(r, "word", "erased")
}

type contractView struct {
	Party poa.Party
	// End is the end of the contract, nil while it stands.
	End *poa.ContractEnd
}

func (p *portal) showContract(r *request) error { return p.contract(r, newForm("closing")) }

// contract shows staff a contract's end, or asks for it.
func (p *portal) contract(r *request, f *Form) error {
	if !r.actor.May(poa.MayEndDelegations) {
		return poa.ErrForbidden
	}
	id := r.PathValue("id")
	var view contractView
	if poa.IsID(id, poa.PrefixRecipient) {
		found, err := p.Records.Recipient(r.Context(), r.actor, id)
		if err != nil {
			return err
		}
		view.Party = found.Party
	} else {
		found, err := p.Records.Delegator(r.Context(), r.actor, id)
		if err != nil {
			return err
		}
		view.Party = found.Party
	}
	end, err := p.Enrollment.ContractEnd(r.Context(), r.actor, id)
	if err == nil {
		view.End = &end
	} else if !errors.Is(err, poa.ErrNotFound) {
		return err
	}
	return p.render(r, "contract", view, f)
}

// endContract ends a contract by the word of staff.
func (p *portal) endContract(r *request) error {
	err := p.Enrollment.EndContract(r.Context(), r.actor, poa.EndContractInput{IdempotencyKey: r.key(), PartyID: r.PathValue("id"), Name: r.text("typed")})
	if faults, ok := faultsOf(err); ok {
		return p.contract(r, r.refused("closing", typedFaults(faults)))
	}
	if err != nil {
		return err
	}
	return r.redirect("/staff/contracts/" + r.PathValue("id") + "?done=contract-ended")
}
