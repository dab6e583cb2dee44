// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// byLibrary encodes claims with encoding/json: the bytes that were signed before
// they were written by hand, and must stay.
func byLibrary(t *rapid.T, c Claims) string {
	text := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	a := c.Answer
	w := wire{Issuer: c.Issuer, Audience: c.Recipient, IssuedSec: c.IssuedAt.Unix(), IssuedAt: micros(&c.IssuedAt),
		Question: wireQuestion{DelegationID: c.Question.DelegationID, At: micros(c.Question.At), KnownAt: micros(c.Question.KnownAt),
			DocumentSHA256: text(c.Question.DocumentSHA256), DelegateCertificateSHA256: text(c.Question.DelegateCertificateSHA256), Nonce: text(c.Question.Nonce)},
		Answer: wireAnswer{Status: a.Status, Reason: text(a.Reason), AsOf: micros(&a.AsOf), KnownAt: micros(&a.KnownAt), AnsweredAt: micros(&a.AnsweredAt),
			DocumentMatches: a.DocumentMatches, DelegateMatches: a.DelegateMatches, FileCompared: a.FileCompared,
			ValidFrom: text(a.ValidFrom), ValidThrough: text(a.ValidThrough), SignatureVerifiedAt: micros(a.SignatureVerifiedAt)},
		Version: c.Version, Policy: text(c.PolicyOID), EventID: text(c.EventID), LeafHash: text(c.LeafHash)}
	if q := a.Qualification; q != nil {
		w.Answer.Qualification = &wireQualification{q.Qualification, q.Standing, micros(q.VerifiedAt)}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(w); err != nil {
		t.Fatal(err)
	}
	return string(bytes.TrimSuffix(out.Bytes(), []byte("\n")))
}

func TestEncodesAsTheLibraryDoes(t *testing.T) {
	t.Parallel()
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "<&>", "\"\\\x00\t\x1f\x7f", "\xff\xfe", "\u2028\u2029", "委任状", "plain"}))
	instant := rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(-1e9, 1e11).Draw(t, "seconds"), rapid.Int64Range(0, 999999999).Draw(t, "nanoseconds"))
	})
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) string { return text.Draw(t, label) }
		c := Claims{Issuer: draw("issuer"), Recipient: draw("recipient"), IssuedAt: instant.Draw(t, "issued"), Version: rapid.Ptr(rapid.Int(), true).Draw(t, "version"),
			PolicyOID: draw("policy"), EventID: draw("event"), LeafHash: draw("leaf"),
			Question: Question{DelegationID: draw("id"), At: rapid.Ptr(instant, true).Draw(t, "at"), KnownAt: rapid.Ptr(instant, true).Draw(t, "known"),
				DocumentSHA256: draw("document"), DelegateCertificateSHA256: draw("certificate"), Nonce: draw("nonce")},
			Answer: Answer{Status: draw("status"), Reason: draw("reason"), AsOf: instant.Draw(t, "asOf"), KnownAt: instant.Draw(t, "knownAt"),
				AnsweredAt: instant.Draw(t, "answered"), DocumentMatches: rapid.Ptr(rapid.Bool(), true).Draw(t, "matches"),
				DelegateMatches: rapid.Ptr(rapid.Bool(), true).Draw(t, "delegate"), FileCompared: rapid.Bool().Draw(t, "compared"),
				ValidFrom: draw("from"), ValidThrough: draw("through"), SignatureVerifiedAt: rapid.Ptr(instant, true).Draw(t, "verified")}}
		if rapid.Bool().Draw(t, "qualified") {
			c.Answer.Qualification = &Qualification{draw("qualification"), draw("standing"), rapid.Ptr(instant, true).Draw(t, "verifiedAt")}
		}
		if want, got := byLibrary(t, c), string(Encode(c)); want != got {
			t.Fatalf("\n%s\n%s", want, got)
		}
	})
}
