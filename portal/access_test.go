// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"ininjo/poa"
	"ininjo/portal"
)

// The people of a tour, by kind.
var (
	delegators = []string{"delegator", "other delegator"}
	recipients = []string{"recipient", "other recipient"}
	parties    = append(slices.Clone(delegators), recipients...)
	staff      = []string{"service_owner", "service_manager", "service_operator", "reception", "auditor", "maintainer"}
	signedIn   = append(slices.Clone(parties), staff...)
	everybody  = slices.Concat([]string{"anonymous"}, signedIn, members)
)

// reach says who comes to a route; all others are refused, and who is nobody is
// asked to sign in.
type reach struct {
	// in are who comes in.
	in []string
	// hidden are to whom the thing looks as if it were not there.
	hidden []string
}

// everyone needs no account.
func everyone() reach { return reach{in: everybody} }

// only the named come in, whosever the thing is.
func only(people ...string) reach { return reach{in: people} }

// own is for what belongs to one of several who come to such pages: to the rest
// of them it is not there.
func own(owner string, among ...string) reach {
	rest := slices.DeleteFunc(slices.Clone(among), func(each string) bool { return each == owner })
	return reach{in: []string{owner}, hidden: rest}
}

// reaches are the rows of the areas.
var reaches = map[string]reach{}

// mayReach registers the rows of an area, beside its examples.
func mayReach(rows map[string]reach) bool {
	maps.Copy(reaches, rows)
	return true
}

// TestEveryRouteForEveryone asks for every route of the router as everybody:
// without a session, as another organisation, in every role, from another site.
// What is not for somebody leads to the sign-in page, is refused, or looks like
// what does not exist.
func TestEveryRouteForEveryone(t *testing.T) {
	t.Parallel()
	w := newTour(t)
	for _, v := range w.people {
		v.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	addresses := map[string]example{}
	for _, each := range w.examples() {
		if _, known := addresses[each.Pattern]; !known {
			addresses[each.Pattern] = each
		}
	}
	routes := slices.DeleteFunc(portal.Routes(), func(pattern string) bool { return pattern == "/" })
	for _, pattern := range routes {
		if _, stated := reaches[pattern]; !stated {
			t.Errorf("%s: nobody says who may reach it: add a row beside the area's examples", pattern)
		}
	}
	w.otherLinks(t)
	// What must not work is tried first: what works may end things.
	for _, inside := range []bool{false, true} {
		for _, pattern := range routes {
			for _, who := range everybody {
				if slices.Contains(reachOf(pattern).in, who) == inside && (who != "anonymous" || pattern != "POST /sign-out") && pattern != "POST /sign-out" {
					w.knock(t, pattern, who, addresses[pattern].Path)
				}
			}
			if inside && strings.HasPrefix(pattern, "POST ") && pattern != "POST /unsubscribe/{token}" { // which mail programs post from anywhere
				w.fromElsewhere(t, pattern, reaches[pattern], addresses[pattern].Path)
			}
		}
	}
}

// knock asks for a route as somebody.
func (w *tour) knock(t *testing.T, pattern, who, path string) {
	t.Helper()
	row, v := reachOf(pattern), w.people[who]
	method, place, _ := strings.Cut(pattern, " ")
	got := v.ask(method, path, nil)
	guarded(t, pattern, who, got)
	toSignIn := got.status == http.StatusSeeOther && strings.HasPrefix(got.header.Get("Location"), "/sign-in") && !strings.Contains(got.header.Get("Location"), "done=")
	switch {
	case slices.Contains(row.in, who):
		if got.status >= 500 || got.status == http.StatusForbidden || who != "anonymous" && toSignIn || got.status == http.StatusNotFound && method == http.MethodGet {
			t.Errorf("%s for %s: %d, and it is for them: %s", pattern, who, got.status, text(got.body))
		}
	case who == "anonymous":
		if !toSignIn {
			t.Errorf("%s for nobody: %d, not the way to sign in", pattern, got.status)
		}
	case slices.Contains(row.hidden, who):
		missing := v.ask(method, absent(place, path), nil)
		if got.status != http.StatusNotFound || got.status != missing.status || got.body != missing.body {
			t.Errorf("%s for %s: %d, and what is not there: %d: they must look the same", pattern, who, got.status, missing.status)
		}
	case got.status != http.StatusForbidden:
		t.Errorf("%s for %s: %d, not refused: %s", pattern, who, got.status, text(got.body))
	}
}

// absent puts IDs that do not exist into the places of a path.
func absent(pattern, path string) string {
	parts := strings.Split(path, "/")
	for i, place := range strings.Split(pattern, "/") {
		prefix, _, prefixed := strings.Cut(parts[i], "_")
		switch {
		case place == "{id}" && prefixed:
			parts[i] = prefix + "_0000000000000000000000000a"
		case place == "{id}":
			parts[i] = "7ZK3M-Q9V2R-4XW8A-BC5DE-F6GHJ"
		}
	}
	return strings.Join(parts, "/")
}

// guarded wants the headers that every answer has.
func guarded(t *testing.T, pattern, who string, page shown) {
	t.Helper()
	if policy := page.header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("%s has the policy %q", pattern, policy)
	}
	if page.header.Get("Referrer-Policy") != "no-referrer" || page.header.Get("X-Content-Type-Options") != "nosniff" || page.header.Get("Permissions-Policy") == "" {
		t.Errorf("%s tells where it came from, lets types be guessed, or permits devices", pattern)
	}
	if cache := page.header.Get("Cache-Control"); who != "anonymous" && page.status == http.StatusOK && cache != "no-store" {
		t.Errorf("%s for %s may be kept: %q", pattern, who, cache)
	}
	if allowed := page.header.Get("Access-Control-Allow-Origin"); allowed != "" {
		t.Errorf("%s lets pages of %q read it", pattern, allowed)
	}
}

// fromElsewhere sends a form from another site's page, signed in.
func (w *tour) fromElsewhere(t *testing.T, pattern string, row reach, path string) {
	t.Helper()
	for name, header := range map[string]http.Header{
		"another site": {"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}}, "a sister site": {"Sec-Fetch-Site": {"same-site"}, "Origin": {"https://sister.example"}},
		"an old browser": {"Sec-Fetch-Site": {""}, "Origin": {"https://evil.example"}}, "a sandbox": {"Sec-Fetch-Site": {"cross-site"}, "Origin": {"null"}},
	} {
		if got := w.people[row.in[len(row.in)-1]].ask(http.MethodPost, path, header); got.status != http.StatusForbidden {
			t.Errorf("%s from %s answered %d", pattern, name, got.status)
		}
	}
}

// ask sends a request as it is, with headers on top and an empty form.
func (v *visitor) ask(method, path string, header http.Header) shown {
	v.tb.Helper()
	var body io.Reader = http.NoBody
	if method == http.MethodPost {
		body = strings.NewReader("idempotencyKey=" + poa.NewID("frm_"))
	}
	request, err := http.NewRequestWithContext(v.tb.Context(), method, v.url+path, body)
	must(v.tb, err)
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	request.Header.Set("Origin", v.url)
	maps.Copy(request.Header, header)
	return v.do(request)
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
