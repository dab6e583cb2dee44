// SPDX-License-Identifier: Apache-2.0

package graph_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"ininjo/graph"
	"ininjo/poa"
)

// TestTransport tests what the 61 audits of graphql-http, which server's tests
// run, do not ask.
func TestTransport(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	query := `{"query":"{ __typename }"}`
	for _, each := range []struct {
		name, method, accept, contentType, encoding, body, target string
		status                                                    int
		media, code, allow                                        string
	}{
		{name: "answer", body: query, accept: "application/graphql-response+json", status: 200, media: "application/graphql-response+json"},
		{name: "anything goes", body: query, accept: "*/*", status: 200, media: "application/json"},
		{name: "weights", body: query, accept: "application/json;q=0.5, application/graphql-response+json;q=0.4", status: 200, media: "application/json"},
		{name: "excluded by weight", body: query, accept: "*/*, application/json;q=0", status: 200, media: "application/graphql-response+json"},
		{name: "nothing of ours", body: query, accept: "text/html", status: 406, media: "application/json", code: "BAD_USER_INPUT"},
		{name: "form", body: "query={__typename}", contentType: "application/x-www-form-urlencoded", status: 415, code: "BAD_USER_INPUT"},
		{name: "other charset", body: query, contentType: "application/json; charset=shift_jis", status: 415, code: "BAD_USER_INPUT"},
		{name: "compressed", body: query, encoding: "gzip", status: 415, code: "BAD_USER_INPUT"},
		{name: "batch", body: "[" + query + "]", status: 400, code: "BAD_USER_INPUT"},
		{name: "two values", body: query + query, status: 400, code: "BAD_USER_INPUT"},
		{name: "no query", body: `{}`, status: 400, code: "BAD_USER_INPUT"},
		{name: "deep variables", body: `{"query":"{ __typename }","variables":` + strings.Repeat(`{"a":`, 20000) + `1` + strings.Repeat(`}`, 20000) + `}`, status: 400, code: "BAD_USER_INPUT"},
		{name: "large body", body: `{"query":"` + strings.Repeat("secretword ", 600_000) + `"}`, status: 413, code: "TOO_LARGE"},
		{name: "million elements", body: `{"query":"query($ids: [ID!]!) { validities(delegationIds: $ids) { status } }","variables":{"ids":["x"` + strings.Repeat(`,"x"`, 999_999) + `]}}`, status: 413, code: "TOO_LARGE"},
		{name: "many elements that are one text", body: `{"query":"{ __typename }","variables":{"a":"` + strings.Repeat(`,\",`, 30_000) + `"}}`, status: 200},
		{name: "long query", body: `{"query":"# ` + strings.Repeat("x", 65<<10) + `\n{ __typename }"}`, status: 413, code: "TOO_LARGE"},
		{name: "deleting", method: http.MethodDelete, status: 405, code: "BAD_USER_INPUT", allow: "GET, POST"},
		{name: "query by GET", method: http.MethodGet, target: "?query=" + url.QueryEscape("{ __typename }"), status: 200},
		{name: "mutation by GET", method: http.MethodGet, target: "?query=" + url.QueryEscape("mutation { __typename }"), status: 405, code: "BAD_USER_INPUT", allow: "POST"},
	} {
		t.Run(each.name, func(t *testing.T) {
			t.Parallel()
			method := each.method
			if method == "" {
				method = http.MethodPost
			}
			request, err := http.NewRequestWithContext(t.Context(), method, h.url+each.target, strings.NewReader(each.body))
			must(t, err)
			request.Header.Set("Content-Type", "application/json")
			if each.contentType != "" {
				request.Header.Set("Content-Type", each.contentType)
			}
			for name, value := range map[string]string{"Accept": each.accept, "Content-Encoding": each.encoding} {
				if value != "" {
					request.Header.Set(name, value)
				}
			}
			response, err := http.DefaultClient.Do(request)
			must(t, err)
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			must(t, err)
			if response.StatusCode != each.status {
				t.Errorf("answered %d, want %d: %s", response.StatusCode, each.status, body)
			}
			if got := response.Header.Get("Content-Type"); each.media != "" && !strings.HasPrefix(got, each.media+";") {
				t.Errorf("answered %s, want %s", got, each.media)
			}
			if got := response.Header.Get("Allow"); got != each.allow {
				t.Errorf("allows %q, want %q", got, each.allow)
			}
			if got := response.Header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control is %q", got)
			}
			if !strings.Contains(response.Header.Get("Vary"), "Accept") {
				t.Error("the answer does not vary by Accept")
			}
			if got := codeOf(t, body); got != each.code {
				t.Errorf("code is %q, want %q: %.300s", got, each.code, body)
			}
			if strings.Contains(string(body), "secretword") || len(body) > 1000 {
				t.Errorf("the answer repeats the request: %.300s", body)
			}
		})
	}
}

// TestSlowBody sends half a body and waits: the request is refused with a word,
// whatever length it announced.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(h *house) { h.readTimeout = 300 * time.Millisecond })
	for _, length := range []string{"Content-Length: 1000", "Content-Length: 1000000", "Transfer-Encoding: chunked"} {
		t.Run(length, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
			must(t, err)
			defer conn.Close()
			must(t, conn.SetDeadline(poa.SystemClock{}.Now().Add(time.Minute)))
			_, err = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%s\r\n\r\n", length)
			must(t, err)
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			must(t, err)
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			must(t, err)
			if code := codeOf(t, body); response.StatusCode != http.StatusRequestTimeout || code != "BAD_USER_INPUT" {
				t.Errorf("answered %d, %s", response.StatusCode, body)
			}
		})
	}
}

// codeOf is the code of an answer's first error.
func codeOf(t *testing.T, body []byte) string {
	t.Helper()
	var answer struct {
		Errors []struct {
			Extensions struct{ Code string } `json:"extensions"`
		} `json:"errors"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("reading the answer %.200s: %v", body, err)
	}
	if len(answer.Errors) == 0 {
		return ""
	}
	return answer.Errors[0].Extensions.Code
}

func TestHostileQueries(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, each := range []struct{ name, query, code string }{
		{"7,000 aliases", "{" + numbered(7000, " a%d: __typename") + "}", "TOO_LARGE"},
		{"2,000 aliases", "{" + numbered(2000, " a%d: __typename") + "}", "BAD_USER_INPUT"}, // over the bound on tokens
		{"aliases", "{" + numbered(51, " a%d: __typename") + "}", "COMPLEXITY_LIMIT_EXCEEDED"},
		{"root fields", "{" + numbered(15, " a%d: viewer { kind }") + strings.Repeat(" viewer { kind }", 6) + "}", "COMPLEXITY_LIMIT_EXCEEDED"},
		{"the same field again and again", "{" + strings.Repeat(" __typename", 2900) + "}", "COMPLEXITY_LIMIT_EXCEEDED"},
		{"depth", "{ __schema { types " + strings.Repeat("{ fields { type ", 10) + "{ name }" + strings.Repeat("} }", 10) + "} }", "BAD_USER_INPUT"}, // the library's bound on introspection is lower
		{"depth by inline fragments", "{" + strings.Repeat("... on Query {", 400) + "__typename" + strings.Repeat("}", 401), ""},
		{"fragments that double", doubling(40), "COMPLEXITY_LIMIT_EXCEEDED"},
		{"fragments in a circle", "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }", "BAD_USER_INPUT"},
		{"large pages", "{ delegations(first: 100) { edges { node { " + numbered(20, " a%d: signedFileSha256") + " signedFile draftFile } } } }", "COMPLEXITY_LIMIT_EXCEEDED"},
		{"files of a page", "{ delegations(first: 10) { nodes { draftFile } } }", "COMPLEXITY_LIMIT_EXCEEDED"},
		{"page beyond the bound", "{ delegations(first: 101) { totalCount } }", "BAD_USER_INPUT"},
		{"depth 1,000", strings.Repeat("{ viewer ", 1000) + strings.Repeat("}", 1000), "BAD_USER_INPUT"},
		{"deep value", `{ node(id: ` + strings.Repeat("[", 1400) + strings.Repeat("]", 1400) + `) { id } }`, "BAD_USER_INPUT"},
		{"no such field", "{ password }", "BAD_USER_INPUT"},
		{"no such operation", "query a { __typename } query b { __typename }", "BAD_USER_INPUT"},
		{"introspection", introspection, ""},
	} {
		t.Run(each.name, func(t *testing.T) {
			t.Parallel()
			_, body := h.post("reception", "en", map[string]string{"query": each.query})
			if got := codeOf(t, body); got != each.code {
				t.Errorf("code is %q, want %q: %.300s", got, each.code, body)
			}
			if strings.Contains(string(body), "panic") || strings.Contains(string(body), ".go:") {
				t.Errorf("the answer shows the inside: %.300s", body)
			}
		})
	}
	if strings.Contains(h.log.String(), "panic") {
		t.Errorf("something panicked:\n%s", h.log)
	}
}

func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// doubling is a query of n fragments that each spread the next one twice.
func doubling(n int) string {
	var b strings.Builder
	b.WriteString("{ ...f0 }")
	for i := range n {
		fmt.Fprintf(&b, " fragment f%d on Query { ...f%d ...f%d }", i, i+1, i+1)
	}
	fmt.Fprintf(&b, " fragment f%d on Query { __typename }", n)
	return b.String()
}

// introspection is what clients' generators ask for.
const introspection = `query IntrospectionQuery { __schema { queryType { name } mutationType { name } subscriptionType { name }
  types { ...FullType } directives { name description locations args { ...InputValue } } } }
fragment FullType on __Type { kind name description
  fields(includeDeprecated: true) { name description args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
  inputFields { ...InputValue } interfaces { ...TypeRef } enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
  possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } }`

func TestSDL(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"type Query {", "validities(", "type Validity {", "enum ErrorCode {", "revokeDelegation("} {
		if !strings.Contains(graph.SDL(), name) {
			t.Errorf("the schema does not hold %q", name)
		}
	}
}
