// SPDX-License-Identifier: Apache-2.0

package graph_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// events is a stream of server-sent events that is open.
type events struct {
	*http.Response
	lines *bufio.Scanner
}

// subscribe opens a stream with a query, as graphql-sse does in its distinct
// connections mode.
func (h *house) subscribe(t *testing.T, token, query string) *events {
	t.Helper()
	text, err := json.Marshal(map[string]string{"query": query})
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(text))
	must(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("Authorization", "Bearer "+token)
	if token == "" {
		request.Header.Del("Authorization")
	}
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	t.Cleanup(func() { response.Body.Close() })
	if got := response.Header.Get("Content-Type"); got != "text/event-stream; charset=utf-8" || response.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("answered %s, %s", got, response.Header.Get("Cache-Control"))
	}
	return &events{response, bufio.NewScanner(response.Body)}
}

// next returns the next event and its data; "" at the end.
func (e *events) next() (event, data string) {
	for e.lines.Scan() {
		name, value, _ := strings.Cut(e.lines.Text(), ":")
		switch name {
		case "event":
			event = strings.TrimSpace(value)
		case "data":
			data = strings.TrimSpace(value)
		}
		if e.lines.Text() == "" && event != "" {
			return event, data
		}
	}
	return "", ""
}

// wants wants the next event to hold all of the texts.
func (e *events) wants(t *testing.T, event string, texts ...string) string {
	t.Helper()
	got, data := e.next()
	if got != event {
		t.Errorf("came %q %s, want %q", got, data, event)
	}
	for _, text := range texts {
		if !strings.Contains(data, text) {
			t.Errorf("%s does not hold %s", data, text)
		}
	}
	return data
}

// tell numbers every change.
func (h *house) tell(t *testing.T) {
	t.Helper()
	for {
		n, err := h.notifier.Number(t.Context())
		must(t, err)
		if n == 0 {
			return
		}
	}
}

// does sends a mutation that must succeed.
func (s *script) does(t *testing.T, who, mutation string) {
	t.Helper()
	if _, body := s.post(who, "ja", map[string]string{"query": "mutation { " + s.fill(mutation) + " { errors { code } } }"}); !strings.Contains(string(body), `"errors":[]`) {
		t.Fatalf("%s: %s", mutation, body)
	}
}

const subscription = `subscription { events { cursor type sequence previous delegationId status } }`

func TestSubscriptions(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.play("testdata/accepted.txtar", false)
	s.does(t, "recipient", `watchDelegation(input: {idempotencyKey: "w", delegationId: "${first}"})`)
	s.tell(t)
	t.Run("who may not is told in the stream", func(t *testing.T) {
		for who, code := range map[string]string{"": "UNAUTHENTICATED", s.kept["token"]: "FORBIDDEN", "reception": "FORBIDDEN", s.kept["linkA"]: "FORBIDDEN", "injt_test_nothing": "UNAUTHENTICATED"} {
			e := s.subscribe(t, who, subscription)
			e.wants(t, "next", code)
			e.wants(t, "complete")
		}
	})
	t.Run("a query and what is wrong with one come by the stream as well", func(t *testing.T) {
		e := s.subscribe(t, "recipient", "{ viewer { kind } }")
		e.wants(t, "next", `"kind":"RECIPIENT"`)
		e.wants(t, "complete")
		e = s.subscribe(t, "recipient", "subscription { nothing }")
		e.wants(t, "next", "BAD_USER_INPUT")
		e.wants(t, "complete")
		e = s.subscribe(t, "recipient", `subscription { events(after: "nowhere") { cursor } }`)
		e.wants(t, "next", "INVALID")
		e.wants(t, "complete")
	})
	t.Run("one answer of JSON is not what a subscription asks for", func(t *testing.T) {
		status, body := s.post("recipient", "ja", map[string]string{"query": subscription})
		if status != http.StatusNotAcceptable {
			t.Errorf("answered %d %s", status, body)
		}
	})
	open, reading, delegator := s.subscribe(t, "recipient", subscription), s.subscribe(t, s.kept["reading"], subscription), s.subscribe(t, "delegator", subscription)
	delegator.wants(t, "next", `"type":"DELEGATION_ACCEPTED"`, `"sequence":1`, `"previous":0`)
	t.Run("a change comes to all who wait, each its own sequence", func(t *testing.T) {
		s.does(t, "delegator", `revokeDelegation(input: {idempotencyKey: "r", delegationId: "${first}"})`)
		s.tell(t)
		for _, e := range []*events{open, reading} {
			e.wants(t, "next", `"type":"DELEGATION_REVOKED"`, `"sequence":1`, `"status":"REVOKED"`, s.kept["first"])
		}
		delegator.wants(t, "next", `"type":"DELEGATION_REVOKED"`, `"sequence":2`)
	})
	t.Run("a withdrawn token ends its stream, and no other", func(t *testing.T) {
		s.data.Exec(t, "UPDATE api_tokens SET revoked_at = created_at WHERE scope = 'READ'")
		reading.wants(t, "next", "UNAUTHENTICATED")
		reading.wants(t, "complete")
	})
	t.Run("from a cursor it goes on", func(t *testing.T) {
		_, body := s.post("delegator", "ja", map[string]string{"query": `{ viewer { events(first: 1) { nodes { cursor } } } }`})
		cursor := strings.Split(strings.SplitAfter(string(body), `"cursor":"`)[1], `"`)[0]
		e := s.subscribe(t, "delegator", fmt.Sprintf(`subscription { events(after: %q) { sequence } }`, cursor))
		e.wants(t, "next", `"sequence":2`)
	})
	t.Run("where the process stops the stream ends and is not complete", func(t *testing.T) {
		s.bell.Close()
		if event, data := open.next(); event != "" {
			t.Errorf("came %s %s", event, data)
		}
	})
}

func TestEvents(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.play("testdata/accepted.txtar", false)
	s.does(t, "recipient", `watchDelegation(input: {idempotencyKey: "w", delegationId: "${first}"})`)
	s.does(t, "delegator", `revokeDelegation(input: {idempotencyKey: "r", delegationId: "${first}"})`)
	s.tell(t)
	ask := func(who, query string) string {
		_, body := s.post(who, "ja", map[string]string{"query": s.fill(query)})
		return string(body)
	}
	page := ask("delegator", `{ viewer { events(first: 1) { edges { cursor node { cursor type timestamp delegationId status version effectiveAt stream sequence previous } } pageInfo { hasNextPage hasPreviousPage endCursor } stream head } } }`)
	for _, want := range []string{`"head":2`, `"hasNextPage":true`, `"hasPreviousPage":false`, `"type":"DELEGATION_ACCEPTED"`, `"sequence":1`} {
		if !strings.Contains(page, want) {
			t.Errorf("%s does not hold %s", page, want)
		}
	}
	cursor := strings.Split(strings.SplitAfter(page, `"endCursor":"`)[1], `"`)[0]
	if page = ask("delegator", fmt.Sprintf(`{ viewer { events(after: %q) { nodes { type sequence } pageInfo { hasNextPage hasPreviousPage } } } }`, cursor)); !strings.Contains(page, `"type":"DELEGATION_REVOKED","sequence":2`) || !strings.Contains(page, `"hasNextPage":false,"hasPreviousPage":true`) {
		t.Error(page)
	}
	if page = ask("recipient", fmt.Sprintf(`{ viewer { events(after: %q) { head } } }`, cursor)); !strings.Contains(page, "STREAM_CHANGED") {
		t.Errorf("another party's cursor: %s", page)
	}
	if page = ask("reception", `{ viewer { events { head nodes { type } } } }`); !strings.Contains(page, `"events":{"head":0,"nodes":[]}`) {
		t.Errorf("staff: %s", page)
	}
	const ends = `delegation(id: "${first}") { endNotices { type recipients told acknowledged named { name } } }`
	for who, want := range map[string]string{"delegator": `"recipients":1`, "reception": `"recipients":1`, "owner": `"recipients":1`, s.kept["linkA"]: `null`, "recipient": `"delegation":null`, "auditor": `"delegation":null`} {
		if page = ask(who, "{ "+ends+" }"); !strings.Contains(page, want) {
			t.Errorf("%s sees %s", who, page)
		}
	}
}
