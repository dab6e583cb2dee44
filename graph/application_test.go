// SPDX-License-Identifier: Apache-2.0

package graph_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"ininjo/poa"
)

// TestChangesOverGraphQL asks for a change, answers a question about it and
// takes it back; another party sees nothing of it.
func TestChangesOverGraphQL(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.play("testdata/accepted.txtar", false)
	run := func(who, query string, variables map[string]any) map[string]any {
		t.Helper()
		_, body := s.post(who, "ja", map[string]any{"query": query, "variables": variables})
		var answer struct{ Data map[string]any }
		must(t, json.Unmarshal(body, &answer))
		return answer.Data
	}
	request := `mutation($input: RequestChangeInput!) { requestChange(input: $input) { change { id number state reason fields { field old new } refusals { code } decidedAt } errors { code field message } } }`
	input := func(key string, pairs ...string) map[string]any {
		var fields []map[string]string
		for i := 0; i < len(pairs); i += 2 {
			fields = append(fields, map[string]string{"field": pairs[i], "value": pairs[i+1]})
		}
		return map[string]any{"input": map[string]any{"idempotencyKey": key, "fields": fields, "reason": "商号変更"}}
	}
	made := fmt.Sprint(run("recipient", request, input("change-1", "NAME", "株式会社あらた")))
	for _, want := range []string{"WAITING", "株式会社あらた", "株式会社見本銀行", "商号変更", "errors:[]"} {
		if !strings.Contains(made, want) {
			t.Errorf("asked for a change, and got %s without %s", made, want)
		}
	}
	if again := fmt.Sprint(run("recipient", request, input("change-2", "NAME", "株式会社ほか"))); !strings.Contains(again, "CHANGE_WAITING") {
		t.Errorf("a second change: %s", again)
	}
	id := s.data.Text(t, "SELECT id FROM changes")
	must(t, s.enrollment.AskParty(t.Context(), s.actors["reception"], poa.AskInput{IdempotencyKey: "ask", SubjectID: id, Field: poa.FieldName, Text: "漢字では？"}))
	question := s.data.Text(t, "SELECT id FROM questions")
	answer := `mutation($input: AnswerQuestionInput!) { answerQuestion(input: $input) { question { id about changeId field text answer answeredAt } errors { code field } } }`
	reply := map[string]any{"input": map[string]any{"idempotencyKey": "answer", "questionId": question, "text": "訂正します", "correction": "株式会社新た"}}
	if foreign := fmt.Sprint(run("delegator", answer, reply)); !strings.Contains(foreign, "NOT_FOUND") {
		t.Errorf("another party answers: %s", foreign)
	}
	if got := fmt.Sprint(run("recipient", answer, reply)); !strings.Contains(got, "訂正します") || !strings.Contains(got, id) {
		t.Errorf("answered: %s", got)
	}
	read := `{ recipient(id: "` + s.kept["recipient"] + `") { changes { id state fields { new } } questions { id text answer } } }`
	for who, sees := range map[string]bool{"recipient": true, "reception": true, "delegator": false} {
		if got := fmt.Sprint(run(who, read, nil)); strings.Contains(got, "株式会社新た") != sees || strings.Contains(got, "漢字では") != sees {
			t.Errorf("%s reads %s", who, got)
		}
	}
	withdraw := `mutation($input: WithdrawChangeInput!) { withdrawChange(input: $input) { change { state } errors { code field } } }`
	which := map[string]any{"input": map[string]any{"idempotencyKey": "withdraw", "changeId": id}}
	if foreign := fmt.Sprint(run("delegator", withdraw, which)); !strings.Contains(foreign, "NOT_FOUND") {
		t.Errorf("another party withdraws: %s", foreign)
	}
	if got := fmt.Sprint(run("recipient", withdraw, which)); !strings.Contains(got, "WITHDRAWN") {
		t.Errorf("withdrawn: %s", got)
	}
	if got := fmt.Sprint(run("", "{ recipientRegistration }", nil)); !strings.Contains(got, "APPROVAL") {
		t.Errorf("registration is %s", got)
	}
}

// TestAnyoneAsksOverGraphQL asks without a token where nobody needs to register:
// within a bound that aliases do not pass, and never with a token that is none.
func TestAnyoneAsksOverGraphQL(t *testing.T) {
	t.Parallel()
	s := newScript(t, func(h *house) { h.registration = poa.RegistrationNone })
	one := `validity(delegationId: "00000-00000-00000-00000-00000") { status inquiryId receipt }`
	_, body := s.post("", "ja", map[string]string{"query": "{ recipientRegistration " + one + " }"})
	if text := string(body); !strings.Contains(text, "UNKNOWN") || !strings.Contains(text, "inq_") || !strings.Contains(text, "NONE") {
		t.Errorf("answered %s", text)
	}
	var many strings.Builder
	for i := range poa.MaxAnonymousInquiries + 1 {
		fmt.Fprintf(&many, "q%d: %s ", i, one)
	}
	_, body = s.post("", "ja", map[string]string{"query": "{ " + many.String() + " }"})
	if code := codeOf(t, body); code != "BAD_USER_INPUT" {
		t.Errorf("%d questions in one request: %q", poa.MaxAnonymousInquiries+1, code)
	}
	_, body = s.post("no token", "ja", map[string]string{"query": "{ " + one + " }"})
	if code := codeOf(t, body); code != "UNAUTHENTICATED" {
		t.Errorf("a token that is none: %q", code)
	}
}
