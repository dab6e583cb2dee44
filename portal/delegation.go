// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"ininjo/poa"
	"ininjo/poa/cms"
)

type delegationView struct {
	poa.Delegation
	Details poa.Details
	Steps   []step
	// MayReplace and MayRevoke spare the page acts that would be refused.
	MayReplace, MayRevoke bool
	Draft                 string
	// Waits are the certificates that their source is asked about again.
	Waits []poa.StatusWait
	// OddNumber is the body whose registration numbers are believed to have
	// another form than the delegate's; nil where it fits.
	OddNumber *poa.ProfessionalBody
	// Ends tell how far its ends are known.
	Ends []poa.EndSeen
}

// step is one step of a filing's progress.
type step struct {
	Key string
	// State is "done", "current", "todo" or "failed".
	State string
}

func (p *portal) showDelegation(r *request) error {
	return p.delegation(r, newForm("submit"))
}

func (p *portal) backToDelegation(r *request) error {
	return r.redirect("/delegations/" + r.PathValue("id"))
}

func (p *portal) delegation(r *request, forms ...*Form) error {
	view, err := p.delegationView(r)
	if err != nil {
		return err
	}
	return p.render(r, "delegation", view, forms...)
}

func (p *portal) delegationView(r *request) (delegationView, error) {
	d, err := p.Records.Delegation(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return delegationView{}, err
	}
	details, err := p.Records.Details(r.Context(), r.actor, d)
	if err != nil {
		return delegationView{}, err
	}
	view := delegationView{Delegation: d, Details: details, Steps: stepsOf(d), Draft: draftName(d), Waits: p.Registrar.StatusWaits(d, details.Checks)}
	body, odd, err := p.Titles.NumberNote(r.Context(), d)
	if err != nil {
		return delegationView{}, err
	}
	if odd {
		view.OddNumber = &body
	}
	if view.Ends, err = p.endsSeen(r, d); err != nil {
		return delegationView{}, err
	}
	switch details.Standing.Status {
	case poa.StatusValid, poa.StatusNotYetValid, poa.StatusSuspended:
		view.MayRevoke = d.State == poa.StateAccepted
		view.MayReplace = view.MayRevoke && details.Replacement == ""
	case poa.StatusExpired, poa.StatusRevoked, poa.StatusRenounced, poa.StatusSuperseded, poa.StatusEnded, poa.StatusUnknown:
	}
	return view, nil
}

// stepsOf tells how far a filing has come: drafted, certificate handed in,
// signed and filed, examined, kept.
func stepsOf(d poa.Delegation) []step {
	keys := []string{"draft", "certificate", "file", "review", "keep"}
	reached := 1
	switch {
	case d.State == poa.StateAccepted:
		reached = len(keys)
	case d.Acknowledgement != nil:
		reached = 3
	case !d.DelegateCertifiedAt.IsZero():
		reached = 2
	}
	steps := make([]step, len(keys))
	for i, key := range keys {
		steps[i] = step{key, "todo"}
		switch {
		case i < reached:
			steps[i].State = "done"
		case i == reached && (d.State == poa.StateDrafted || d.State == poa.StateSubmitted):
			steps[i].State = "current"
		case i == reached:
			steps[i].State = "failed"
			return steps[:i+1] // nothing comes after the end
		}
	}
	return steps
}

func draftName(d poa.Delegation) string { return "ininjo-" + d.ID.Compact() + d.Format.Extension() }

// Signed is the name of the draft once it is signed, as ininjo sign names it.
func (v delegationView) Signed() string { return signedName(v.Delegation) }

// Kept tells whether the signed file is here to download: in mode sp it is not.
func (v delegationView) Kept() bool { return v.Acknowledgement != nil && v.Mode != poa.ModeSP }

func signedName(d poa.Delegation) string {
	if d.Format == poa.FormatPDF {
		return "ininjo-" + d.ID.Compact() + "-signed.pdf"
	}
	return draftName(d) + ".p7m"
}

// downloadDraft hands over the exact bytes that the representative signs.
func (p *portal) downloadDraft(r *request) error {
	d, file, err := p.file(r, poa.FileDraft)
	if err != nil {
		return err
	}
	return r.attachment(draftName(d), d.Format.MediaType(), file)
}

func (p *portal) downloadSigned(r *request) error {
	d, file, err := p.file(r, poa.FileSigned)
	if err != nil {
		return err
	}
	if d.Format == poa.FormatPDF {
		return r.attachment(signedName(d), d.Format.MediaType(), file)
	}
	if _, err := cms.Verify(file, nil, cms.DefaultLimits()); cms.KindOf(err) == cms.NoContent { // it stands beside the draft
		return r.attachment(draftName(d)+".p7s", "application/pkcs7-signature", file)
	}
	return r.attachment(signedName(d), "application/pkcs7-mime", file)
}

func (p *portal) file(r *request, kind poa.FileKind) (poa.Delegation, []byte, error) {
	d, err := p.Records.Delegation(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return poa.Delegation{}, nil, err
	}
	file, err := p.Records.File(r.Context(), r.actor, string(d.ID), kind)
	return d, file, err
}
