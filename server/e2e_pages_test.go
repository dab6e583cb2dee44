// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pquerna/otp/totp"

	"ininjo/portal"
)

// visitor is a role and its way in to the portal.
type visitor struct {
	role string
	*client
}

// visitors signs every role in, each with a session of its own.
func visitors(t *testing.T, d *demoRun) []visitor {
	t.Helper()
	all := []visitor{{"nobody", d.as(t, "")}}
	for role := range d.json.Logins {
		all = append(all, visitor{role, d.signedIn(t, role)})
	}
	return all
}

func (d *demoRun) signedIn(t *testing.T, role string) *client {
	t.Helper()
	l, code := d.json.Logins[role], ""
	if l.TOTPSecret != "" {
		var err error
		if code, err = totp.GenerateCode(l.TOTPSecret, machineClock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	c := d.as(t, "")
	if err := c.signIn(t.Context(), l.Email, l.Password, code); err != nil {
		t.Fatalf("%s: %v", role, err)
	}
	return c
}

// reference finds what a page loads or leads to.
var reference = regexp.MustCompile(`(?i)(?:href|src|action|formaction|poster|data|srcset|hx-(?:get|post|put|delete|patch))\s*=\s*["']([^"']*)["']|url\(\s*["']?([^"')]+)`)

// crawl reads every page that can be reached by links from the beginnings, and
// every asset on the way. Forms are not sent.
func crawl(t *testing.T, c *client, beginnings ...string) map[string]answer {
	t.Helper()
	read, waiting := map[string]answer{}, slices.Clone(beginnings)
	for len(waiting) > 0 && len(read) < 400 {
		path := waiting[0]
		waiting = waiting[1:]
		if _, done := read[path]; done {
			continue
		}
		got := get(t, noRedirect(c), path, nil)
		read[path] = got
		if location := got.header.Get("Location"); location != "" {
			waiting = append(waiting, location)
		}
		for _, to := range references(got) {
			if strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") && !strings.HasPrefix(to, "/sign-out") {
				waiting = append(waiting, strings.SplitN(to, "#", 2)[0])
			}
		}
	}
	return read
}

// outward is a link that a person may follow to another site: it loads nothing
// by itself and tells that site nothing of ours.
var outward = regexp.MustCompile(`<a href="https://[^"]*" rel="noreferrer noopener external">`)

// referencesOf keeps what an answer refers to by its content: all visitors get
// the same style sheets.
var referencesOf sync.Map

func references(a answer) []string {
	kind := a.header.Get("Content-Type")
	if !strings.HasPrefix(kind, "text/html") && !strings.HasPrefix(kind, "text/css") && !strings.HasPrefix(kind, "image/svg") {
		return nil
	}
	content := sha256.Sum256(append([]byte(kind+"\n"), a.body...))
	if known, ok := referencesOf.Load(content); ok {
		return known.([]string)
	}
	var found []string
	for _, match := range reference.FindAllStringSubmatch(string(outward.ReplaceAll(a.body, nil)), -1) {
		found = append(found, strings.ReplaceAll(match[1]+match[2], "&amp;", "&"))
	}
	referencesOf.Store(content, found)
	return found
}

// beginnings are the pages without a name in their path, from the portal's own
// list of routes.
func beginnings() []string {
	var paths []string
	for _, pattern := range portal.Routes() {
		method, path, found := strings.Cut(pattern, " ")
		if found && method == http.MethodGet && !strings.Contains(strings.ReplaceAll(path, "{$}", ""), "{") {
			paths = append(paths, strings.ReplaceAll(path, "{$}", ""))
		}
	}
	return append(paths, "/register/delegator", "/register/recipient")
}

// react are marks of React and of what is built on it.
var react = regexp.MustCompile(`(?i)\breact(?:-?dom)?\b|__REACT_|data-reactroot|_reactRoot|createElement\(\s*["']\$|react\.production|jsx-runtime|preact|graphiql|playground|river-?ui`)

func TestPagesLoadNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	d := running(t)
	for _, v := range visitors(t, d) {
		t.Run(v.role, func(t *testing.T) {
			t.Parallel()
			read := crawl(t, v.client, beginnings()...)
			pages, assets := 0, 0
			for path, got := range read {
				if strings.HasPrefix(path, "/static/") {
					assets++
				} else if strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
					pages++
				}
				if fault := foreign(got, d.json.PortalURL); fault != "" {
					t.Errorf("%s: %s", path, fault)
				}
				if got.status >= http.StatusInternalServerError {
					t.Errorf("%s answered %d", path, got.status)
				}
			}
			if assets < 5 || pages < 8 {
				t.Errorf("the crawl found %d pages and %d assets", pages, assets)
			}
		})
	}
}

// reactIn keeps what was found by the content's digest, as referencesOf does.
var reactIn sync.Map

func marksOfReact(text []byte) []byte {
	content := sha256.Sum256(text)
	if known, ok := reactIn.Load(content); ok {
		return known.([]byte)
	}
	found := react.Find(text)
	reactIn.Store(content, found)
	return found
}

// foreign tells what in an answer is not the service's own.
func foreign(a answer, own string) string {
	if found := marksOfReact(a.body); found != nil {
		return fmt.Sprintf("holds %q", found)
	}
	for _, to := range references(a) {
		u, err := url.Parse(to)
		if err != nil {
			return fmt.Sprintf("refers to %q", to)
		}
		if (u.Host != "" || u.Scheme != "") && !strings.HasPrefix(to, own+"/") && u.Scheme != "mailto" {
			return fmt.Sprintf("refers to %q", to)
		}
	}
	return ""
}

func TestForeignIsSeen(t *testing.T) {
	t.Parallel()
	html := http.Header{"Content-Type": {"text/html"}}
	for text, want := range map[string]bool{
		`<script src="/static/app.js"></script>`:                              false,
		`<a href="http://127.0.0.1:1/repository">`:                            false,
		`<p>Reaction</p>`:                                                     false,
		`<a href="https://body.example/" rel="noreferrer noopener external">`: false,
		`<a href="https://body.example/">`:                                    true,
		`<script src="//cdn.example/x.js"></script>`:                          true,
		`<script src="https://unpkg.com/htmx.org"></script>`:                  true,
		`<link rel=stylesheet href='http://fonts.example/a.css'>`:             true,
		`<style>body { background: url(https://example.com/a.png) }`:          true,
		`<div data-reactroot="">`:                                             true,
		`/** @license React v18 react.production.min.js */`:                   true,
		`<img srcset="https://example.com/a.png 2x">`:                         true,
		`<form method="post" action="http://127.0.0.1.evil.example/steal">`:   true,
	} {
		if got := foreign(answer{header: html, body: []byte(text)}, "http://127.0.0.1:1"); (got != "") != want {
			t.Errorf("%s: %q", text, got)
		}
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	d := running(t)
	const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	for _, v := range visitors(t, d) {
		t.Run(v.role, func(t *testing.T) {
			t.Parallel()
			for path, got := range crawl(t, v.client, beginnings()...) {
				if got.header.Get("X-Content-Type-Options") != "nosniff" || got.header.Get("X-Request-Id") == "" {
					t.Errorf("%s lacks nosniff or a request ID", path)
				}
				html := strings.HasPrefix(got.header.Get("Content-Type"), "text/html")
				if html && got.header.Get("Content-Security-Policy") != policy {
					t.Errorf("%s has the policy %q", path, got.header.Get("Content-Security-Policy"))
				}
				if html && v.role != "nobody" && got.header.Get("Cache-Control") != "no-store" {
					t.Errorf("%s has Cache-Control %q", path, got.header.Get("Cache-Control"))
				}
				if html && (strings.Contains(string(got.body), "<style") || strings.Contains(string(got.body), " style=") || strings.Contains(string(got.body), " onclick=")) {
					t.Errorf("%s has an inline style or script, which the policy stops", path)
				}
			}
		})
	}
}
