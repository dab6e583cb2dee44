// SPDX-License-Identifier: Apache-2.0

package graph_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"ininjo/poa"
)

// asked sends a query with a token and returns the answer with its headers.
func (h *house) asked(t *testing.T, token, body string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url, strings.NewReader(body))
	must(t, err)
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(t, err)
	return response, string(text)
}

func TestRateLimitIsTold(t *testing.T) {
	t.Parallel()
	s := newScript(t, func(h *house) { h.rates = poa.Rates{PerMinute: 110, UnknownPerHour: 3} })
	s.play("testdata/accepted.txtar", false)
	s.data.Clock.Advance(time.Hour) // what the script used is over
	token, known := s.kept["token"], s.kept["first"]
	one := `{"query":"query ($id: ID!) { validity(delegationId: $id) { status } }","variables":{"id":"` + known + `"}}`
	many := `{"query":"query ($ids: [ID!]!) { validities(delegationIds: $ids) { status } }","variables":{"ids":["` + strings.Join(slices.Repeat([]string{known}, 100), `","`) + `"]}}`
	figures := func(r *http.Response) string {
		return strings.Join([]string{r.Header.Get("X-RateLimit-Limit"), r.Header.Get("X-RateLimit-Used"), r.Header.Get("X-RateLimit-Remaining")}, " ")
	}
	for i, each := range []struct{ token, body, figures, code string }{
		{token, one, "110 1 109", ""},  // the executor
		{token, one, "110 2 108", ""},  // its plan
		{token, many, "110 102 8", ""}, // one for each ID
		{token, many, "110 102 8", "RATE_LIMITED"},
		{token, `{"query":"{ __typename }"}`, "110 103 7", ""},
		{token, `{"query":"{ nonsense }"}`, "110 104 6", "BAD_USER_INPUT"},
		{token, `{"query":"{ a: validity(delegationId: \"x\") { status } b: validity(delegationId: \"y\") { status } rateLimit { limit cost used remaining resetAt } }"}`, "110 106 4", ""},
		{"", `{"query":"{ rateLimit { limit } }"}`, "  ", ""},
	} {
		response, body := s.asked(t, each.token, each.body)
		if got := figures(response); got != each.figures || codeOf(t, []byte(body)) != each.code {
			t.Errorf("%d: %s: %.300s", i, got, body)
		}
		limited := each.code == "RATE_LIMITED"
		if (response.StatusCode == http.StatusTooManyRequests) != limited || (response.Header.Get("Retry-After") != "") != limited {
			t.Errorf("%d: %s %v", i, response.Status, response.Header)
		}
		if strings.Contains(each.body, "cost used") && !strings.Contains(body, `"rateLimit":{"limit":110,"cost":2,"used":106,"remaining":4,"resetAt":"`) {
			t.Errorf("%s", body)
		}
	}
	s.data.Clock.Advance(time.Minute)
	guess := func() (*http.Response, string) {
		return s.asked(t, token, strings.Replace(one, known, string(poa.NewDelegationID()), 1))
	}
	for range 3 {
		guess()
	}
	if response, body := guess(); response.StatusCode != http.StatusTooManyRequests || !strings.Contains(body, "TOO_MANY_UNKNOWN_IDS") || response.Header.Get("Retry-After") == "" {
		t.Errorf("%s %s", response.Status, body)
	}
}
