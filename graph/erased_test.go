// SPDX-License-Identifier: Apache-2.0

package graph_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"ininjo/poa"
)

// TestAnErasedDelegationIsRead reads every field of an erased delegation, as its
// delegator and as staff: it says that it was erased, and nothing of the people.
func TestAnErasedDelegationIsRead(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.play("testdata/accepted.txtar", false)
	const fields = `{ delegation(id: "${first}") { id state erased status delegator { id } mandator { kind name address representativeName } delegate { name address email identification }
		powers limits draftFile draftSha256 signedFile signedFileSha256 acknowledgement { number } delegateCertificate { name } statusList { list } history { kind }
		qualification { qualification } refusals { code } checks { kind } draftedAt closedAt validFrom validThrough } }`
	read := func(who string) (erased bool, body string) {
		_, answer := s.post(who, "ja", map[string]string{"query": s.fill(fields)})
		var got struct {
			Data   struct{ Delegation *struct{ Erased bool } }
			Errors []any
		}
		must(t, json.Unmarshal(answer, &got))
		if len(got.Errors) > 0 || got.Data.Delegation == nil {
			t.Fatalf("%s reads %s", who, answer)
		}
		return got.Data.Delegation.Erased, string(answer)
	}
	if erased, body := read("reception"); erased || !strings.Contains(body, "佐藤") {
		t.Fatalf("before: %s", body)
	}
	ref, eraser := poa.SubjectRef{Kind: poa.SubjectDelegation, ID: s.kept["first"]}, s.data.Eraser(t)
	must(t, eraser.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error {
		_, err := tx.EraseRows(ctx, ref, s.data.Clock.Now())
		return err
	}))
	must(t, eraser.DestroyKey(t.Context(), ref))
	for _, who := range []string{"delegator", "reception"} {
		erased, body := read(who)
		if !erased || !strings.Contains(body, `"state":"ACCEPTED"`) || !strings.Contains(body, `"kind":"ACCEPTED"`) {
			t.Errorf("%s reads %s", who, body)
		}
		for _, word := range []string{"佐藤", "delegate@example.jp", "山田"} {
			if strings.Contains(body, word) {
				t.Errorf("%s still reads %q: %s", who, word, body)
			}
		}
	}
}
