// SPDX-License-Identifier: Apache-2.0

package portal

import "ininjo/poa"

func (p *portal) showForgot(r *request) error { return p.render(r, "access-forgot", nil) }

// forgot takes the wish for a new password. The answer is the same for every address.
func (p *portal) forgot(r *request) error {
	err := p.Access.ForgotPassword(r.Context(), r.actor, poa.ForgotPasswordInput{Email: r.text("email")})
	if faults, ok := faultsOf(err); ok {
		return p.render(r, "access-forgot", nil, r.refused("forgot", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/forgot-password?done=forgot")
}

func (p *portal) showChangePassword(r *request) error { return p.render(r, "access-password", nil) }

// changePassword sets a new password by the one in use.
func (p *portal) changePassword(r *request) error {
	var faults poa.Faults
	if r.PostForm.Get("password") != r.PostForm.Get("repeat") {
		faults.Add(poa.CodeInvalid, "repeat")
	} else {
		err := p.Access.ChangePassword(r.Context(), r.actor, poa.ChangePasswordInput{Current: r.PostForm.Get("current"), Password: r.PostForm.Get("password"), Browser: r.browser()})
		var ok bool
		if faults, ok = faultsOf(err); !ok && err != nil {
			return err
		}
	}
	if len(faults) > 0 {
		return p.render(r, "access-password", nil, r.refused("change-password", faults))
	}
	return r.redirect("/account?done=password-changed")
}

// joinView is an invitation as the invited person sees it.
type joinView struct {
	Path         string
	Organisation string
	Invitation   poa.Invitation
}

func (p *portal) showJoin(r *request) error {
	view, ok, err := p.invitation(r)
	if err != nil || !ok {
		return err
	}
	return p.render(r, "access-join", view)
}

// invitation reads the link's invitation, or says that the link is over.
func (p *portal) invitation(r *request) (joinView, bool, error) {
	r.w.Header().Set("Cache-Control", "no-store")
	i, organisation, err := p.Access.InvitationOf(r.Context(), r.PathValue("token"))
	if _, over := faultsOf(err); over {
		return joinView{}, false, p.linkOver(r)
	}
	return joinView{r.URL.Path, organisation, i}, err == nil, err
}

// join makes the invited person a member.
func (p *portal) join(r *request) error {
	view, ok, err := p.invitation(r)
	if err != nil || !ok {
		return err
	}
	faults := poa.Faults(nil)
	if r.PostForm.Get("password") != r.PostForm.Get("repeat") {
		faults.Add(poa.CodeInvalid, "repeat")
	} else {
		err := p.Access.AcceptInvitation(r.Context(), r.actor, poa.AcceptInput{Token: r.PathValue("token"), Name: r.text("name"), Password: r.PostForm.Get("password")})
		if faults, ok = faultsOf(err); !ok && err != nil {
			return err
		}
	}
	switch {
	case len(faults) > 0 && faults[0].Code == poa.CodeLinkOver:
		return p.linkOver(r)
	case len(faults) > 0:
		return p.render(r, "access-join", view, r.refused("join", faults))
	}
	return r.redirect("/sign-in?done=joined")
}
