// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"strings"

	"ininjo/poa"
)

// securityView is the overview of an account's security.
type securityView struct {
	poa.SecurityOf
	TakesPasskeys bool
}

func (p *portal) security(r *request) (securityView, error) {
	of, err := p.Access.Security(r.Context(), r.actor)
	return securityView{of, p.Access.TakesPasskeys()}, err
}

func (p *portal) showSecurity(r *request) error { return p.securityPage(r, "access-account") }

// showEnrol is where somebody is led who must add a second factor first.
func (p *portal) showEnrol(r *request) error {
	if r.actor.Enrolling == "" && r.actor.Kind != poa.ActorAnonymous {
		return r.redirect("/account")
	}
	return p.securityPage(r, "access-enrol")
}

func (p *portal) securityPage(r *request, view string) error {
	data, err := p.security(r)
	if err != nil {
		return err
	}
	return p.render(r, view, data)
}

// totpView is the page of an authenticator app: the key that waits for its first
// code, if any.
type totpView struct {
	Key poa.TOTPKey
	// InUse says that there is one already, which the new one takes the place of.
	InUse bool
	// AsksPassword says that a second factor is set up already.
	AsksPassword bool
}

func (p *portal) showTOTP(r *request) error { return p.totp(r) }

func (p *portal) totp(r *request, forms ...*Form) error {
	key, err := p.Access.PendingTOTP(r.Context(), r.actor)
	if err != nil {
		return err
	}
	data, err := p.security(r)
	if err != nil {
		return err
	}
	r.w.Header().Set("Cache-Control", "no-store")
	return p.render(r, "access-totp", totpView{key, data.Factors.TOTP, data.Factors.Any()}, forms...)
}

func (p *portal) beginTOTP(r *request) error {
	if err := p.Access.BeginTOTP(r.Context(), r.actor); err != nil {
		return err
	}
	return r.redirect("/account/totp")
}

// confirmTOTP takes the app into use. Recovery codes that were made are shown in
// this one answer.
func (p *portal) confirmTOTP(r *request) error {
	codes, err := p.Access.ConfirmTOTP(r.Context(), r.actor, r.text("code"), r.PostForm.Get("password"))
	if faults, ok := faultsOf(err); ok {
		return p.totp(r, r.refused("totp", faults))
	}
	return p.factorAdded(r, codes, "totp-added", err)
}

func (p *portal) factorAdded(r *request, codes []string, done string, err error) error {
	if err != nil {
		return err
	}
	if len(codes) == 0 {
		return r.redirect("/account?done=" + done)
	}
	if actor, ok := p.Session.Actor(r.Context()); ok {
		r.actor = actor // who had to add a factor is in now
	}
	return p.render(r, "access-codes", codesView{Codes: codes, First: true})
}

// removeView asks for the password before something is taken away.
type removeView struct {
	Path, What, Name string
}

func (p *portal) showRemoveTOTP(r *request) error { return p.removeTOTPPage(r) }

func (p *portal) removeTOTPPage(r *request, forms ...*Form) error {
	data, err := p.security(r)
	if err != nil {
		return err
	}
	if !data.Factors.TOTP {
		return poa.ErrNotFound
	}
	return p.render(r, "access-remove", removeView{"/account/totp/remove", "totp", ""}, forms...)
}

func (p *portal) removeTOTP(r *request) error {
	err := p.Access.RemoveTOTP(r.Context(), r.actor, r.PostForm.Get("password"))
	if faults, ok := faultsOf(err); ok {
		return p.removeTOTPPage(r, r.refused("remove", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/account?done=totp-removed")
}

func (p *portal) showPasskeys(r *request) error { return p.passkeys(r) }

func (p *portal) passkeys(r *request, forms ...*Form) error {
	data, err := p.security(r)
	if err != nil {
		return err
	}
	if !data.TakesPasskeys {
		return poa.ErrNotFound
	}
	return p.render(r, "access-passkeys", data, forms...)
}

// passkeyOptions answers a script that makes a passkey.
func (p *portal) passkeyOptions(r *request) error {
	options, state, err := p.Access.BeginPasskey(r.Context(), r.actor)
	return p.options(r, options, state, err)
}

func (p *portal) addPasskey(r *request) error {
	codes, err := p.Access.AddPasskey(r.Context(), r.actor, poa.PasskeyInput{Name: r.text("name"), Response: r.PostForm.Get("response"), State: p.takeState(r), Password: r.PostForm.Get("password")})
	if faults, ok := faultsOf(err); ok {
		r.PostForm.Del("response")
		return p.passkeys(r, r.refused("passkey", ofPasskey(faults)))
	}
	return p.factorAdded(r, codes, "passkey-added", err)
}

// ofPasskey turns faults of what the browser answered into one of the whole form:
// nobody types it.
func ofPasskey(faults poa.Faults) poa.Faults {
	var shown poa.Faults
	for _, f := range faults {
		if field, _ := place(f); field == "response" {
			f = poa.Fault{Code: poa.CodePasskeyRefused}
		}
		shown = append(shown, f)
	}
	return shown
}

func (p *portal) showRemovePasskey(r *request) error { return p.removePasskeyPage(r) }

func (p *portal) removePasskeyPage(r *request, forms ...*Form) error {
	data, err := p.security(r)
	if err != nil {
		return err
	}
	for _, key := range data.Factors.Passkeys {
		if key.ID == r.PathValue("id") {
			return p.render(r, "access-remove", removeView{"/account/passkeys/" + key.ID + "/remove", "passkey", key.Name}, forms...)
		}
	}
	return poa.ErrNotFound
}

func (p *portal) removePasskey(r *request) error {
	err := p.Access.RemovePasskey(r.Context(), r.actor, r.PathValue("id"), r.PostForm.Get("password"))
	if faults, ok := faultsOf(err); ok {
		return p.removePasskeyPage(r, r.refused("remove", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/account?done=passkey-removed")
}

// codesView shows recovery codes, once, or asks for the password to make new ones.
type codesView struct {
	Codes []string
	Left  int
	// First says that they came with the first second factor.
	First bool
}

// Text is the codes as a file holds them.
func (v codesView) Text() string { return strings.Join(v.Codes, "\n") }

func (p *portal) showRecoveryCodes(r *request) error { return p.recoveryCodes(r) }

func (p *portal) recoveryCodes(r *request, forms ...*Form) error {
	data, err := p.security(r)
	if err != nil {
		return err
	}
	return p.render(r, "access-codes", codesView{Left: data.Factors.RecoveryLeft}, forms...)
}

func (p *portal) makeRecoveryCodes(r *request) error {
	codes, err := p.Access.MakeRecoveryCodes(r.Context(), r.actor, r.PostForm.Get("password"))
	if faults, ok := faultsOf(err); ok {
		return p.recoveryCodes(r, r.refused("codes", faults))
	}
	if err != nil {
		return err
	}
	return p.render(r, "access-codes", codesView{Codes: codes})
}

// downloadRecoveryCodes gives the codes that the page just showed back as a file;
// nothing is kept of them here.
func (p *portal) downloadRecoveryCodes(r *request) error {
	var text strings.Builder
	text.WriteString(p.Policy.ServiceName + "\r\n" + p.Policy.PublicURL + "\r\n\r\n")
	for _, code := range r.lines("codes") {
		if !poa.IsRecoveryCode(code) {
			return &poa.Error{Code: poa.CodeBadUserInput}
		}
		text.WriteString(code + "\r\n")
	}
	return r.attachment("ininjo-recovery-codes.txt", "text/plain; charset=utf-8", []byte(text.String()))
}
