// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"ininjo/graph"
	"ininjo/portal/webtest"
)

func TestAuditsOfGraphQLOverHTTP(t *testing.T) {
	t.Parallel()
	d := running(t)
	for role, token := range map[string]string{"recipient": d.json.Tokens["recipient"], "anonymous": ""} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			t.Log(webtest.Audits(t, d.json.GraphQLURL, token))
		})
	}
}

func TestSchemaIsServed(t *testing.T) {
	t.Parallel()
	got := get(t, running(t).as(t, ""), "/schema.graphqls", nil)
	if got.status != http.StatusOK || string(got.body) != graph.SDL() || !strings.Contains(string(got.body), "type Query {") {
		t.Errorf("answered %d with %d bytes", got.status, len(got.body))
	}
}

func TestNoPlayground(t *testing.T) {
	t.Parallel()
	anyone := running(t).as(t, "")
	browser := http.Header{"Accept": {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}}
	for _, path := range []string{"/graphql", "/graphql?query=", "/playground", "/graphiql", "/altair", "/voyager", "/riverui", "/jobs", "/debug/pprof/", "/metrics"} {
		got := get(t, anyone, path, browser)
		text := strings.ToLower(string(got.body))
		for _, word := range []string{"playground", "graphiql", "react", "<script src=\"http"} {
			if strings.Contains(text, word) {
				t.Errorf("%s shows %q", path, word)
			}
		}
		if got.status < 400 {
			t.Errorf("%s answered %d", path, got.status)
		}
	}
}

func TestGetTakesQueriesAlone(t *testing.T) {
	t.Parallel()
	d := running(t)
	recipient := d.as(t, d.json.Tokens["recipient"])
	for text, want := range map[string]int{
		`{ viewer { kind } }`: http.StatusOK,
		`mutation { watchDelegation(input: {idempotencyKey: "x", delegationId: "y"}) { errors { code } } }`: http.StatusMethodNotAllowed,
	} {
		got := get(t, recipient, "/graphql?query="+url.QueryEscape(text), http.Header{"Accept": {"application/json"}})
		if got.status != want || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, Cache-Control %q: %s", text, got.status, got.header.Get("Cache-Control"), got.body)
		}
	}
}

func TestMessagesFollowAcceptLanguage(t *testing.T) {
	t.Parallel()
	anyone := running(t).as(t, "")
	for language, want := range map[string]string{"ja": "サインイン", "en-GB,en;q=0.8": "ign in", "*": "サインイン", "none;;of;this": "サインイン"} {
		got := do(t, anyone, http.MethodPost, "/graphql", http.Header{"Content-Type": {"application/json"}, "Accept-Language": {language}},
			`{"query":"{ delegations(first: 1) { nodes { id } } }"}`)
		if !strings.Contains(string(got.body), want) || !strings.Contains(string(got.body), "UNAUTHENTICATED") {
			t.Errorf("%s: %s", language, got.body)
		}
	}
}
