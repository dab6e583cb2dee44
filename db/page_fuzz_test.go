// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"encoding/base64"
	"testing"

	"ininjo/db/dbtest"
	"ininjo/poa"
)

// FuzzCursor hands lists whatever a caller may send as a cursor: they answer
// with a page or with a fault of the field, never with an internal error.
func FuzzCursor(f *testing.F) {
	for _, text := range []string{
		``, `{}`, `{"i":"a"}`, `{"t":"2026-06-01T00:00:00Z","i":"dgr_1"}`, `{"t":"0000-01-01T00:00:00Z","i":"a"}`, `{"t":"9999-12-31T23:59:59-23:59","i":"a"}`,
		`{"d":"2026-06-01","i":"a"}`, `{"d":"0000-01-01","i":"a"}`, `{"d":"x'","i":"a"}`, `{"i":"a\u0000b"}`, `{"i":"' OR 1=1 --"}`, `{"i":"` + "\xff" + `"}`, `{"i":"?"}`, `{"i":"\\"}`, `[1`,
	} {
		f.Add(base64.RawURLEncoding.EncodeToString([]byte(text)))
	}
	f.Add("not base64!")
	d := dbtest.New(f)
	f.Fuzz(func(t *testing.T, after string) {
		_, err := d.DB.Delegators(t.Context(), poa.PartyFilter{}, poa.Order{}, poa.Page{First: 2, After: after})
		if code := poa.CodeOf(err); err != nil && code != poa.CodeBadUserInput {
			t.Errorf("parties, %q: %v", after, err)
		}
		_, err = d.DB.Delegations(t.Context(), poa.DelegationFilter{}, poa.Order{Field: poa.OrderValidThrough}, poa.Page{Last: 2, Before: after})
		if code := poa.CodeOf(err); err != nil && code != poa.CodeBadUserInput {
			t.Errorf("delegations, %q: %v", after, err)
		}
	})
}
