// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"testing"
	"time"
	"unicode/utf8"

	"ininjo/poa"
)

// FuzzDecode holds that whatever is taken can be shown, and is about what was
// asked.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"number":"1","qualification":"ATTORNEY","standing":"SUSPENDED","name":"花子","suspension":{"from":"2026-05-01","until":"2026-05-02"},"asOf":"2026-05-31T00:00:00Z"}`))
	f.Add([]byte(`{"number":"1","qualification":"ATTORNEY","standing":"STRUCK_OFF","name":"花子","struckOffOn":"2026-05-01","asOf":"2026-05-31T00:00:00Z"}`))
	f.Add([]byte(`{"number":"1","qualification":"ATTORNEY","standing":"NOT_FOUND","asOf":"2026-05-31T00:00:00+09:00"}`))
	f.Add([]byte(`[]`))
	at := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := decode(b, poa.RegistryQuestion{Qualification: poa.Attorney, Number: "1"}, at)
		if err != nil {
			if got != (poa.RegistryAnswer{}) {
				t.Errorf("an error came with %+v", got)
			}
			return
		}
		if fold(got.Number) != "1" || !short(got.Name) || !short(got.Office) || !utf8.ValidString(got.Name) || got.AsOf.IsZero() || got.AsOf.After(at.Add(maxAhead)) {
			t.Errorf("took %+v", got)
		}
		if got.Standing != poa.SeenNotFound && got.Name == "" || got.Standing == poa.SeenSuspended && got.From.IsZero() {
			t.Errorf("took %+v", got)
		}
	})
}
