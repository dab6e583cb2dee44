// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// The members of parties other than their administrators, who stand in the
// tables of the areas under the party's own name.
var (
	members  = []string{"reader", "developer", "delegator's reader"}
	memberOf = map[string]string{"reader": "recipient", "developer": "recipient", "delegator's reader": "delegator"}
)

// What members come to where their party's administrator comes in.
const (
	forDevelopers     = "developers"     // not readers
	forAdministrators = "administrators" // none of them
	forItself         = "itself"         // it is the account's own, not the party's: to others it is not there
)

// leastOf are the routes of parties that are not for each of their members.
var leastOf = routesFor(map[string][]string{
	forDevelopers: {
		"POST /tokens", "GET /tokens/{id}/revoke", "POST /tokens/{id}/revoke", "GET /tokens/{id}/rotate", "POST /tokens/{id}/rotate",
		"POST /endpoints", "POST /endpoints/{id}", "POST /endpoints/{id}/test", "GET /endpoints/{id}/rotate", "POST /endpoints/{id}/rotate", "GET /endpoints/{id}/delete", "POST /endpoints/{id}/delete",
		"POST /endpoints/{id}/deliveries/{delivery}", "GET /endpoints/{id}/resend", "POST /endpoints/{id}/resend", "POST /endpoints/{id}/catch-up", "POST /watches/setting",
	},
	forAdministrators: {
		"POST /account/members", "POST /account/members-second-factor", "GET /account/members/{id}", "POST /account/members/{id}", "GET /account/members/{id}/remove", "POST /account/members/{id}/remove",
		"POST /account/invitations/{id}/resend", "POST /account/invitations/{id}/withdraw",
		"GET /addresses", "POST /addresses", "GET /addresses/{id}", "POST /addresses/{id}", "POST /addresses/{id}/ask", "GET /addresses/{id}/remove", "POST /addresses/{id}/remove",
		"GET /closing", "POST /closing", "GET /closing/export",
		"GET /application/again", "POST /application/again", "GET /application/withdraw", "POST /application/withdraw", "POST /application/answer",
		"GET /application/change", "POST /application/change", "POST /application/changes/{id}/answer", "GET /application/changes/{id}/withdraw", "POST /application/changes/{id}/withdraw",
		"GET /delegations/new", "POST /delegations/new", "POST /delegations/{id}/file", "GET /delegations/{id}/withdraw", "POST /delegations/{id}/withdraw",
		"GET /delegations/{id}/revoke", "POST /delegations/{id}/revoke", "POST /delegations/{id}/link",
	},
	forItself: {"GET /account/passkeys/{id}/remove", "POST /account/passkeys/{id}/remove", "POST /account/sessions/{id}/end"},
})

func routesFor(lists map[string][]string) map[string]string {
	all := map[string]string{}
	for least, patterns := range lists {
		for _, each := range patterns {
			all[each] = least
		}
	}
	return all
}

// reachOf is a route's row with the members of the parties.
func reachOf(pattern string) reach {
	row, least := reaches[pattern], leastOf[pattern]
	row.in, row.hidden = slices.Clone(row.in), slices.Clone(row.hidden)
	for _, who := range members {
		may := least == "" || least == forDevelopers && who == "developer"
		switch party := memberOf[who]; {
		case slices.Contains(row.in, who):
		case least == forItself, slices.Contains(row.hidden, party) && may:
			row.hidden = append(row.hidden, who)
		case slices.Contains(row.in, party) && may:
			row.in = append(row.in, who)
		}
	}
	return row
}

// otherLinks goes with a delegate's link to what another's link opened, and with
// each link to what only another kind of link opens: it is not there. Whoever
// holds a link and has no account is nobody to all other pages.
func (w *tour) otherLinks(t *testing.T) {
	t.Helper()
	delegate := w.people["anonymous"]
	_, challenge, _ := strings.Cut(w.at["challenge"], "/challenge/")
	for _, other := range []string{"password link", "renounce link", "confirm link"} {
		link := w.at[other]
		for _, each := range []struct{ method, path string }{
			{http.MethodGet, "/challenge/" + challenge}, {http.MethodGet, "/challenge/" + challenge + "/file"}, {http.MethodPost, "/challenge/" + challenge},
			{http.MethodPost, "/challenge"}, {http.MethodGet, "/decline"},
		} {
			got, missing := delegate.ask(each.method, link+each.path, nil), delegate.ask(each.method, "/l/injl_none"+each.path, nil)
			if got.status != http.StatusNotFound || got.body != missing.body {
				t.Errorf("%s of the %s: %d, and of a link that is not there %d", each.path, other, got.status, missing.status)
			}
		}
	}
}
