// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"ininjo/poa"
	"ininjo/poa/poatest"
)

const unknownID = "00000-00000-00000-00000-00000"

// askWith asks for validity with a token and returns status and code.
func askWith(t *testing.T, c *client, token string) (string, string) {
	t.Helper()
	got := graphQL(t, c.with(token), `query($id: ID!) { validity(delegationId: $id) { status } }`, map[string]any{"id": unknownID})
	return string(got.Data["validity"]), got.code()
}

func TestTokensThatDoNotHold(t *testing.T) {
	t.Parallel()
	d := running(t)
	good := d.json.Tokens["recipient"]
	foreign, _ := poa.NewSecret("inj_test")
	live, _ := poa.NewSecret("inj_live")
	link, _ := poa.NewSecret(poa.LinkPrefix)
	for name, token := range map[string]string{
		"foreign": foreign, "of another service": live, "a link that nobody sent": link, "mistyped": good[:len(good)-1] + "x", "cut": good[:len(good)-3], "longer": good + "0",
		"upper case": strings.ToUpper(good), "nothing of the kind": "secret", "SQL": "' OR 1=1 --", "long": strings.Repeat("a", 10_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			anyone := d.as(t, "")
			if data, code := askWith(t, anyone, token); code != "UNAUTHENTICATED" {
				t.Errorf("validity answered %s, code %q", data, code)
			}
			for _, text := range []string{`{ viewer { kind } }`, `{ delegations(first: 1) { totalCount } }`, `mutation { unwatchDelegation(input: {idempotencyKey: "a", delegationId: "b"}) { errors { code } } }`} {
				if got := graphQL(t, anyone.with(token), text, nil); got.code() != "UNAUTHENTICATED" || got.Data["viewer"] != nil && string(got.Data["viewer"]) != "null" {
					t.Errorf("%s: %s", text, got.text)
				}
			}
		})
	}
	t.Run("of another scheme", func(t *testing.T) {
		t.Parallel()
		got := do(t, d.as(t, ""), http.MethodPost, "/graphql", http.Header{"Content-Type": {"application/json"}, "Authorization": {"Basic " + good}}, `{"query":"{ viewer { kind } }"}`)
		if !strings.Contains(string(got.body), "UNAUTHENTICATED") {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
	t.Run("a session opens no API", func(t *testing.T) {
		t.Parallel()
		c := d.signedIn(t, "recipient")
		if _, code := askWith(t, c, ""); code != "UNAUTHENTICATED" {
			t.Errorf("the cookie was taken for a token: %q", code)
		}
	})
}

var revokePath = regexp.MustCompile(`/tokens/(tok_[0-9a-z]+)/revoke" aria-label="[^"]* (\S+)"`)

// withdraw revokes the token of the name in the portal.
func withdraw(t *testing.T, c *client, name string) {
	t.Helper()
	for _, match := range revokePath.FindAllStringSubmatch(string(get(t, c, "/tokens", nil).body), -1) {
		if match[2] != name {
			continue
		}
		path := "/tokens/" + match[1] + "/revoke"
		if got := submit(t, c, path, url.Values{"idempotencyKey": {"withdraw-" + name}}); got.status != http.StatusOK {
			t.Fatalf("%s answered %d", path, got.status)
		}
		return
	}
	t.Fatalf("no token %s is listed", name)
}

func TestWithdrawnTokenStopsAtOnce(t *testing.T) {
	t.Parallel()
	d := running(t)
	c := d.signedIn(t, "recipient")
	name := poa.NewID("test_") // the demo is shared, and lives through -count
	token, err := c.newToken(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if data, code := askWith(t, d.as(t, ""), token); code != "" || !strings.Contains(data, "UNKNOWN") {
		t.Fatalf("before: %s, %q", data, code)
	}
	withdraw(t, c, name)
	api := d.as(t, "")
	if data, code := askWith(t, api, token); code != "UNAUTHENTICATED" {
		t.Errorf("after: %s, %q", data, code)
	}
	if got := graphQL(t, api.with(token), `{ viewer { kind } }`, nil); got.code() != "UNAUTHENTICATED" {
		t.Errorf("after: %s", got.text)
	}
}

func TestTokenOfValidityDoesNothingElse(t *testing.T) {
	t.Parallel()
	d := running(t)
	c := d.signedIn(t, "recipient")
	page := submit(t, c, "/tokens", url.Values{"idempotencyKey": {poa.NewID("frm_")}, "name": {"narrow"}, "scope": {"VALIDITY"}, "expiresInDays": {"1"}})
	token := tokenPattern.FindString(string(page.body))
	if data, code := askWith(t, c, token); code != "" {
		t.Errorf("validity: %s, %q", data, code)
	}
	for _, text := range []string{`mutation { watchDelegation(input: {idempotencyKey: "a", delegationId: "` + d.json.Delegations["valid"] + `"}) { errors { code } } }`, `{ viewer { tokens { id } } }`} {
		if got := graphQL(t, c.with(token), text, nil); got.code() != "FORBIDDEN" {
			t.Errorf("%s: %s", text, got.text)
		}
	}
}

func TestExpiredToken(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	c := o.bank("recipient", bank, bankNumber, false)
	page := submit(t, c.with(""), "/tokens", url.Values{"idempotencyKey": {"short"}, "name": {"short"}, "scope": {"ALL"}, "expiresInDays": {"1"}})
	token := tokenPattern.FindString(string(page.body))
	if data, code := askWith(t, o.anyone, token); code != "" {
		t.Fatalf("before: %s, %q", data, code)
	}
	o.clock.offset.Store(int64(24 * time.Hour))
	if data, code := askWith(t, o.anyone, token); code != "UNAUTHENTICATED" {
		t.Errorf("after a day: %s, %q", data, code)
	}
	if data, code := askWith(t, o.anyone, c.token); code != "" {
		t.Errorf("the year's token: %s, %q", data, code)
	}
}

// TestStaffTokens shows that tokens of staff are made and hold in the demo only.
func TestStaffTokens(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	ctx := context.WithValue(t.Context(), keyBearer, o.reception.token)
	for demo, want := range map[bool]poa.Code{true: "", false: poa.CodeUnauthenticated} {
		_, _, err := actors{store: o.service.db, clock: o.clock, staffTokens: demo}.actor(ctx)
		if (err == nil) != demo || err != nil && poa.CodeOf(err) != want {
			t.Errorf("demo %t: %v", demo, err)
		}
	}
	other := emptyOffice(t)
	other.start(func(c *Config) { c.demo, c.Roots = false, "" })
	email, password := "owner"+domainOf, newPassword()
	account, err := other.service.chapters.enrollment.AppointStaff(t.Context(), poa.System, poa.StaffInput{Name: "責任 一郎", Email: email, Roles: []poa.Role{poa.RoleServiceOwner}, Fitness: poatest.Fitness(), Password: password})
	other.must(err)
	other.logins[email] = login{Email: email, Password: password, TOTPSecret: account.TOTPSecret}
	c := other.way("owner")
	other.must(c.signIn(t.Context(), email, password, other.code(email)))
	got := submit(t, c, "/tokens", url.Values{"idempotencyKey": {"staff"}, "name": {"staff"}, "scope": {"ALL"}, "expiresInDays": {"30"}})
	if got.status != http.StatusForbidden || tokenPattern.Match(got.body) {
		t.Errorf("a token for staff was answered %d", got.status)
	}
}

func TestSignInWantsEverything(t *testing.T) {
	t.Parallel()
	d := running(t)
	staff, recipient := d.json.Logins["reception"], d.json.Logins["recipient"]
	for name, typed := range map[string][3]string{
		"wrong password": {recipient.Email, "wrong", ""}, "nobody's address": {"nobody@example.jp", recipient.Password, ""}, "another's password": {recipient.Email, staff.Password, ""},
		"staff with a wrong code": {staff.Email, staff.Password, "000000"}, "nothing": {"", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := d.as(t, "")
			got := submit(t, c, "/sign-in", url.Values{"email": {typed[0]}, "password": {typed[1]}, "code": {typed[2]}})
			if got.status != http.StatusUnprocessableEntity || strings.Contains(string(got.body), "/sign-out") {
				t.Errorf("answered %d", got.status)
			}
			if typed[0] != "" && !strings.Contains(string(got.body), "メールアドレス、パスワード、確認コードのいずれかが違います。") {
				t.Error("the page tells which of them was wrong, or nothing")
			}
			if at := get(t, c, "/tokens", nil).at.Path; at != "/sign-in" {
				t.Errorf("then /tokens led to %s", at)
			}
		})
	}
}

const cookieName = "ininjo_session"

// cookie is the session's, as the browser keeps it.
func cookie(t *testing.T, c *client) string {
	t.Helper()
	u, err := url.Parse(c.base)
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range c.http.Jar.Cookies(u) {
		if each.Name == cookieName {
			return each.Value
		}
	}
	return ""
}

// holdsSession tells whether a cookie's value opens pages.
func holdsSession(t *testing.T, d *demoRun, value string) bool {
	t.Helper()
	got := get(t, noRedirect(d.as(t, "")), "/tokens", http.Header{"Cookie": {cookieName + "=" + value}})
	return got.status == http.StatusOK
}

func TestSessions(t *testing.T) {
	t.Parallel()
	d := running(t)
	t.Run("a token planted before signing in is not kept", func(t *testing.T) {
		t.Parallel()
		planted := "attackerschoice0123456789abcdefghijklmnopqr"
		l, c := d.json.Logins["recipient"], noRedirect(d.as(t, ""))
		form := url.Values{"email": {l.Email}, "password": {l.Password}}
		got := do(t, c, http.MethodPost, "/sign-in", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Cookie": {cookieName + "=" + planted}}, form.Encode())
		set := got.header.Get("Set-Cookie")
		if got.status != http.StatusSeeOther || strings.Contains(set, planted) || !strings.Contains(set, "HttpOnly") || !strings.Contains(set, "SameSite=Lax") || !strings.Contains(set, "Path=/") {
			t.Errorf("answered %d, cookie %q", got.status, set)
		}
		if holdsSession(t, d, planted) {
			t.Error("the planted token holds")
		}
	})
	t.Run("signing in again renews the token", func(t *testing.T) {
		t.Parallel()
		c := d.signedIn(t, "recipient")
		first := cookie(t, c)
		submit(t, c, "/sign-out", nil)
		l := d.json.Logins["recipient"]
		if err := c.signIn(t.Context(), l.Email, l.Password, ""); err != nil {
			t.Fatal(err)
		}
		if second := cookie(t, c); first == "" || second == first || holdsSession(t, d, first) || !holdsSession(t, d, second) {
			t.Error("the first token was kept, or the second does not hold")
		}
	})
	t.Run("a session ends when it is signed out", func(t *testing.T) {
		t.Parallel()
		c := d.signedIn(t, "delegator")
		value := cookie(t, c)
		if !holdsSession(t, d, value) {
			t.Fatal("the session does not hold")
		}
		submit(t, c, "/sign-out", nil)
		if holdsSession(t, d, value) {
			t.Error("the session holds after signing out")
		}
	})
	t.Run("nobody is led elsewhere", func(t *testing.T) {
		t.Parallel()
		l := d.json.Logins["recipient"]
		for _, next := range []string{"https://evil.example/", "//evil.example/", `/\evil.example`, "javascript:alert(1)", "/\tevil"} {
			got := submit(t, noRedirect(d.as(t, "")), "/sign-in", url.Values{"email": {l.Email}, "password": {l.Password}, "next": {next}})
			if to := got.header.Get("Location"); got.status != http.StatusSeeOther || !strings.HasPrefix(to, "/") || strings.Contains(to, "evil") {
				t.Errorf("%q led to %q", next, to)
			}
		}
	})
}

func TestCrossSitePostIsRefused(t *testing.T) {
	t.Parallel()
	d := running(t)
	c := d.signedIn(t, "delegator")
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	for name, extra := range map[string]http.Header{
		"by its fetch metadata": {"Sec-Fetch-Site": {"cross-site"}}, "of a sister site": {"Sec-Fetch-Site": {"same-site"}},
		"by its origin": {"Origin": {"https://evil.example"}}, "of no origin": {"Origin": {"null"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/sign-out", "/tokens", "/delegations/" + d.json.Delegations["valid"] + "/revoke", "/sign-in", "/register/delegator"} {
				header := form.Clone()
				for name, values := range extra {
					header[name] = values
				}
				got := do(t, noRedirect(c), http.MethodPost, path, header, "idempotencyKey=evil&name=evil&scope=ALL&expiresInDays=1")
				if got.status != http.StatusForbidden {
					t.Errorf("%s answered %d", path, got.status)
				}
			}
		})
	}
	if got := ask(t, d.as(t, d.json.Tokens["recipient"]), map[string]any{"id": d.json.Delegations["valid"]}); got.Status != "VALID" {
		t.Errorf("afterwards the delegation is %s", got.Status)
	}
	if !holdsSession(t, d, cookie(t, c)) {
		t.Error("a cross-site request signed out")
	}
}
