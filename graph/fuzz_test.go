// SPDX-License-Identifier: Apache-2.0

package graph_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"mime"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"ininjo/graph"
	"ininjo/poa"
	"ininjo/poa/locale"
)

// bare is the room without anything behind it: enough for what is refused
// before a rule of poa is called.
func bare() http.Handler { return bareWith(graph.Limits{}) }

func bareWith(limits graph.Limits) http.Handler {
	return graph.New(graph.Config{
		Actor: func(context.Context) (poa.Actor, poa.TokenScope, error) {
			return poa.Actor{}, "", poa.ErrUnauthenticated
		},
		Credential: func(context.Context) poa.Credential { return poa.Credential{} },
		Language:   func(context.Context) string { return "en" },
		Text:       locale.Text, Log: slog.New(slog.DiscardHandler), Limits: limits,
	})
}

// FuzzRequest sends any body with any wish for a media type: each is answered
// in JSON of a type that was wished for, with a status of ours.
func FuzzRequest(f *testing.F) {
	handler := bare()
	for _, seed := range [][2]string{
		{"application/json", `{"query":"{ __typename }"}`}, {"*/*;q=0", `{}`}, {"text/html", ``}, {"application/*;q=0.1,,;", `[]`},
		{"application/graphql-response+json", `{"query":"query($a: [ID!]!) { validities(delegationIds: $a) { status } }","variables":{"a":[1,"x"]}}`},
		{"", `{"query":"mutation { declineDelegation(input: {idempotencyKey: \"\"}) { errors { code } } }"}`},
		{"", `{"query":"{ viewer { kind } ...a } fragment a on Query { viewer { kind } }","operationName":"x"}`},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, accept, body string) {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader(body))
		request.Header.Set("Content-Type", "application/json")
		if accept != "" {
			request.Header.Set("Accept", accept)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, request)
		if media, _, err := mime.ParseMediaType(w.Header().Get("Content-Type")); err != nil || media != "application/json" && media != "application/graphql-response+json" {
			t.Errorf("answered %q", w.Header().Get("Content-Type"))
		}
		if w.Code != http.StatusOK && w.Code != http.StatusBadRequest && w.Code != http.StatusNotAcceptable && w.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("answered %d", w.Code)
		}
		if !json.Valid(w.Body.Bytes()) {
			t.Errorf("the answer is no JSON: %.300s", w.Body)
		}
	})
}
