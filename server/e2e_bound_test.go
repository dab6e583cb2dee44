// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"ininjo/poa"
)

func TestBodiesOverTheirBound(t *testing.T) {
	t.Parallel()
	d := running(t)
	delegator := d.signedIn(t, "delegator")
	t.Run("GraphQL", func(t *testing.T) {
		t.Parallel()
		got := do(t, d.as(t, d.json.Tokens["delegator"]), http.MethodPost, "/graphql", http.Header{"Content-Type": {"application/json"}},
			`{"query":"{ viewer { kind } }","variables":{"a":"`+strings.Repeat("a", 7<<20)+`"}}`)
		if got.status != http.StatusRequestEntityTooLarge || !strings.Contains(string(got.body), "TOO_LARGE") || len(got.body) > 1000 {
			t.Errorf("answered %d, %.300s", got.status, got.body)
		}
	})
	t.Run("a form", func(t *testing.T) {
		t.Parallel()
		got := do(t, delegator, http.MethodPost, "/delegations/new", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, "powers="+strings.Repeat("a", 600<<10))
		if got.status != http.StatusRequestEntityTooLarge || len(got.body) > 100_000 {
			t.Errorf("answered %d with %d bytes", got.status, len(got.body))
		}
	})
	t.Run("a file", func(t *testing.T) {
		t.Parallel()
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		part, err := form.CreateFormFile("signedFile", "a.p7m")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write(make([]byte, poa.MaxFile+1<<20))
		if err := form.Close(); err != nil {
			t.Fatal(err)
		}
		got := do(t, delegator, http.MethodPost, "/delegations/"+d.json.Delegations["valid"]+"/file", http.Header{"Content-Type": {form.FormDataContentType()}}, body.String())
		if got.status < 400 || got.status >= 500 {
			t.Errorf("answered %d", got.status)
		}
	})
	t.Run("a header", func(t *testing.T) {
		t.Parallel()
		got := get(t, d.as(t, ""), "/", http.Header{"X-Long": {strings.Repeat("a", 100<<10)}})
		if got.status != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("answered %d", got.status)
		}
	})
	t.Run("an operation", func(t *testing.T) {
		t.Parallel()
		recipient := d.as(t, d.json.Tokens["recipient"])
		var aliases strings.Builder
		for i := range 200 {
			fmt.Fprintf(&aliases, " a%d: __typename", i)
		}
		for text, want := range map[string]string{
			"{" + aliases.String() + " }":                                         "COMPLEXITY_LIMIT_EXCEEDED",
			`{ delegations(first: 101) { nodes { id } } }`:                        "BAD_USER_INPUT",
			"{ " + strings.Repeat("viewer { ", 3) + strings.Repeat("} ", 3) + "}": "",
		} {
			if got := graphQL(t, recipient, text, nil); got.code() == "INTERNAL" || want != "" && got.code() != want {
				t.Errorf("%.80s: %.300s", text, got.text)
			}
		}
	})
}

// TestSlowPeers sends a request and stops in its middle: the service ends the
// connection, by the same limits as it serves with, shortened here.
func TestSlowPeers(t *testing.T) {
	t.Parallel()
	server := newHTTPServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("reading a slow body: %v", err)
			}
			w.WriteHeader(http.StatusRequestTimeout)
		}
	}))
	for name, limit := range map[string]time.Duration{"headers": server.ReadHeaderTimeout, "reading": server.ReadTimeout, "writing": server.WriteTimeout, "idling": server.IdleTimeout} {
		if limit <= 0 || limit > 2*time.Minute {
			t.Errorf("the limit of %s is %v", name, limit)
		}
	}
	server.ReadHeaderTimeout, server.ReadTimeout = 200*time.Millisecond, 400*time.Millisecond
	slow := httptest.NewUnstartedServer(nil)
	slow.Config = server
	slow.Start()
	t.Cleanup(slow.Close)
	for name, part := range map[string]string{
		"nothing": "", "half a header": "POST / HTTP/1.1\r\nHost: x\r\nContent-Le", "half a body": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", slow.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.SetDeadline(machineClock.Now().Add(20 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(conn, part); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(conn); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the service held the connection")
			}
		})
	}
}
