// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// answer is what an HTTP request got.
type answer struct {
	status int
	header http.Header
	body   []byte
	// at is where redirects led to.
	at *url.URL
}

func get(t *testing.T, c *client, path string, header http.Header) answer {
	t.Helper()
	return do(t, c, http.MethodGet, path, header, "")
}

// do sends one request, with the client's token and cookies.
func do(t *testing.T, c *client, method, path string, header http.Header, body string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, c.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		request.Header[http.CanonicalHeaderKey(name)] = values
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{status: response.StatusCode, header: response.Header, body: read, at: response.Request.URL}
}

// submit sends a form, as a browser does from a page of the same site.
func submit(t *testing.T, c *client, path string, form url.Values) answer {
	t.Helper()
	return do(t, c, http.MethodPost, path, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"same-origin"}}, form.Encode())
}

// reply is an answer of GraphQL.
type reply struct {
	status int
	Data   map[string]json.RawMessage `json:"data"`
	Errors []struct {
		Message    string         `json:"message"`
		Path       []any          `json:"path"`
		Extensions map[string]any `json:"extensions"`
	} `json:"errors"`
	text string
}

// code is the code of the first error at the top, or empty.
func (r reply) code() string {
	if len(r.Errors) == 0 {
		return ""
	}
	code, _ := r.Errors[0].Extensions["code"].(string)
	return code
}

// graphQL asks as any client would and keeps errors.
func graphQL(t *testing.T, c *client, text string, variables map[string]any) reply {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": text, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	got := do(t, c, http.MethodPost, "/graphql", http.Header{"Content-Type": {"application/json"}, "Accept": {"application/graphql-response+json"}}, string(body))
	r := reply{status: got.status, text: string(got.body)}
	if err := json.Unmarshal(got.body, &r); err != nil {
		t.Fatalf("%v: %s", err, got.body)
	}
	return r
}

// noRedirect returns the client with its cookies, staying where it is.
func noRedirect(c *client) *client {
	return &client{base: c.base, token: c.token, http: &http.Client{Jar: c.http.Jar, Timeout: c.http.Timeout, Transport: c.http.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}
