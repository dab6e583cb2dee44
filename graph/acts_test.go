// SPDX-License-Identifier: Apache-2.0

package graph_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ininjo/poa"
)

// act is a row: who may call a mutation. All others are refused, or told that
// there is no such thing; who brought no token is asked for one.
type act struct {
	in []string
	// input is what is sent, where the schema alone does not tell enough; in the
	// words of a script.
	input string
}

const someProfile = `idempotencyKey: "x", kind: SOLE_PROPRIETOR, name: "見本屋", address: "京都市", representative: {title: "店主", name: "見本", address: "京都市", telephone: "075-000-0000", birthDate: "1980-01-01"}, termsId: "${terms}", consent: true`

const someContents = `delegate: {name: "佐藤　花子", title: "部長", address: "大阪市", identification: "E-1", email: "delegate@example.jp"}, powers: ["契約"], validFrom: "2026-12-01", validThrough: "2027-01-01"`

// wholeOf leaves out the tokens that may not act.
func wholeOf(people []string) []string {
	return slices.DeleteFunc(slices.Clone(people), func(who string) bool { return who == "reading" || who == "validity" })
}

// acts are all mutations.
var acts = map[string]act{
	"registerDelegator":       {in: wholeOf(everybody), input: someProfile + `, email: "new-delegator@example.jp"`},
	"registerRecipient":       {in: wholeOf(everybody), input: someProfile + `, filer: "見本", email: "new-recipient@example.jp"`},
	"requestChallenge":        {in: []string{"delegate"}},
	"handInCertificate":       {in: []string{"delegate"}},
	"declineDelegation":       {in: []string{"delegate"}},
	"renounceDelegation":      {}, // a link of its own, which comes with the acceptance
	"draftDelegation":         {in: []string{"delegator"}, input: `idempotencyKey: "x", ` + someContents},
	"replaceDelegation":       {in: []string{"delegator"}, input: `idempotencyKey: "x", delegationId: "${first}", ` + someContents},
	"submitDelegation":        {in: []string{"delegator"}},
	"withdrawDelegation":      {in: []string{"delegator"}},
	"revokeDelegation":        {in: []string{"delegator"}},
	"resendDelegateLink":      {in: []string{"delegator"}},
	"confirmDelegator":        {in: []string{"reception"}},
	"decideApplication":       {in: []string{"reception"}},
	"decideFiling":            {in: []string{"reception"}},
	"suspendDelegation":       {in: []string{"reception", "owner"}},
	"resumeDelegation":        {in: []string{"reception", "owner"}},
	"endDelegation":           {in: []string{"reception", "owner"}},
	"appointStaff":            {in: []string{"owner"}},
	"createToken":             {in: []string{"delegator", "recipient"}}, // the other one is not accepted yet
	"revokeToken":             {in: []string{"recipient"}},
	"rotateToken":             {in: []string{"recipient"}, input: `idempotencyKey: "x", tokenId: "${tokenId}", overlapHours: 1, expiresInDays: 1`},
	"resendDeliveries":        {in: []string{"recipient"}, input: `idempotencyKey: "x", endpointId: "whe_0000000000000000000000000a", since: "2026-01-01T00:00:00Z"`},
	"resendMissingDeliveries": {in: []string{"recipient"}, input: `idempotencyKey: "x", endpointId: "whe_0000000000000000000000000a", since: "2026-01-01T00:00:00Z"`},
	"catchUpWebhookEndpoint":  {in: []string{"recipient"}, input: `idempotencyKey: "x", id: "whe_0000000000000000000000000a"`},
	"resendDelivery":          {in: []string{"recipient"}, input: `idempotencyKey: "x", deliveryId: "whd_0000000000000000000000000a"`},
	"setWatchesWhatItAsks":    {in: []string{"recipient"}, input: `idempotencyKey: "x", on: true`},
	"watchDelegation":         {in: []string{"recipient"}},
	"unwatchDelegation":       {in: []string{"recipient"}},
	"createWebhookEndpoint":   {in: []string{"delegator", "recipient"}},
	"updateWebhookEndpoint":   {in: []string{"recipient"}},
	"deleteWebhookEndpoint":   {in: []string{"recipient"}},
	"rotateWebhookSecret":     {in: []string{"recipient"}},
	"testWebhookEndpoint":     {in: []string{"recipient"}},
	"requestChange":           {in: []string{"delegator", "recipient"}, input: `idempotencyKey: "x", fields: [{field: NAME, value: "株式会社ほか"}], reason: "商号変更"`},
	"withdrawChange":          {in: []string{"recipient"}},
	"answerQuestion":          {in: []string{"recipient"}},
}

// TestEveryActForEveryone calls every mutation as everybody: what must be
// refused first, for what works may end things.
func TestEveryActForEveryone(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.play("testdata/accepted.txtar", false)
	s.enrolOther()
	s.askForChange()
	known, tokens := loadSchema(t), s.tokens()
	var fields []string
	for _, f := range known.Mutation.Fields {
		fields = append(fields, f.Name)
	}
	slices.Sort(fields)
	if rows := slices.Sorted(maps.Keys(acts)); !slices.Equal(rows, fields) {
		t.Fatalf("the table has rows for %v, the schema has %v", rows, fields)
	}
	for _, inside := range []bool{false, true} {
		for _, name := range fields {
			for _, who := range everybody {
				if slices.Contains(acts[name].in, who) == inside {
					s.attempt(t, known, name, who, tokenOf(tokens, who))
				}
			}
		}
	}
}

// attempt calls a mutation as somebody.
func (s *script) attempt(t *testing.T, known *known, name, who, token string) {
	t.Helper()
	code, body := s.call(t, known, name, token, s.kept)
	switch {
	case slices.Contains(acts[name].in, who):
		if code == "UNAUTHENTICATED" || code == "FORBIDDEN" || code == "INTERNAL" || code == "BAD_USER_INPUT" {
			t.Errorf("%s by %s: %s, and it is theirs: %s", name, who, code, body)
		}
	case who == "anyone":
		if code != "UNAUTHENTICATED" {
			t.Errorf("%s without a token: %s: %s", name, code, body)
		}
	case code == "FORBIDDEN":
	case code == "NOT_FOUND" || code == "DELEGATION_UNKNOWN":
		nowhere := maps.Clone(s.kept)
		nowhere["first"], nowhere["endpoint"], nowhere["tokenId"], nowhere["delegator"] = "7ZK3M-Q9V2R-4XW8A-BC5DE-F6GHJ", "whe_0000000000000000000000000a", "tok_0000000000000000000000000a", "dgr_0000000000000000000000000a"
		nowhere["change"], nowhere["question"] = "chg_0000000000000000000000000a", "qst_0000000000000000000000000a"
		if _, missing := s.call(t, known, name, token, nowhere); missing != body {
			t.Errorf("%s by %s: what is not theirs and what is not there differ:\n%s\n%s", name, who, body, missing)
		}
	default:
		t.Errorf("%s by %s: %q, not refused: %s", name, who, code, body)
	}
}

var inputKey = regexp.MustCompile(`idempotencyKey: "x"`)

// call calls a mutation and returns the first code of its answer.
func (s *script) call(t *testing.T, known *known, name, token string, kept map[string]string) (string, string) {
	t.Helper()
	field := known.Mutation.Fields.ForName(name)
	input := acts[name].input
	if input == "" {
		input = strings.Trim(known.literal("input", field.Arguments.ForName("input").Type), "{}")
		if n := strings.Count(input, "{") - strings.Count(input, "}"); n > 0 {
			input += strings.Repeat("}", n)
		}
	}
	before := s.kept
	s.kept = kept
	input = inputKey.ReplaceAllString(s.fill(input), `idempotencyKey: "`+poa.NewID("key_")+`"`)
	s.kept = before
	_, answer := s.post(token, "ja", map[string]string{"query": "mutation { " + name + "(input: {" + input + "}) { errors { code field } } }"})
	var payload struct {
		Data map[string]struct{ Errors []struct{ Code string } }
	}
	must(t, json.Unmarshal(answer, &payload))
	if code := codeOf(t, answer); code != "" || len(payload.Data[name].Errors) == 0 {
		return code, string(answer)
	}
	return payload.Data[name].Errors[0].Code, string(answer)
}
