// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"ininjo/poa"
)

func TestCheckList(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	d := o.accepted()
	unknown := poa.NewDelegationID()
	list := "\uFEFFDelegation_ID,note\r\n" + strings.ToLower(string(d.ID)) + ",\"a, b\"\r\n\r\n" + unknown.Compact() + "\n=mistyped\n" + strings.Repeat(string(d.ID)+"\n", 147)
	write, err := o.responder.CheckList(t.Context(), o.credential, list)
	must(t, err)
	var out bytes.Buffer
	must(t, write(&out))
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(out.String(), "\uFEFF"))).ReadAll()
	must(t, err)
	if len(rows) != 151 {
		t.Fatalf("%d rows", len(rows))
	}
	for i, want := range map[int][]string{1: {string(d.ID), "VALID", ""}, 2: {string(unknown), "UNKNOWN", ""}, 3: {"'=mistyped", "UNKNOWN", "MISTYPED_ID"}, 150: {string(d.ID), "VALID", ""}} {
		if !slices.Equal(rows[i][:3], want) {
			t.Errorf("%d: %v", i, rows[i])
		}
	}
	if n := o.data.Text(t, "SELECT count(*) || ' in ' || count(DISTINCT xmin::text) FROM inquiries"); n != "150 in 2" {
		t.Errorf("%s statements", n)
	}
	for text, code := range map[string]poa.Code{"": poa.CodeRequired, "delegation_id\n": poa.CodeRequired, strings.Repeat("x\n", poa.MaxCheckedList+1): poa.CodeTooMany} {
		_, err := o.responder.CheckList(t.Context(), o.credential, text)
		wantCode(t, err, code)
	}
	_, err = o.responder.CheckList(t.Context(), poa.Credential{AccountID: "acc_none"}, "x")
	wantCode(t, err, poa.CodeUnauthenticated)
}

// FuzzCheckList reads any list: an answer for each ID, or a fault.
func FuzzCheckList(f *testing.F) {
	f.Add("delegation_id\n32AR9-M2R70-P2MWV-1KHY7-X1M55\n")
	f.Add("\"a\n\"\"b\",c\n")
	f.Fuzz(func(t *testing.T, text string) {
		r := poa.NewResponder(nil, nil, poa.Policy{}, nil)
		if _, err := r.CheckList(t.Context(), poa.Credential{}, text); err == nil {
			t.Error("somebody without a credential was answered")
		}
	})
}
