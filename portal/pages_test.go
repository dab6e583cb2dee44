// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ininjo/portal"
	"ininjo/portal/webtest"
)

// example is an address of a route in the tour's world.
type example struct {
	Pattern string `json:"pattern"`
	// Who opens it, by the tour's words.
	Who string `json:"who"`
	// Path is the address; of a POST, the form's action.
	Path string `json:"path"`
	// On is the page that holds the form of a POST.
	On string `json:"on,omitempty"`
	// Status is what the browser gets: 200, of a refused form 422, of a page
	// that says what went wrong its own.
	Status int `json:"status"`
	// Filled leaves the form as the page shows it.
	Filled bool `json:"filled,omitempty"`
	// Picture names the screenshots of docs/screenshots, Ways in which ways.
	Picture string   `json:"picture,omitempty"`
	Ways    []string `json:"ways,omitempty"`
	// kind tells what else than a page an address gives.
	kind string
	// why a POST has no page of its own with faults.
	why string
}

const (
	kindFile      = "file"
	kindElsewhere = "elsewhere"
)

// page is an address that shows a page.
func page(pattern, who, path string) example {
	return example{Pattern: pattern, Who: who, Path: path, Status: http.StatusOK}
}

// file is an address that gives a file.
func file(pattern, who, path string) example {
	return example{Pattern: pattern, Who: who, Path: path, kind: kindFile}
}

// elsewhere is an address that leads to another.
func elsewhere(pattern, who, path string) example {
	return example{Pattern: pattern, Who: who, Path: path, kind: kindElsewhere}
}

// refused is a form on a page that is sent with all its fields empty, and comes
// back with its faults.
func refused(pattern, who, on, action string) example {
	return example{Pattern: pattern, Who: who, Path: action, On: on, Status: http.StatusUnprocessableEntity}
}

// answered is a form on a page that is sent as the page fills it, and whose
// answer is a page.
func answered(pattern, who, on, action string) example {
	return example{Pattern: pattern, Who: who, Path: action, On: on, Status: http.StatusOK, Filled: true}
}

// unrefused is a POST that shows no faults of its own, with the reason.
func unrefused(pattern, who, path, why string) example {
	return example{Pattern: pattern, Who: who, Path: path, why: why}
}

// pictured is an example that the task screenshots takes pictures of: wide and
// light in Japanese, and in the other ways given, such as "en dark 1280".
func pictured(e example, name string, ways ...string) example {
	e.Picture, e.Ways = name, append([]string{"ja light 1280"}, ways...)
	return e
}

// exampleAreas are the examples of the areas.
var exampleAreas []func(*tour) []example

// examples registers those of an area, in a file of its own:
//
//	var _ = examples(func(w *tour) []example { return []example{page("GET /x", "delegator", "/x")} })
func examples(of func(*tour) []example) bool {
	exampleAreas = append(exampleAreas, of)
	return true
}

func (w *tour) examples() []example {
	var all []example
	for _, of := range exampleAreas {
		all = append(all, of(w)...)
	}
	return all
}

// TestEveryPage opens an example of every route in Chromium, in Japanese, light
// and wide, or in English, dark and narrow (see mode): axe finds nothing, the console stays empty,
// nothing overflows, no text is missing, every form says what is wrong.
//
// With SCREENSHOT_DIR it takes pictures of all.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	w := newTour(t)
	all := w.examples()
	missing(t, all)
	var visits []example
	for _, each := range all {
		switch {
		case !wanted(each.Pattern):
		case each.kind == "" && each.why == "" && (mode() != "pictures" || each.Picture != ""):
			visits = append(visits, each)
		default:
			w.openExample(t, each)
		}
	}
	w.lookAt(t, w.url, visits)
}

// TestEverySample looks at the states of pages that the tour does not come by:
// the pages of all that may go wrong, and with ININJO_PAGES=all every sample.
func TestEverySample(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(portal.SampleHandler())
	t.Cleanup(server.Close)
	var visits []example
	for _, each := range portal.Samples() {
		if (each.View == "failure" || everyWay()) && wanted(each.Name) {
			visits = append(visits, example{Pattern: each.Name, Who: "anonymous", Path: "/samples/" + each.Name, Status: each.Status()})
		}
	}
	(&tour{}).lookAt(t, server.URL, visits)
}

// atOnce is how many pages one run of the browser looks at, so that none comes
// near the time that webtest leaves a script on a machine with other work.
const atOnce = 40

// lookAt has the browser look at all in each language, in all its ways. Two
// different views never have the same title.
func (w *tour) lookAt(t *testing.T, base string, visits []example) {
	t.Helper()
	for i, lang := range []string{"ja", "en"} {
		seen := visits
		if mode() == "" {
			seen = everySecond(visits, i)
		}
		t.Run(lang, func(t *testing.T) {
			views := map[string]string{}
			for some := range slices.Chunk(seen, atOnce) {
				t.Run("from "+some[0].Pattern, func(t *testing.T) {
					env := w.plan(t, base, some, ways(lang))
					t.Log(webtest.Node(t, "browser/pages.mjs", env))
					titles(t, env["TITLES"], views)
				})
			}
		})
	}
}

// titles adds the titles of a run to those of the runs before it.
func titles(t *testing.T, file string, views map[string]string) {
	t.Helper()
	text, err := os.ReadFile(file)
	must(t, err)
	var seen map[string][]string
	must(t, json.Unmarshal(text, &seen))
	for title, of := range seen {
		for _, view := range of {
			if other, known := views[title]; known && other != view {
				t.Errorf("%s has the title of %s: %s", view, other, title)
			}
			views[title] = view
		}
	}
}

// everySecond is half of the visits: a page is looked at in one of the two ways,
// and mostly refused in the other.
func everySecond(visits []example, first int) []example {
	var half []example
	for i := first; i < len(visits); i += 2 {
		half = append(half, visits[i])
	}
	return half
}

// missing names the routes that have no example.
func missing(t *testing.T, all []example) {
	t.Helper()
	shown, known := map[string]bool{}, map[string]bool{"/": true}
	for _, each := range all {
		shown[each.Pattern] = true
	}
	for _, pattern := range portal.Routes() {
		known[pattern] = true
		if !shown[pattern] && pattern != "/" {
			t.Errorf("%s has no example: add one to the area's examples (portal/…_examples_test.go)", pattern)
		}
	}
	for _, each := range all {
		if !known[each.Pattern] {
			t.Errorf("%s is an example of no route", each.Pattern)
		}
	}
}

// openExample asks for what is no page.
func (w *tour) openExample(t *testing.T, each example) {
	t.Helper()
	if each.why != "" {
		return
	}
	v := w.people[each.Who]
	follow := v.client.CheckRedirect
	v.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	defer func() { v.client.CheckRedirect = follow }()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+each.Path, nil)
	must(t, err)
	got := v.do(request)
	switch {
	case each.kind == kindFile && (got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment")):
		t.Errorf("%s (%s) gives no file: %d", each.Path, each.Pattern, got.status)
	case each.kind == kindElsewhere && (got.status != http.StatusSeeOther || !strings.HasPrefix(got.header.Get("Location"), "/")):
		t.Errorf("%s (%s) leads nowhere: %d", each.Path, each.Pattern, got.status)
	}
}

// variant is one way to look at a page.
type variant struct {
	Lang   string `json:"lang"`
	Scheme string `json:"scheme"`
	Width  int    `json:"width"`
}

// everyWay tells whether each page is looked at in all eight ways.
func everyWay() bool { return mode() == "all" }

// mode is what ININJO_PAGES asks for: "all" looks at each page in all eight
// ways, "both" in two, "pictures" takes the pictures of docs/screenshots alone;
// without it each is looked at in one of the two, which keeps the suite short.
func mode() string { return os.Getenv("ININJO_PAGES") }

// ways are those to look in a language.
func ways(lang string) []variant {
	if everyWay() {
		return []variant{{lang, "light", 1280}, {lang, "dark", 1280}, {lang, "dark", 360}, {lang, "light", 360}}
	}
	one := variant{lang, "light", 1280}
	if lang == "en" {
		one = variant{lang, "dark", 360}
	}
	if mode() == "pictures" {
		return []variant{{lang, one.Scheme, 1280}, {lang, one.Scheme, 390}}
	}
	return []variant{one}
}

// wanted tells whether a page is to be looked at: all are, unless ININJO_PAGES_OF
// names parts of the patterns and names of some, between spaces.
func wanted(name string) bool {
	of := strings.Fields(os.Getenv("ININJO_PAGES_OF"))
	return len(of) == 0 || slices.ContainsFunc(of, func(part string) bool { return strings.Contains(name, part) })
}

// plan is what the browser is told: the addresses, the ways to look, and the
// cookies of who looks.
func (w *tour) plan(t *testing.T, base string, visits []example, all []variant) map[string]string {
	t.Helper()
	at, err := url.Parse(base)
	must(t, err)
	cookies := map[string]map[string]string{}
	for who, v := range w.people {
		cookies[who] = map[string]string{}
		for _, cookie := range v.client.Jar.Cookies(at) {
			cookies[who][cookie.Name] = cookie.Value
		}
	}
	text, err := json.Marshal(map[string]any{"visits": visits, "variants": all, "cookies": cookies})
	must(t, err)
	name := filepath.Join(t.TempDir(), "plan.json")
	must(t, os.WriteFile(name, text, 0o600))
	return map[string]string{"BASE_URL": base, "PLAN": name, "TITLES": name + ".titles"}
}
