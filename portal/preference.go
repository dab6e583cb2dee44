// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"net/http"
	"net/url"
	"slices"
	"time"
)

// preference is something that a visitor chooses for all pages: by a link with
// ?NAME=VALUE, remembered in a cookie for a year, and so without script.
type preference struct {
	name   string
	values []string
}

var (
	// themePreference is light, dark, or as the visitor's system has it.
	themePreference = preference{"theme", []string{"system", "light", "dark"}}
	// utcPreference shows the UTC instant beside each of Japan's time: by keyboard and by
	// touch no title is reached.
	utcPreference = preference{"utc", []string{"hidden", "shown"}}
)

// choose takes the query first and remembers it, then the cookie, then the
// first value.
func (p preference) choose(w http.ResponseWriter, r *http.Request) string {
	if asked := r.URL.Query().Get(p.name); slices.Contains(p.values, asked) {
		remember(w, r, p.name, asked)
		return asked
	}
	if kept, err := r.Cookie(p.name); err == nil && slices.Contains(p.values, kept.Value) {
		return kept.Value
	}
	return p.values[0]
}

func remember(w http.ResponseWriter, r *http.Request, name, value string) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()),
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode})
}

// choices are the links that choose among the values of a preference, on this
// page.
func (p preference) choices(q url.Values, chosen string) []choice {
	var all []choice
	for _, value := range p.values {
		all = append(all, choice{Path: preferring(q, p.name, value), Key: p.name + "." + value, Current: value == chosen})
	}
	return all
}

// choice is one value of a preference, as a link.
type choice struct {
	Path, Key string
	Current   bool
}

// preferring is the query of this page with a preference.
func preferring(q url.Values, name, value string) string {
	kept := url.Values{}
	for key, values := range q {
		if key != "done" && key != "lang" && key != themePreference.name && key != utcPreference.name {
			kept[key] = values
		}
	}
	kept.Set(name, value)
	return "?" + kept.Encode()
}
