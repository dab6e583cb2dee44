// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"net/url"
	"regexp"
	"strings"

	"ininjo/poa"
	"ininjo/poa/poatest"
)

var (
	otherSession   = regexp.MustCompile(`action="(/account/sessions/ses_[0-9a-z]+/end)"><button class="danger quiet small" type="submit">サインアウトさせる`)
	memberAt       = regexp.MustCompile(`(/account/members/acc_[0-9a-z]+)/remove" aria-label="[^"]*読者`)
	invitationAt   = regexp.MustCompile(`/account/invitations/inv_[0-9a-z]+`)
	passkeyAt      = regexp.MustCompile(`/account/passkeys/pky_[0-9a-z]+/remove`)
	factorsOfOther = regexp.MustCompile(`/staff/second-factors/stf_[0-9a-z]+`)
)

// acceptedPasskey is what the tests' checker takes for a browser's answer.
const acceptedPasskey = "the tests' own"

// checker stands where server's WebAuthn stands: it takes one answer.
type checker struct{}

func (checker) BeginRegistration(poa.Account, []poa.Passkey) (options, state []byte, err error) {
	return []byte(`{"publicKey":{}}`), []byte("state"), nil
}

func (checker) FinishRegistration(a poa.Account, _ []byte, response string) (poa.Passkey, error) {
	if response != acceptedPasskey {
		return poa.Passkey{}, poa.ErrPasskeyRefused
	}
	return poa.Passkey{CredentialID: []byte(a.ID), Record: []byte("{}")}, nil
}

func (checker) BeginAssertion(poa.Account, []poa.Passkey) (options, state []byte, err error) {
	return []byte(`{"publicKey":{}}`), []byte("state"), nil
}

func (checker) FinishAssertion(poa.Account, []poa.Passkey, []byte, string) (poa.Passkey, error) {
	return poa.Passkey{}, poa.ErrPasskeyRefused
}

// What there is to see of sign-in, factors, sessions and members.
var _ = onTour(func(w *tour) {
	halfway := w.visitor()
	w.people["halfway"] = halfway
	halfway.submit(halfway.open("/sign-in", 200), "/sign-in", url.Values{"email": {"auditor@ininjo.example"}, "password": {password}}, 200)

	recipient := w.people["recipient"]
	w.join(recipient, "to-be-removed@example.jp", "読者 一郎", "READER")
	w.people["reader"], w.people["developer"] = w.join(recipient, "reader@example.jp", "閲覧 二郎", "READER"), w.join(recipient, "developer@example.jp", "開発 三郎", "DEVELOPER")
	w.people["delegator's reader"] = w.join(w.people["delegator"], "delegators-reader@example.jp", "閲覧 四郎", "READER")
	w.at["invitation link"] = w.invite(recipient, "asked@example.jp", "READER")
	members := recipient.open("/account/members", 200)
	w.at["member"], w.at["invitation"] = memberAt.FindStringSubmatch(members.body)[1], invitationAt.FindString(members.body)

	recipient.submit(recipient.open("/account/passkeys", 200), "/account/passkeys", url.Values{"name": {"会社のパソコン"}, "response": {acceptedPasskey}}, 200)
	w.at["passkey"] = passkeyAt.FindString(recipient.open("/account", 200).body)
	recipient.submit(recipient.open("/account/totp", 200), "/account/totp", nil, 200)
	w.at["session"] = w.sessionElsewhere(recipient)
	w.at["second factors"] = w.staffToReset()
})

// invite asks somebody to be a member, and returns the link of the mail.
func (w *world) invite(administrator *visitor, email, member string) string {
	w.tb.Helper()
	administrator.submit(administrator.open("/account/members", 200), "/account/members", url.Values{"email": {email}, "member": {member}}, 200)
	return w.link(email, poa.MailInvitation)
}

// join is somebody who was invited, signed in.
func (w *world) join(administrator *visitor, email, name, member string) *visitor {
	w.tb.Helper()
	v, link := w.visitor(), w.invite(administrator, email, member)
	v.submit(v.open(link, 200), link, url.Values{"name": {name}, "password": {password}, "repeat": {password}}, 200)
	v.signIn(email)
	return v
}

// sessionElsewhere ends with a session of the account in another browser.
func (w *tour) sessionElsewhere(v *visitor) string {
	actor, err := w.data.DB.AccountByEmail(w.tb.Context(), recipientEmail)
	must(w.tb, err)
	began := poa.Actor{Kind: actor.Kind, ID: actor.ID, PartyID: actor.PartyID, SessionID: poa.NewID(poa.PrefixSession)}
	access := poa.NewAccess(w.data.Clock, w.data.DB, poa.DefaultPolicy("https://ininjo.example"), hasher{})
	must(w.tb, access.BeginSession(w.tb.Context(), began, poa.Session{Hash: [32]byte{1}, Agent: "Mozilla/5.0 (iPhone) Safari/1", ExpiresAt: w.data.Clock.Now().AddDate(1, 0, 0)}))
	return otherSession.FindStringSubmatch(v.open("/account/sessions", 200).body)[1]
}

// staffToReset appoints somebody whom nobody else needs.
func (w *tour) staffToReset() string {
	owner, err := w.data.DB.AccountByEmail(w.tb.Context(), "service_owner@ininjo.example")
	must(w.tb, err)
	_, err = w.enrollment.AppointStaff(w.tb.Context(), poa.Actor{Kind: poa.ActorStaff, ID: owner.ID, Roles: owner.Roles},
		poa.StaffInput{Name: "受付 失くした", Email: "lost@ininjo.example", Roles: []poa.Role{poa.RoleReception}, Fitness: poatest.Fitness(), Password: password})
	must(w.tb, err)
	v := w.people["service_owner"]
	for _, path := range factorsOfOther.FindAllString(v.open("/staff/second-factors", 200).body, -1) {
		if strings.Contains(v.open(path, 200).body, "lost@ininjo.example") {
			return path
		}
	}
	return ""
}

var _ = examples(func(w *tour) []example {
	return []example{
		page("GET /sign-in/second", "halfway", "/sign-in/second"),
		refused("POST /sign-in/second", "halfway", "/sign-in/second", "/sign-in/second"),
		unrefused("POST /sign-in/passkey-options", "halfway", "/sign-in/passkey-options", "a script asks"),
		page("GET /forgot-password", "anonymous", "/forgot-password"),
		refused("POST /forgot-password", "anonymous", "/forgot-password", "/forgot-password"),
		page("GET /join/{token}", "anonymous", w.at["invitation link"]),
		refused("POST /join/{token}", "anonymous", w.at["invitation link"], w.at["invitation link"]),
		elsewhere("GET /account/enrol", "recipient", "/account/enrol"),
		pictured(page("GET /account", "recipient", "/account"), "account", "en dark 390"),
		page("GET /account", "service_owner", "/account"),
		page("GET /account/password", "recipient", "/account/password"),
		refused("POST /account/password", "recipient", "/account/password", "/account/password"),
		page("GET /account/totp", "recipient", "/account/totp"),
		unrefused("POST /account/totp", "recipient", "/account/totp", "nothing is typed"),
		page("GET /account/totp/confirm", "recipient", "/account/totp/confirm"),
		refused("POST /account/totp/confirm", "recipient", "/account/totp", "/account/totp/confirm"),
		page("GET /account/totp/remove", "reception", "/account/totp/remove"),
		refused("POST /account/totp/remove", "reception", "/account/totp/remove", "/account/totp/remove"),
		page("GET /account/passkeys", "recipient", "/account/passkeys"),
		unrefused("POST /account/passkeys", "recipient", "/account/passkeys", "a script asks the browser first"),
		unrefused("POST /account/passkey-options", "recipient", "/account/passkey-options", "a script asks"),
		page("GET /account/passkeys/{id}/remove", "recipient", w.at["passkey"]),
		refused("POST /account/passkeys/{id}/remove", "recipient", w.at["passkey"], w.at["passkey"]),
		page("GET /account/recovery-codes", "recipient", "/account/recovery-codes"),
		refused("POST /account/recovery-codes", "recipient", "/account/recovery-codes", "/account/recovery-codes"),
		unrefused("POST /account/recovery-codes/text", "recipient", "/account/recovery-codes/text", "nothing is typed"),
		page("GET /account/sessions", "recipient", "/account/sessions"),
		unrefused("POST /account/sessions/{id}/end", "recipient", w.at["session"], "nothing is typed"),
		unrefused("POST /account/end-other-sessions", "recipient", "/account/end-other-sessions", "nothing is typed"),
		pictured(page("GET /account/members", "recipient", "/account/members"), "members"),
		page("GET /account/members", "delegator", "/account/members"),
		refused("POST /account/members", "recipient", "/account/members", "/account/members"),
		unrefused("POST /account/members-second-factor", "recipient", "/account/members-second-factor", "nothing is typed"),
		page("GET /account/members/{id}", "recipient", w.at["member"]),
		unrefused("POST /account/members/{id}", "recipient", w.at["member"], "a role is always chosen"),
		page("GET /account/members/{id}/remove", "recipient", w.at["member"]+"/remove"),
		unrefused("POST /account/members/{id}/remove", "recipient", w.at["member"]+"/remove", "nothing is typed"),
		unrefused("POST /account/invitations/{id}/resend", "recipient", w.at["invitation"]+"/resend", "nothing is typed"),
		unrefused("POST /account/invitations/{id}/withdraw", "recipient", w.at["invitation"]+"/withdraw", "nothing is typed"),
		page("GET /staff/second-factors", "service_owner", "/staff/second-factors"),
		page("GET /staff/second-factors/{id}", "service_owner", w.at["second factors"]),
		unrefused("POST /staff/second-factors/{id}", "service_owner", w.at["second factors"], "nothing is typed"),
	}
})

var _ = mayReach(map[string]reach{
	"GET /sign-in/second":                     everyone(),
	"POST /sign-in/second":                    everyone(),
	"POST /sign-in/passkey-options":           everyone(),
	"GET /forgot-password":                    everyone(),
	"POST /forgot-password":                   everyone(),
	"GET /join/{token}":                       everyone(), // who holds the link is who it was sent to
	"POST /join/{token}":                      everyone(),
	"GET /account/enrol":                      only(signedIn...),
	"GET /account":                            only(signedIn...),
	"GET /account/password":                   only(signedIn...),
	"POST /account/password":                  only(signedIn...),
	"GET /account/totp":                       only(signedIn...),
	"POST /account/totp":                      only(signedIn...),
	"GET /account/totp/confirm":               only(signedIn...),
	"POST /account/totp/confirm":              only(signedIn...),
	"GET /account/totp/remove":                {in: staff, hidden: parties}, // they have none
	"POST /account/totp/remove":               {in: staff, hidden: parties},
	"GET /account/passkeys":                   only(signedIn...),
	"POST /account/passkeys":                  only(signedIn...),
	"POST /account/passkey-options":           only(signedIn...),
	"GET /account/passkeys/{id}/remove":       own("recipient", signedIn...),
	"POST /account/passkeys/{id}/remove":      own("recipient", signedIn...),
	"GET /account/recovery-codes":             only(signedIn...),
	"POST /account/recovery-codes":            only(signedIn...),
	"POST /account/recovery-codes/text":       only(signedIn...),
	"GET /account/sessions":                   only(signedIn...),
	"POST /account/sessions/{id}/end":         own("recipient", signedIn...),
	"POST /account/end-other-sessions":        only(signedIn...),
	"GET /account/members":                    only(parties...),
	"POST /account/members":                   only(parties...),
	"POST /account/members-second-factor":     only(parties...),
	"GET /account/members/{id}":               own("recipient", parties...),
	"POST /account/members/{id}":              own("recipient", parties...),
	"GET /account/members/{id}/remove":        own("recipient", parties...),
	"POST /account/members/{id}/remove":       own("recipient", parties...),
	"POST /account/invitations/{id}/resend":   own("recipient", parties...),
	"POST /account/invitations/{id}/withdraw": own("recipient", parties...),
	"GET /staff/second-factors":               only("service_owner"),
	"GET /staff/second-factors/{id}":          only("service_owner"),
	"POST /staff/second-factors/{id}":         only("service_owner"),
})
