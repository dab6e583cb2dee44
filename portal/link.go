// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"net/http"

	"ininjo/poa"
)

// linkView is the page of a delegate who came by a one-time link.
type linkView struct {
	// Base is the link's path; it stays within the page.
	Base       string
	Delegation poa.Delegation
	Standing   poa.Standing
	Challenge  poa.Challenge
	Content    string
	// Certificate is what was last found of the status of his certificate; nil where
	// nothing was.
	Certificate *poa.Check
	Waits       []poa.StatusWait
}

// linkActor finds who came by the link. Another session than the link's is no
// matter here.
func (p *portal) linkActor(r *request, purposes ...poa.LinkPurpose) (poa.Actor, bool) {
	actor, err := p.LinkActor(r.Context(), r.PathValue("token"))
	if err != nil {
		return poa.Actor{}, false
	}
	actor.Language = r.lang
	for _, purpose := range purposes {
		if actor.Purpose == purpose {
			return actor, true
		}
	}
	return poa.Actor{}, false
}

func (p *portal) linkOver(r *request) error {
	return p.write(r, http.StatusNotFound, "link-over", nil, nil)
}

// showLink shows what the link is for.
func (p *portal) showLink(r *request) error {
	actor, ok := p.linkActor(r, poa.LinkPassword, poa.LinkConfirm, poa.LinkAnswer, poa.LinkRenounce)
	switch {
	case !ok:
		return p.linkOver(r)
	case actor.Purpose == poa.LinkConfirm:
		return p.render(r, "address-confirm", linkView{Base: r.base()})
	case actor.Purpose == poa.LinkPassword:
		return p.render(r, "password", linkView{Base: r.base()})
	}
	view, err := p.linkView(r, actor)
	if err != nil {
		return err
	}
	return p.render(r, "delegate", view)
}

func (r *request) base() string { return "/l/" + r.PathValue("token") }

func (p *portal) linkView(r *request, actor poa.Actor) (linkView, error) {
	d, err := p.Records.Delegation(r.Context(), actor, string(actor.DelegationID))
	if err != nil {
		return linkView{}, err
	}
	standing, err := p.Records.StandingOf(r.Context(), d)
	if err != nil {
		return linkView{}, err
	}
	view := linkView{Base: r.base(), Delegation: d, Standing: standing}
	check, found, err := p.Records.CertificateCheck(r.Context(), actor, d)
	if err != nil || !found {
		return view, err
	}
	view.Certificate, view.Waits = &check, p.Registrar.StatusWaits(d, []poa.Check{check})
	return view, nil
}

// setPassword sets the password of the account that the link was sent to.
func (p *portal) setPassword(r *request) error {
	err := error(nil)
	if r.PostForm.Get("password") != r.PostForm.Get("repeat") {
		err = poa.Faults{{Code: poa.CodeInvalid, Field: []string{"repeat"}}}
	} else {
		var device string
		device, err = p.Access.SetPassword(r.Context(), r.actor, poa.SetPasswordInput{Token: r.PathValue("token"), Password: r.PostForm.Get("password")}, r.browser())
		p.knowBrowser(r, device)
	}
	faults, ok := faultsOf(err)
	switch {
	case ok && faults[0].Code == poa.CodeLinkOver:
		return p.linkOver(r)
	case ok:
		return p.render(r, "password", linkView{Base: r.base()}, r.refused("password", faults))
	case err != nil:
		return err
	}
	return r.redirect("/sign-in?done=password")
}

// answers are what a delegate may have said, each with a page of thanks.
var answers = map[string]bool{"declined": true, "renounced": true}

func (p *portal) showAnswered(r *request) error {
	if !answers[r.PathValue("what")] {
		return poa.ErrNotFound
	}
	return p.render(r, "answered", r.PathValue("what"))
}
