// SPDX-License-Identifier: Apache-2.0

package status

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"ininjo/poa/jpki"
)

// FuzzDecode looks for panics, for standings that nobody knows, and for anything of the holder in what is kept.
func FuzzDecode(f *testing.F) {
	f.Add(http.StatusOK, `{"result": "RESULT_OK", "verificationId": "vrf_1", "certificate": {"id": "crt_1", "type": "TYPE_JPKI_CARD_DIGITAL_SIGNATURE"}, "certificateContent": {"commonName": "黒桐　幹也"}, "certificateStatus": {"status": "STATUS_GOOD"}}`)
	f.Add(http.StatusOK, `{"result": "RESULT_INVALID_SIGNATURE", "verificationId": "vrf_1"}`)
	f.Add(http.StatusOK, `{"certificateStatus": {"status": "STATUS_REVOKED", "revocationReason": "REVOCATION_REASON_CERTIFICATE_HOLD", "revokedAt": "2026-10-01T00:00:00Z"}}`)
	f.Add(http.StatusBadRequest, `{"code": "failed_precondition", "details": [{"debug": {"reason": "UNSUPPORTED_CERTIFICATE"}}]}`)
	at := time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, code int, body string) {
		for _, verifies := range []bool{true, false} {
			got, err := decode(reply{status: code, contentType: "application/json", body: []byte(body)}, at, verifies)
			if err != nil {
				if got.Standing != "" {
					t.Fatalf("an answer beside an error: %s", got.Standing)
				}
				continue
			}
			if !slices.Contains(jpki.Standings(), got.Standing) || !json.Valid(got.Raw) || strings.ContainsFunc(string(got.Raw), func(r rune) bool { return r > 0x7e }) {
				t.Fatalf("standing %q, kept %q", got.Standing, got.Raw)
			}
			if got.Standing == jpki.Good && (code != http.StatusOK || verifies && got.VerificationID == "") {
				t.Fatal("good without a verification")
			}
		}
	})
}
