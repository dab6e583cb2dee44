// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"ininjo/poa"
	"ininjo/poa/poatest"
)

// TestAccessInABrowser adds an authenticator app and a passkey in Chromium, signs in
// by each, ends sessions, invites a member and lets it come in; without script all
// but the passkey.
func TestAccessInABrowser(t *testing.T) {
	t.Parallel()
	for script, name := range map[string]string{"1": "with script", "0": "without script"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := openOffice(t)
			o.bank("recipient", bank, bankNumber, false)
			local := strings.Replace(o.base, "127.0.0.1", "localhost", 1) // passkeys want a name
			b := &browser{office: o, base: map[string]string{"BASE_URL": local, "JS": script}}
			invited := "shinjin" + domainOf
			b.run("access", mailOf("recipient"), map[string]string{"WHAT": "factors", "INVITE": invited})
			mail, err := b.mailbox.next(t.Context(), invited, func(r received) bool { return strings.Contains(r.text, "/join/") })
			b.must(err)
			_, rest, _ := strings.Cut(mail.text, "/join/")
			token, _, _ := strings.Cut(rest, "\n")
			b.logins[invited] = login{Email: invited, Password: newPassword()}
			b.run("access", invited, map[string]string{"WHAT": "join", "LINK": "/join/" + strings.TrimSpace(token)})
			if strings.Contains(o.log.String(), `"level":"ERROR"`) {
				t.Errorf("the log says %s", o.log.tail())
			}
		})
	}
}

// TestCodesHoldOnceOutsideTheDemo signs staff in by two steps, with the code of an
// authenticator app that holds once, and out of every other browser.
func TestCodesHoldOnceOutsideTheDemo(t *testing.T) {
	t.Parallel()
	o := emptyOffice(t)
	o.start(func(c *Config) { c.demo, c.Roots = false, "" })
	email, password := "owner"+domainOf, newPassword()
	account, err := o.service.chapters.enrollment.AppointStaff(t.Context(), poa.System, poa.StaffInput{Name: "責任 一郎", Email: email, Roles: []poa.Role{poa.RoleServiceOwner}, Fitness: poatest.Fitness(), Password: password})
	o.must(err)
	shows := func(ahead time.Duration) string {
		code, err := totp.GenerateCode(account.TOTPSecret, o.clock.Now().Add(ahead))
		o.must(err)
		return code
	}
	half := func(c *client) answer {
		return submit(t, c, "/sign-in", url.Values{"email": {email}, "password": {password}})
	}
	first, second := o.way("first"), o.way("second")
	if got := half(first); got.at.Path != "/sign-in/second" || strings.Contains(string(got.body), "/sign-out") {
		t.Fatalf("the password alone led to %s", got.at.Path)
	}
	if got := get(t, first, "/account", nil); got.at.Path != "/sign-in" {
		t.Errorf("between the steps /account led to %s", got.at.Path)
	}
	code := shows(0)
	if got := submit(t, first, "/sign-in/second", url.Values{"code": {code}, "next": {"/account/sessions"}}); got.at.Path != "/account/sessions" {
		t.Fatalf("the code led to %s: %d", got.at.Path, got.status)
	}
	half(second)
	if got := submit(t, second, "/sign-in/second", url.Values{"code": {code}}); got.status != http.StatusUnprocessableEntity {
		t.Errorf("the same code again was answered %d", got.status)
	}
	if got := submit(t, second, "/sign-in/second", url.Values{"code": {shows(30 * time.Second)}}); got.at.Path != "/staff" {
		t.Errorf("the next code led to %s: %d", got.at.Path, got.status)
	}
	submit(t, first, "/account/end-other-sessions", nil)
	if got := get(t, second, "/account", nil); got.at.Path != "/sign-in" {
		t.Errorf("the other browser is still at %s", got.at.Path)
	}
	if got := get(t, first, "/account", nil); got.status != http.StatusOK {
		t.Errorf("the own browser is answered %d", got.status)
	}
}
