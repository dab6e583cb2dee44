// SPDX-License-Identifier: Apache-2.0

package graph_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ininjo/graph"
	"ininjo/poa"
)

// answered is an answer without what differs from one inquiry to the next.
var (
	inquiryID = regexp.MustCompile(`inq_[0-9a-hj-km-np-tv-z]{26}`)
	compact   = regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`)
)

func answered(body []byte) string {
	return compact.ReplaceAllString(inquiryID.ReplaceAllString(string(body), "inq"), "jws")
}

// bothWays asks the same twice: as it is, by the plan once the text is known,
// and with a member that only the long way reads. The answers are equal, byte
// for byte. So are those of the direct way, which answers at the first sending
// what it answers at a later one.
func (s *script) bothWays(t failer, token, language string, members map[string]any) string {
	t.Helper()
	lean, err := json.Marshal(members)
	if err != nil {
		t.Fatalf("%v", err)
	}
	long := append(slices.Clone(lean[:len(lean)-1]), `,"extensions":{}}`...)
	first, firstStatus, firstBody := s.direct(token, language, lean)
	s.send(token, language, lean)
	leanStatus, leanBody := s.send(token, language, lean)
	status, body := s.send(token, language, long)
	if leanStatus != status || answered(leanBody) != answered(body) {
		t.Fatalf("%s\nthe plan: %d %s\nthe executor: %d %s", lean, leanStatus, leanBody, status, body)
	}
	later, laterStatus, laterBody := s.direct(token, language, lean)
	if first != later || first && (firstStatus != status || answered(firstBody) != answered(body) || laterStatus != status || answered(laterBody) != answered(body)) {
		t.Fatalf("%s\nat first: %v %d %s\nlater: %v %d %s\nthe executor: %d %s", lean, first, firstStatus, firstBody, later, laterStatus, laterBody, status, body)
	}
	return string(body)
}

// failer is a test of either kind.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// everyField is every field of an answer, receipt apart.
const everyField = "__typename delegationId status reason asOf knownAt answeredAt inquiryId documentMatches delegateMatches validFrom validThrough version signatureVerifiedAt qualification { __typename qualification standing verifiedAt }"

func TestPlansAnswerAsTheExecutor(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.play("testdata/accepted.txtar", false)
	known, token := s.kept["first"], s.kept["token"]
	const all = "query Q($id: ID!, $document: String, $certificate: String, $nonce: String, $at: DateTime) { validity(delegationId: $id, documentSha256: $document, delegateCertificateSha256: $certificate, nonce: $nonce, at: $at) { "
	for name, each := range map[string]struct {
		token, query string
		variables    map[string]any
		operation    string
	}{
		"every field":             {token, all + everyField + " } }", map[string]any{"id": known}, ""},
		"receipt":                 {token, all + "status receipt } }", map[string]any{"id": known, "nonce": "n-1"}, "Q"},
		"unknown":                 {token, all + everyField + " } }", map[string]any{"id": string(poa.NewDelegationID())}, ""},
		"mistyped":                {token, all + everyField + " } }", map[string]any{"id": "<&>\u2028\"\\\n\t\x01 委任 mistyped"}, ""},
		"mistyped without escape": {token, all + everyField + " } }", map[string]any{"id": "委任<>&"}, ""},
		"a number for an ID":      {token, all + "delegationId } }", map[string]any{"id": 12}, ""},
		"null for an ID":          {token, all + "delegationId } }", map[string]any{"id": nil}, ""},
		"no ID":                   {token, all + "delegationId } }", map[string]any{}, ""},
		"no variables":            {token, all + "delegationId } }", nil, ""},
		"a list for an ID":        {token, all + "delegationId } }", map[string]any{"id": []string{known}}, ""},
		"digest compared":         {token, all + "documentMatches delegateMatches } }", map[string]any{"id": known, "document": strings.Repeat("0", 64), "certificate": strings.Repeat("f", 64)}, ""},
		"digest of a wrong form":  {token, all + "documentMatches } }", map[string]any{"id": known, "document": "00", "nonce": strings.Repeat("n", 129)}, ""},
		"of the past":             {token, all + everyField + " } }", map[string]any{"id": known, "at": "2026-06-01T00:00:00Z"}, ""},
		"null for the moment":     {token, all + "status } }", map[string]any{"id": known, "at": nil, "nonce": nil}, ""},
		"a foreign variable":      {token, all + "status } }", map[string]any{"id": known, "other": "x"}, ""},
		"another operation":       {token, all + "status } }", map[string]any{"id": known}, "R"},
		"under other names":       {token, "query ($id: ID!) { mine: validity(delegationId: $id) { how: status status at: asOf } }", map[string]any{"id": known}, ""},
		"the same field twice":    {token, "query ($id: ID!) { validity(delegationId: $id) { status status } }", map[string]any{"id": known}, ""},
		"a directive":             {token, "query ($id: ID!, $with: Boolean!) { validity(delegationId: $id) { status asOf @include(if: $with) } }", map[string]any{"id": known, "with": false}, ""},
		"two questions":           {token, "query ($id: ID!) { validity(delegationId: $id) { status } other: validity(delegationId: $id) { status } }", map[string]any{"id": known}, ""},
		"a fragment":              {token, "query ($id: ID!) { validity(delegationId: $id) { ...f } } fragment f on Validity { status }", map[string]any{"id": known}, ""},
		"a default":               {token, `query ($id: ID = "mistyped") { validity(delegationId: $id) { status } }`, map[string]any{}, ""},
		"the ID in the text":      {token, `query { validity(delegationId: "` + known + `") { status } }`, nil, ""},
		"many":                    {token, "query ($ids: [ID!]!) { validities(delegationIds: $ids) { " + everyField + " } }", map[string]any{"ids": []string{known, "mistyped", string(poa.NewDelegationID()), known}}, ""},
		"none":                    {token, "query ($ids: [ID!]!) { validities(delegationIds: $ids) { status } }", map[string]any{"ids": []string{}}, ""},
		"one for a list":          {token, "query ($ids: [ID!]!) { validities(delegationIds: $ids) { status } }", map[string]any{"ids": known}, ""},
		"null in a list":          {token, "query ($ids: [ID!]!) { validities(delegationIds: $ids) { status } }", map[string]any{"ids": []any{nil}}, ""},
		"101":                     {token, "query ($ids: [ID!]!) { validities(delegationIds: $ids) { status } }", map[string]any{"ids": slices.Repeat([]string{known}, 101)}, ""},
		"many receipts":           {token, "query ($ids: [ID!]!) { validities(delegationIds: $ids) { status receipt } }", map[string]any{"ids": []string{known, known}}, ""},
		"no token":                {"", all + "status } }", map[string]any{"id": known}, ""},
		"a foreign token":         {"inj_live_foreign", all + "status } }", map[string]any{"id": known}, ""},
		"a token for reading":     {s.kept["reading"], all + "status } }", map[string]any{"id": known}, ""},
	} {
		for _, language := range []string{"ja", "en"} {
			t.Run(name+" "+language, func(t *testing.T) {
				members := map[string]any{"query": each.query}
				if each.variables != nil {
					members["variables"] = each.variables
				}
				if each.operation != "" {
					members["operationName"] = each.operation
				}
				if body := s.bothWays(t, each.token, language, members); strings.Contains(body, "INTERNAL") {
					t.Error(body)
				}
			})
		}
	}
	s.data.Clock.Advance(1)
	rapid.Check(t, func(t *rapid.T) { s.drawnBothWays(t, known, token) })
}

// drawnBothWays asks for any fields under any names of any IDs.
func (s *script) drawnBothWays(t *rapid.T, known, token string) {
	fields := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"__typename", "delegationId", "status", "reason", "asOf", "knownAt", "answeredAt", "inquiryId", "documentMatches",
		"delegateMatches", "validFrom", "validThrough", "version", "signatureVerifiedAt", "qualification { verifiedAt standing }", "receipt"}), 1, 12, rapid.ID[string]).Draw(t, "fields")
	for i := range fields {
		if rapid.Bool().Draw(t, "renamed") {
			fields[i] = fmt.Sprintf("a%d: %s", i, fields[i])
		}
	}
	id := rapid.OneOf(rapid.Just(known), rapid.Just(strings.ToLower(strings.ReplaceAll(known, "-", ""))), rapid.String())
	variables := map[string]any{}
	query := "query ($ids: [ID!]!) { validities(delegationIds: $ids) { "
	if rapid.Bool().Draw(t, "many") {
		variables["ids"] = rapid.SliceOfN(id, 0, 4).Draw(t, "ids")
	} else {
		query = "query ($id: ID!, $nonce: String) { v: validity(delegationId: $id, nonce: $nonce) { "
		variables["id"] = id.Draw(t, "id")
		if rapid.Bool().Draw(t, "with nonce") {
			variables["nonce"] = rapid.String().Draw(t, "nonce")
		}
	}
	s.bothWays(t, token, "ja", map[string]any{"query": query + strings.Join(fields, " ") + " } }", "variables": variables})
}

// TestFirstSendings are answered directly where a plan answers, and else not begun:
// nothing is counted of them.
func TestFirstSendings(t *testing.T) {
	t.Parallel()
	s := newScript(t, func(h *house) { h.rates = poa.Rates{PerMinute: 10} })
	s.play("testdata/accepted.txtar", false)
	body := func(query string) []byte {
		text, err := json.Marshal(map[string]any{"query": query, "variables": map[string]string{"id": s.kept["first"]}})
		must(t, err)
		return text
	}
	const status = "query ($id: ID!) { validity(delegationId: $id) { status } }"
	if answered, _, got := s.direct(s.kept["token"], "ja", body(status)); !answered || !strings.Contains(string(got), `"VALID"`) {
		t.Errorf("%v: %s", answered, got)
	}
	for name, query := range map[string]string{
		"another field":          "query ($id: ID!) { delegation(id: $id) { status } }",
		"no such field":          "query ($id: ID!) { validity(delegationId: $id) { password } }",
		"a field inside a value": "query ($id: ID!) { validity(delegationId: $id) { status { standing } } }",
		"no such argument":       "query ($id: ID!) { validity(id: $id) { status } }",
		"another type":           "query ($id: [ID!]!) { validity(delegationId: $id) { status } }",
		"a spread of nothing":    "query ($id: ID!) { validity(delegationId: $id) { ...nothing } }",
		"depth":                  "query ($id: ID!) { validity(delegationId: $id) " + strings.Repeat("{ qualification ", 90) + strings.Repeat("}", 91),
		"many names":             "query ($id: ID!) { validity(delegationId: $id) {" + numbered(51, " a%d: status") + "} }",
		"a long text":            status + strings.Repeat(" ", 2<<10),
		"no syntax":              "query ($id: ID!) { validity(delegationId: $id) { status }",
		"nothing":                " ",
	} {
		if answered, _, got := s.direct(s.kept["token"], "ja", body(query)); answered {
			t.Errorf("%s is answered: %s", name, got)
		}
	}
	if _, _, got := s.direct(s.kept["token"], "ja", body(status)); !strings.Contains(string(got), `"VALID"`) {
		t.Error(string(got))
	}
	if _, left := s.send(s.kept["token"], "ja", body("query { rateLimit { used } }")); !strings.Contains(string(left), `"used":3`) {
		t.Errorf("counted: %s", left)
	}
}

func TestPlansWithoutAKey(t *testing.T) {
	t.Parallel()
	s := newScript(t, func(h *house) { h.unsigned = true })
	s.play("testdata/accepted.txtar", false)
	body := s.bothWays(t, s.kept["token"], "ja", map[string]any{"query": "query ($id: ID!) { validity(delegationId: $id) { status signed: receipt asOf } }", "variables": map[string]string{"id": s.kept["first"]}})
	if !strings.Contains(body, `"signed":null`) || !strings.Contains(body, "SIGNING_UNAVAILABLE") || !strings.Contains(body, "VALID") {
		t.Error(body)
	}
}

func TestPlansOfAnybody(t *testing.T) {
	t.Parallel()
	s := newScript(t, func(h *house) { h.registration = poa.RegistrationNone })
	many := "query ($ids: [ID!]!) { validities(delegationIds: $ids) { status } }"
	for _, n := range []int{1, 10, 11} {
		body := s.bothWays(t, "", "ja", map[string]any{"query": many, "variables": map[string]any{"ids": slices.Repeat([]string{string(poa.NewDelegationID())}, n)}})
		if strings.Contains(body, "TOO_MANY") != (n > poa.MaxAnonymousInquiries) {
			t.Errorf("%d: %s", n, body)
		}
	}
}

func TestTrustedDocuments(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.play("testdata/accepted.txtar", false)
	token, id := s.kept["token"], map[string]any{"delegationId": s.kept["first"]}
	text := graph.BuiltInDocuments()["validity_status.graphql"]
	bare := strings.TrimSpace(text)
	for _, each := range []struct {
		name    string
		members map[string]any
		status  int
		code    string
	}{
		{"by its hash", map[string]any{"documentId": "sha256:" + hexOf(text), "variables": id}, 200, ""},
		{"without the white space around it", map[string]any{"documentId": "sha256:" + hexOf(bare), "variables": id}, 200, ""},
		{"as Apollo names it", map[string]any{"extensions": map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": hexOf(bare)}}, "variables": id}, 200, ""},
		{"with its text", map[string]any{"documentId": "sha256:" + hexOf(bare), "query": bare, "variables": id}, 200, ""},
		{"a free query with its own hash", map[string]any{"extensions": map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": hexOf("{ __typename }")}}, "query": "{ __typename }"}, 200, ""},
		{"with another text", map[string]any{"documentId": "sha256:" + hexOf(bare), "query": "{ __typename }"}, 400, "BAD_USER_INPUT"},
		{"unknown", map[string]any{"documentId": "sha256:" + hexOf("x"), "variables": id}, 400, "PERSISTED_QUERY_NOT_FOUND"},
		{"of another form", map[string]any{"documentId": hexOf(bare), "variables": id}, 400, "PERSISTED_QUERY_NOT_FOUND"},
		{"unknown to Apollo", map[string]any{"extensions": map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": hexOf("x")}}}, 400, "PERSISTED_QUERY_NOT_FOUND"},
	} {
		t.Run(each.name, func(t *testing.T) {
			status, body := s.post(token, "en", each.members)
			if got := codeOf(t, body); status != each.status || got != each.code {
				t.Errorf("%d %s", status, body)
			}
			if each.members["variables"] != nil && each.code == "" && string(body) != `{"data":{"validity":{"status":"VALID"}}}` {
				t.Errorf("%s", body)
			}
		})
	}
	for name, document := range graph.BuiltInDocuments() {
		variables := id
		if strings.Contains(document, "$delegationIds") {
			variables = map[string]any{"delegationIds": []any{s.kept["first"], s.kept["first"]}}
		}
		byHash, byText := map[string]any{"documentId": "sha256:" + hexOf(document), "variables": variables}, map[string]any{"query": document, "variables": variables}
		_, first := s.post(token, "ja", byHash)
		if second := s.bothWays(t, token, "ja", byText); answered(first) != answered([]byte(second)) || !strings.Contains(second, `"VALID"`) {
			t.Errorf("%s: %s", name, first)
		}
	}
}

func TestDocumentsAreChecked(t *testing.T) {
	t.Parallel()
	for text, fault := range map[string]string{
		"{ password }": "password",
		"{ validity(":  "Expected",
		"{" + numbered(51, " a%d: __typename") + "}": "more than one request may",
	} {
		_, err := graph.NewDocuments(map[string]string{"mine.graphql": text}, graph.Limits{})
		if err == nil || !strings.Contains(err.Error(), "mine.graphql") || !strings.Contains(err.Error(), fault) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := graph.NewDocuments(nil, graph.Limits{}); err != nil {
		t.Error(err)
	}
}

func hexOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
