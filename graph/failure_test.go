// SPDX-License-Identifier: Apache-2.0

package graph_test

import (
	"strings"
	"testing"
)

// inside are words that no answer may hold.
var inside = []string{"sql", "SELECT", "postgres", "pgx", "panic", "goroutine", ".go:", "secret of the inside", "closed"}

func wantNothingOfTheInside(t *testing.T, body []byte) {
	t.Helper()
	for _, word := range inside {
		if strings.Contains(string(body), word) {
			t.Errorf("the answer holds %q: %.400s", word, body)
		}
	}
}

func TestPanic(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.play("testdata/accepted.txtar", false)
	_, body := s.post("recipient", "ja", map[string]string{"query": `mutation { createWebhookEndpoint(input: {idempotencyKey: "p", url: "https://panic.example/"}) { endpoint { id } } }`})
	if got := codeOf(t, body); got != "INTERNAL" {
		t.Errorf("code is %s: %s", got, body)
	}
	wantNothingOfTheInside(t, body)
	for _, word := range []string{"secret of the inside", "webhook.go"} {
		if !strings.Contains(s.log.String(), word) {
			t.Errorf("the log does not hold %q", word)
		}
	}
}

func TestDatabaseGone(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.play("testdata/accepted.txtar", false)
	s.data.DB.Close()
	for _, each := range []struct{ name, who, query string }{
		{"list", "reception", `{ delegators { totalCount } }`},
		{"one", "delegator", `{ delegation(id: "` + s.kept["first"] + `") { id } }`},
		{"validity", s.kept["token"], `{ validity(delegationId: "` + s.kept["first"] + `") { status } }`},
		{"mutation", "recipient", `mutation { unwatchDelegation(input: {idempotencyKey: "x", delegationId: "` + s.kept["first"] + `"}) { errors { code } } }`},
	} {
		t.Run(each.name, func(t *testing.T) {
			_, body := s.post(each.who, "en", map[string]string{"query": each.query})
			if got := codeOf(t, body); got != "INTERNAL" && got != "UNAVAILABLE" {
				t.Errorf("code is %q: %.300s", got, body)
			}
			wantNothingOfTheInside(t, body)
		})
	}
	if !strings.Contains(s.log.String(), "graphql field failed") {
		t.Error("the log does not hold the failures")
	}
}

// TestSigningUnavailable: the answer still comes, with an error on its path.
func TestSigningUnavailable(t *testing.T) {
	t.Parallel()
	s := newScript(t, func(h *house) { h.unsigned = true })
	s.play("testdata/accepted.txtar", false)
	_, body := s.post(s.kept["token"], "en", map[string]string{"query": `{ validity(delegationId: "` + s.kept["first"] + `") { status receipt } }`})
	if got := codeOf(t, body); got != "SIGNING_UNAVAILABLE" {
		t.Errorf("code is %q", got)
	}
	for _, part := range []string{`"status":"VALID"`, `"receipt":null`, `"path":["validity","receipt"]`} {
		if !strings.Contains(string(body), part) {
			t.Errorf("the answer does not hold %s: %s", part, body)
		}
	}
}

// TestOneLookUpForValidity: the token of a validity query is checked in its own
// statement, so that the token's owner is not looked up beside it.
func TestOneLookUpForValidity(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.play("testdata/accepted.txtar", false)
	before := s.lookUps.Load()
	for range 3 {
		if _, body := s.post(s.kept["token"], "en", map[string]string{"query": `{ validity(delegationId: "` + s.kept["first"] + `") { status receipt } }`}); codeOf(t, body) != "" {
			t.Fatalf("answered %s", body)
		}
	}
	if n := s.lookUps.Load() - before; n != 0 {
		t.Errorf("the actor was looked up %d times", n)
	}
}
