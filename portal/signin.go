// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"ininjo/poa"
)

// deviceCookie keeps the secret of a browser that somebody signed in in before.
const deviceCookie = "ininjo_device"

// Names of what a session keeps between the steps of signing in.
const (
	keptHalf  = "half"
	keptState = "passkey"
)

func (p *portal) showSignIn(r *request) error {
	if r.actor.Kind != poa.ActorAnonymous {
		return r.redirect(homeOf(r.actor))
	}
	if r.actor.Enrolling != "" {
		return r.redirect(enrolPath)
	}
	return p.render(r, "sign-in", nil, newForm("sign-in", "next", r.URL.Query().Get("next")))
}

// browser is what the request's browser is known by.
func (r *request) browser() poa.Browser {
	b := poa.Browser{Agent: r.UserAgent()}
	if b.Agent == "" {
		b.Agent = "?"
	}
	if kept, err := r.Cookie(deviceCookie); err == nil && len(kept.Value) <= 200 {
		b.Device = kept.Value
	}
	return b
}

// signIn checks who it is. Where a second step is wanted it leads there.
func (p *portal) signIn(r *request) error {
	done, err := p.Access.SignIn(r.Context(), poa.SignInInput{Email: r.text("email"), Password: r.PostForm.Get("password"), Code: r.text("code"), Browser: r.browser()})
	if faults, ok := faultsOf(err); ok {
		return p.render(r, "sign-in", nil, r.refused("sign-in", faults))
	}
	if err != nil {
		return err
	}
	if done.Half.AccountID == "" {
		return p.welcome(r, done)
	}
	if err := p.keepHalf(r, done.Half); err != nil {
		return err
	}
	return r.redirect("/sign-in/second?" + url.Values{"next": {r.text("next")}}.Encode())
}

// welcome begins the session of whoever came in.
func (p *portal) welcome(r *request, done poa.SignedIn) error {
	p.Session.Keep(r.Context(), keptHalf, "")
	if err := p.Session.SignIn(r.Context(), done.Actor, r.browser().Agent); err != nil {
		return fmt.Errorf("beginning session: %w", err)
	}
	p.knowBrowser(r, done.Device)
	if done.Actor.Enrolling != "" {
		return r.redirect(enrolPath)
	}
	if next, ok := localPath(r.text("next")); ok {
		return r.redirect(next)
	}
	return r.redirect(homeOf(done.Actor))
}

// knowBrowser gives the browser the secret by which it is known again.
func (p *portal) knowBrowser(r *request, device string) {
	if device == "" {
		return
	}
	http.SetCookie(r.w, &http.Cookie{Name: deviceCookie, Value: device, Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()),
		HttpOnly: true, Secure: strings.HasPrefix(p.Policy.PublicURL, "https://"), SameSite: http.SameSiteLaxMode})
}

func (p *portal) keepHalf(r *request, half poa.HalfSignIn) error {
	text, err := json.Marshal(half)
	if err != nil {
		return fmt.Errorf("keeping sign-in: %w", err)
	}
	if err := p.Session.Renew(r.Context()); err != nil {
		return err
	}
	p.Session.Keep(r.Context(), keptHalf, string(text))
	return nil
}

// half is the sign-in that waits for its second step; the zero one if none does.
func (p *portal) half(r *request) poa.HalfSignIn {
	var half poa.HalfSignIn
	if json.Unmarshal([]byte(p.Session.Kept(r.Context(), keptHalf)), &half) != nil {
		return poa.HalfSignIn{}
	}
	return half
}

// secondView is the page of the second step.
type secondView struct {
	Factors  poa.Factors
	Passkeys bool
}

func (p *portal) showSecondStep(r *request) error {
	return p.second(r, newForm("second", "next", r.URL.Query().Get("next")))
}

func (p *portal) second(r *request, f *Form) error {
	factors, err := p.Access.Halfway(r.Context(), p.half(r))
	if _, over := faultsOf(err); over {
		p.Session.Keep(r.Context(), keptHalf, "")
		return r.redirect("/sign-in?done=sign-in-over")
	}
	if err != nil {
		return err
	}
	return p.render(r, "access-second", secondView{factors, p.Access.TakesPasskeys() && len(factors.Passkeys) > 0}, f)
}

// secondStep takes a code, or what a passkey answered.
func (p *portal) secondStep(r *request) error {
	in := poa.SecondStepInput{Code: r.text("code"), Response: r.PostForm.Get("response"), State: p.takeState(r), Browser: r.browser()}
	done, err := p.Access.SecondStep(r.Context(), p.half(r), in)
	if faults, ok := faultsOf(err); ok {
		r.PostForm.Del("response")
		r.PostForm.Del("code")
		return p.second(r, r.refused("second", ofPasskey(faults)))
	}
	if err != nil {
		return err
	}
	return p.welcome(r, done)
}

// takeState takes what the options of a passkey left behind: they are answered once.
func (p *portal) takeState(r *request) []byte {
	state := p.Session.Kept(r.Context(), keptState)
	if state != "" {
		p.Session.Keep(r.Context(), keptState, "")
	}
	return []byte(state)
}

// secondStepOptions answers a script that asks for a passkey.
func (p *portal) secondStepOptions(r *request) error {
	options, state, err := p.Access.BeginSecondStep(r.Context(), p.half(r))
	return p.options(r, options, state, err)
}

// options answers with the options of WebAuthn, as JSON.
func (p *portal) options(r *request, options, state []byte, err error) error {
	if err != nil {
		return err
	}
	p.Session.Keep(r.Context(), keptState, string(state))
	r.w.Header().Set("Content-Type", "application/json")
	r.w.Header().Set("Cache-Control", "no-store")
	_, _ = r.w.Write(options) // the caller may have gone away
	return nil
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
