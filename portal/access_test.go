// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"net/http"
	"strings"
	"testing"

	"ininjo/portal"
)

// concrete fills the places of a route's pattern with what does not exist.
var concrete = strings.NewReplacer("{$}", "", "{id}", "7ZK3M-Q9V2R-4XW8A-BC5DE-F6GHJ", "{token}", "injl_none", "{role}", "delegator", "{run}", "run_none", "{number}", "A-20260601-000001", "{what}", "declined")

// TestEveryRouteForEveryone opens every page as everybody: what is not for
// somebody leads to the sign-in page or is refused, and nothing fails.
func TestEveryRouteForEveryone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reception := w.visitor()
	reception.signIn("reception@ininjo.example")
	delegator := w.register("delegator", delegatorEmail)
	w.enrol(reception, "delegator")
	recipient := w.register("recipient", recipientEmail)
	w.enrol(reception, "recipient")
	everybody := map[string]*visitor{"anonymous": w.visitor(), "reception": reception, "delegator": delegator, "recipient": recipient}
	for who, v := range everybody {
		v.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		for _, pattern := range portal.Routes() {
			method, path, found := strings.Cut(pattern, " ")
			if !found || path == "/sign-out" {
				continue
			}
			w.visit(v, who, method, concrete.Replace(path))
		}
	}
}

func (w *world) visit(v *visitor, who, method, path string) {
	w.tb.Helper()
	request, err := http.NewRequestWithContext(w.tb.Context(), method, w.url+path, nil)
	must(w.tb, err)
	page := v.do(request)
	private := strings.HasPrefix(path, "/staff") || strings.HasPrefix(path, "/delegations") || strings.HasPrefix(path, "/check") || strings.HasPrefix(path, "/watches") || path == "/recipient"
	switch {
	case page.status >= 500:
		w.tb.Errorf("%s: %s %s answered %d", who, method, path, page.status)
	case who == "anonymous" && private && (page.status != 303 || !strings.HasPrefix(page.header.Get("Location"), "/sign-in")):
		w.tb.Errorf("%s: %s %s answered %d and %q", who, method, path, page.status, page.header.Get("Location"))
	case who != "reception" && who != "anonymous" && strings.HasPrefix(path, "/staff") && page.status != 403:
		w.tb.Errorf("%s: %s %s answered %d", who, method, path, page.status)
	case who == "recipient" && strings.HasPrefix(path, "/delegations") && page.status != 403:
		w.tb.Errorf("%s: %s %s answered %d", who, method, path, page.status)
	case who == "reception" && (path == "/staff/audit" || path == "/staff/people") && method == "GET" && page.status != 403:
		w.tb.Errorf("%s: %s %s answered %d", who, method, path, page.status)
	}
	if policy := page.header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		w.tb.Errorf("%s %s has the policy %q", method, path, policy)
	}
	if page.header.Get("Referrer-Policy") != "no-referrer" || page.header.Get("X-Content-Type-Options") != "nosniff" {
		w.tb.Errorf("%s %s tells where it came from, or lets types be guessed", method, path)
	}
	if cache := page.header.Get("Cache-Control"); who != "anonymous" && page.status == 200 && cache != "no-store" {
		w.tb.Errorf("%s: %s %s may be kept: %q", who, method, path, cache)
	}
}

func TestSignInLeadsBackWithinTheService(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for next, want := range map[string]string{"/staff/queues?x=1": "/staff/queues?x=1", "//evil.example/": "/staff", "https://evil.example/": "/staff", `/\evil.example`: "/staff", "/l/injl_x": "/staff"} {
		v := w.visitor()
		page := v.open("/sign-in", 200)
		v.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		page = v.submit(page, "/sign-in", map[string][]string{"email": {"reception@ininjo.example"}, "password": {password}, "code": {w.codes["reception@ininjo.example"]}, "next": {next}}, 303)
		if got := page.header.Get("Location"); got != want {
			t.Errorf("next %q led to %q, not %q", next, got, want)
		}
	}
	v := w.visitor()
	page := v.submit(v.open("/sign-in", 200), "/sign-in", map[string][]string{"email": {"reception@ininjo.example"}, "password": {"wrong"}}, 422)
	v.sees(page, "reception@ininjo.example")
	if strings.Contains(page.body, `value="wrong"`) {
		t.Error("the page repeats a password")
	}
}

func TestLanguageIsChosen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	v.sees(v.open("/", 200), `<html lang="ja">`)
	v.lang = "fr, en;q=0.5"
	v.sees(v.open("/", 200), `<html lang="en">`)
	v.sees(v.open("/?lang=ja", 200), `<html lang="ja">`)
	v.sees(v.open("/repository", 200), `<html lang="ja">`, "リポジトリー")
}

func TestWhatIsServedLoadsNothingForeign(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	for _, name := range []string{"app.css", "app.js", "tokens.css", "htmx.min.js", "favicon.svg"} {
		file := v.open("/static/"+name, 200)
		for _, foreign := range []string{"React", "react-dom", "unpkg.com", "cdn.", "googleapis"} {
			if strings.Contains(file.body, foreign) {
				t.Errorf("%s speaks of %s", name, foreign)
			}
		}
	}
	v.open("/static/../portal.go", 404)
	page := v.open("/nothing-here", 404)
	v.sees(page, "ページが見つかりません", "req-of-the-test")
}

func TestRepositoryIsReadWhileTheDatabaseIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	page := v.open("/repository", 200)
	v.sees(page, "1.1", "1.0", "現行")
	w.data.DB.Close()
	v.sees(v.open("/repository", 200), "直前に読み込んだ内容", "1.1")
	_, rest, _ := strings.Cut(page.body, `href="/repository/trm_`)
	id, _, _ := strings.Cut(rest, `"`)
	v.sees(v.open("/repository/trm_"+id, 200), "第1条")
	v.sees(v.open("/register/delegator", 500), "問題が起きました", "req-of-the-test")
}
