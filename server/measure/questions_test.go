// SPDX-License-Identifier: Apache-2.0

package measure_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ininjo/poa"
)

// The documents that the program is asked.
const (
	documentStatus  = `query Status($id: ID!) { validity(delegationId: $id) { status } }`
	documentReceipt = `query Receipt($id: ID!) { validity(delegationId: $id) { status receipt } }`
	documentBatch   = `query Batch($ids: [ID!]!) { validities(delegationIds: $ids) { status } }`
)

// batch is how many delegations one question of a batch names.
const batch = 100

// free asks by the query's text, with the ID as a variable.
func (w *world) free(c *contestant, name, document string) question {
	return ask(name, c.base, "/graphql", w.token, body(document, map[string]any{"id": placeholder}))
}

// written asks with the ID written into the query's text, as those do who put
// texts together.
func (w *world) written(c *contestant, name string) question {
	return ask(name, c.base, "/graphql", w.token, body(`{ validity(delegationId: "`+placeholder+`") { status } }`, nil))
}

// many asks about a hundred delegations at once.
func (w *world) many(c *contestant, name string) question {
	ids := strings.Split(strings.Repeat(placeholder+" ", batch-1)+placeholder, " ")
	return ask(name, c.base, "/graphql", w.token, body(documentBatch, map[string]any{"ids": ids}))
}

func body(query string, variables map[string]any) string {
	text, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		panic(err) // strings and maps of them
	}
	return string(text)
}

// trusted asks by the ID of the built-in document that asks for the status. It is
// false where the program knows none.
func (w *world) trusted(c *contestant, name string) (question, bool) {
	text, err := os.ReadFile(filepath.Join("..", "..", "graph", "documents", "validity_status.graphql"))
	if err != nil {
		return question{}, false
	}
	id := sha256.Sum256(bytes.TrimSpace(text))
	q := ask(name, c.base, "/graphql", w.token, fmt.Sprintf(`{"documentId":"sha256:%x","variables":{"delegationId":"%s"}}`, id, placeholder))
	return q, w.answers(q)
}

// status asks for the status as cheaply as the program lets one: by the trusted
// document, or by a free query where it knows none.
func (w *world) status(c *contestant, name string) question {
	if q, known := w.trusted(c, name); known {
		return q
	}
	return w.free(c, name, documentStatus)
}

// answers reports whether a question is answered as it should be.
func (w *world) answers(q question) bool {
	r := &runner{question: q, asked: w.asked}
	p, err := newPeer(q.addr)
	if err != nil {
		return false
	}
	defer p.close()
	body, err := p.exchange(q.about(w.ids[0]))
	return err == nil && r.judge(body, 0) == nil
}

// about is the request about one delegation.
func (q question) about(id poa.DelegationID) []byte {
	wire := slices.Clone(q.wire)
	for _, at := range q.at {
		copy(wire[at:], id)
	}
	return wire
}

// ofFloor asks the floor.
func (w *world) ofFloor(c *contestant, name string) question {
	return ask(name, c.base, "/validity", "", `{"delegationId":"`+placeholder+`"}`)
}

// ofPostgraphile asks PostGraphile for the same row.
func (w *world) ofPostgraphile(c *contestant, name string) question {
	q := ask(name, c.base, "/graphql", "", body(`query Status($id: String!) { projectionByDelegationId(delegationId: $id) { finalKind validFrom validThrough } }`,
		map[string]any{"id": placeholder}))
	q.valid, q.revoked = `"finalKind":null`, `"finalKind":"REVOKED"`
	return q
}

// TestJudge breaks answers to see that the load generator notices.
func TestJudge(t *testing.T) {
	t.Parallel()
	q := ask("", "http://x", "/", "", placeholder)
	r := &runner{question: q}
	for text, wrong := range map[string]bool{
		`{"data":{"validity":{"status":"VALID"}}}`:            false,
		`{"data":{"validity":{"status":"REVOKED"}}}`:          true,
		`{"errors":[{"extensions":{"code":"RATE_LIMITED"}}]}`: true,
		`{"data":[{"status":"VALID"},{"status":"VALID"}]}`:    true,
		`{"data":[{"status":"VALID"},{"status":"REVOKED"}]}`:  true,
		``: true,
	} {
		if err := r.judge([]byte(text), 0); (err != nil) != wrong {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := r.judge([]byte(`"status":"REVOKED"`), 9); err != nil {
		t.Error(err)
	}
	if got, err := joined([]byte("3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n")); string(got) != "abc0123456789" || err != nil {
		t.Errorf("joined %q, %v", got, err)
	}
}
