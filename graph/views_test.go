// SPDX-License-Identifier: Apache-2.0

package graph_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"ininjo/poa"
)

// What a field of Query may answer to somebody.
const (
	shows   = "data" // something of the parties or of the log
	nothing = "null"
	empty   = "empty" // a list without entries, or a viewer who is nobody
	refuses = "FORBIDDEN"
	asks    = "UNAUTHENTICATED"
	public  = "public"
)

// everybody are the columns of the table of views: the two delegators, the
// recipient, its tokens for reading and for validity alone, the delegate by
// the link, the six roles of staff, and anyone.
var everybody = []string{"anyone", "delegator", "other", "recipient", "reading", "validity", "delegate", "owner", "manager", "operator", "reception", "auditor", "maintainer"}

// view is a row: a query, and what it answers to whom.
type view struct {
	query string
	// to are the answers by column; otherwise is that of the columns left out.
	to        map[string]string
	otherwise string
}

// seesAll is what a field of parties shows: all to the roles that need it.
func seesAll(query, otherwise string, own ...string) view {
	to := map[string]string{"anyone": asks, "validity": refuses, "owner": shows, "manager": shows, "reception": shows}
	for _, who := range own {
		to[who] = shows
	}
	return view{query: query, to: to, otherwise: otherwise}
}

// views are design.md's rule 11, field by field.
var views = map[string]view{
	"rateLimit":   {query: `rateLimit { limit cost remaining used resetAt }`, otherwise: nothing}, // the houses of these tests bound nobody
	"delegation":  seesAll(`delegation(id: "${first}") { id mandator { name } delegate { name } powers }`, nothing, "delegator", "delegate"),
	"delegations": seesAll(`delegations { nodes { id mandator { name } } }`, empty, "delegator"),
	"delegator":   seesAll(`delegator(id: "${delegator}") { id name representative { name } }`, nothing, "delegator"),
	"delegators":  seesAll(`delegators { nodes { id name representative { name } } }`, empty, "delegator", "other"),
	"recipient":   seesAll(`recipient(id: "${recipient}") { id name filer }`, nothing, "recipient", "reading"),
	"recipients":  seesAll(`recipients { nodes { id name filer } }`, empty, "recipient", "reading"),
	"node": {query: `node(id: "${endpoint}") { id ... on WebhookEndpoint { url } }`, otherwise: nothing,
		to: map[string]string{"anyone": asks, "validity": refuses, "recipient": shows, "reading": shows}},
	"viewer": {query: `viewer { delegator { name } recipient { name } delegation { mandator { name } } endpoints { url } tokens { name } watches { delegationId } }`, otherwise: empty,
		to: map[string]string{"validity": refuses, "delegator": shows, "other": shows, "recipient": shows, "reading": shows, "delegate": shows}},
	"auditEvents": {query: `auditEvents(first: 100) { nodes { action subjectId } }`, otherwise: refuses,
		to: map[string]string{"anyone": asks, "auditor": shows, "manager": shows}},
	"evidence": {query: `evidence(delegationId: "${first}") { format bundle }`, otherwise: refuses,
		to: map[string]string{"anyone": asks, "delegator": shows, "reception": shows, "auditor": shows, "other": nothing, "recipient": nothing, "reading": nothing, "delegate": nothing}},
	// The validity read takes tokens alone; signed-in names are none to it.
	"validity":     {query: `validity(delegationId: "${first}") { status }`, otherwise: asks, to: map[string]string{"validity": public, "reading": refuses}},
	"validities":   {query: `validities(delegationIds: ["${first}"]) { status }`, otherwise: asks, to: map[string]string{"validity": public, "reading": refuses}},
	"published":    {query: `published { nodes { title } }`, otherwise: public},
	"termsInForce": {query: `termsInForce { title }`, otherwise: public},
	// A public key is nobody's data: it counts as empty of personal data.
	"webhookKeys": {query: `webhookKeys { publicKey }`, otherwise: empty},
	// An enum is neither a title nor a status: it counts as empty of personal data.
	"recipientRegistration": {query: `recipientRegistration`, otherwise: empty},
}

// personal are texts of the parties that only shows may hold.
var personal = []string{"山田", "やまだ", "ほか商店", "高橋", "佐藤", "見本銀行", "partner.example", "enrollment.applied", "基幹システム", "電子入札"}

func TestViews(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.play("testdata/accepted.txtar", false)
	s.enrolOther()
	tokens := map[string]string{"anyone": "", "validity": s.kept["token"], "reading": s.kept["reading"], "delegate": s.kept["linkA"]}
	for field, row := range views {
		for _, who := range everybody {
			t.Run(field+" to "+who, func(t *testing.T) {
				token, special := tokens[who]
				if !special {
					token = who
				}
				want, listed := row.to[who]
				if !listed {
					want = row.otherwise
				}
				_, body := s.post(token, "ja", map[string]string{"query": "{ " + s.fill(row.query) + " }"})
				got := outcome(t, field, body)
				if got != want {
					t.Errorf("answers %s, want %s: %.400s", got, want, body)
				}
			})
		}
	}
}

// outcome tells what kind of answer a field gave.
func outcome(t *testing.T, field string, body []byte) string {
	t.Helper()
	holds := slices.ContainsFunc(personal, func(word string) bool { return strings.Contains(string(body), word) })
	holds = holds || strings.Contains(string(body), `"bundle"`) // base64, but of both people
	if code := codeOf(t, body); code != "" && !holds {
		return code
	}
	var answer struct{ Data map[string]json.RawMessage }
	must(t, json.Unmarshal(body, &answer))
	text := string(answer.Data[field])
	switch {
	case holds:
		return shows
	case strings.Contains(text, `"title"`) || strings.Contains(text, `"status"`):
		return public
	case text == "null":
		return nothing
	}
	return empty
}

// enrolOther is a second delegator, who has nothing to do with the first.
func (s *script) enrolOther() {
	s.tb.Helper()
	s.data.Clock.Advance(time.Second) // it is the newest, whatever its ID
	input := fmt.Sprintf(`{"idempotencyKey": "other", "kind": "SOLE_PROPRIETOR", "name": "ほか商店", "address": "京都府京都市中京区１",
		"representative": {"title": "店主", "name": "高橋　四郎", "address": "京都府京都市中京区２", "telephone": "075-000-0000", "birthDate": "1980-01-01"},
		"email": "other@example.jp", "termsId": %q, "consent": true}`, s.kept["terms"])
	var variables map[string]any
	must(s.tb, json.Unmarshal([]byte(`{"input": `+input+`}`), &variables))
	_, body := s.post("", "ja", map[string]any{"query": `mutation($input: RegisterDelegatorInput!) { registerDelegator(input: $input) { delegator { id } errors { code } } }`, "variables": variables})
	if !strings.Contains(string(body), `"errors":[]`) {
		s.tb.Fatalf("registering: %s", body)
	}
	s.signIn("other", "other@example.jp")
}

// askForChange has the recipient ask for another name, and reception ask back.
func (s *script) askForChange() {
	s.tb.Helper()
	_, body := s.post("recipient", "ja", map[string]string{"query": `mutation { requestChange(input: {idempotencyKey: "asked", fields: [{field: NAME, value: "株式会社あらた"}], reason: "商号変更"}) { change { id } errors { code } } }`})
	if !strings.Contains(string(body), `"errors":[]`) {
		s.tb.Fatalf("asking for a change: %s", body)
	}
	s.kept["change"] = s.data.Text(s.tb, "SELECT id FROM changes")
	must(s.tb, s.enrollment.AskParty(s.tb.Context(), s.actors["reception"], poa.AskInput{IdempotencyKey: "asked back", SubjectID: s.kept["change"], Text: "議事録はありますか"}))
	s.kept["question"] = s.data.Text(s.tb, "SELECT id FROM questions")
}

// TestViewsAreOfEveryField wants a row for every field of Query: one that is
// added must say who sees it.
func TestViewsAreOfEveryField(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, body := h.post("", "ja", map[string]string{"query": `{ __type(name: "Query") { fields { name } } }`})
	var answer struct {
		Data struct {
			Type struct{ Fields []struct{ Name string } } `json:"__type"`
		}
	}
	must(t, json.Unmarshal(body, &answer))
	var fields []string
	for _, f := range answer.Data.Type.Fields {
		fields = append(fields, f.Name)
	}
	slices.Sort(fields)
	if rows := slices.Sorted(maps.Keys(views)); !slices.Equal(rows, fields) {
		t.Errorf("the table has rows for %v, the schema has %v", rows, fields)
	}
}
