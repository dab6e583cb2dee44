// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"fmt"

	"ininjo/poa"
)

func (p *portal) showSignIn(r *request) error {
	if r.actor.Kind != poa.ActorAnonymous {
		return r.redirect(homeOf(r.actor))
	}
	return p.render(r, "sign-in", nil, newForm("sign-in", "next", r.URL.Query().Get("next")))
}

// signIn checks who it is and binds the session under a new token.
func (p *portal) signIn(r *request) error {
	actor, err := p.Enrollment.SignIn(r.Context(), poa.SignInInput{Email: r.text("email"), Password: r.PostForm.Get("password"), Code: r.text("code")})
	if faults, ok := faultsOf(err); ok {
		return p.render(r, "sign-in", nil, r.refused("sign-in", faults))
	}
	if err != nil {
		return err
	}
	if err := p.Session.SignIn(r.Context(), actor); err != nil {
		return fmt.Errorf("beginning session: %w", err)
	}
	if next, ok := localPath(r.text("next")); ok {
		return r.redirect(next)
	}
	return r.redirect(homeOf(actor))
}

// signOut ends the session; done again it is no fault.
func (p *portal) signOut(r *request) error {
	if r.actor.Kind != poa.ActorAnonymous {
		if err := p.Enrollment.SignOut(r.Context(), r.actor); err != nil {
			return err
		}
	}
	if err := p.Session.SignOut(r.Context()); err != nil {
		return fmt.Errorf("ending session: %w", err)
	}
	return r.redirect("/sign-in?done=signed-out")
}
