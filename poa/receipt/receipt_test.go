// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ininjo/poa/receipt"
)

var issued = time.Date(2026, 6, 1, 9, 30, 0, 120000, time.UTC)

const golden = `{"iss":"https://poa.example","aud":"rcp_1","iat":1780306200,"issuedAt":"2026-06-01T09:30:00.000120Z",` +
	`"question":{"delegationId":"D<1>","at":"2026-06-01T09:30:00.000120Z","knownAt":null,"documentSha256":"ab","delegateCertificateSha256":null,"nonce":"n"},` +
	`"answer":{"status":"VALID","reason":null,"asOf":"2026-06-01T09:30:00.000120Z","knownAt":"2026-06-01T09:30:00.000120Z","answeredAt":"2026-06-01T09:30:00.000120Z",` +
	`"documentMatches":true,"delegateMatches":null,"fileCompared":true,"validFrom":"2026-04-01","validThrough":"2027-03-31","signatureVerifiedAt":"2026-06-01T09:30:00.000120Z",` +
	`"qualification":{"qualification":"ATTORNEY","standing":"CONFIRMED","verifiedAt":null}},` +
	`"version":3,"policy":"2.999.1","eventId":"inq_1","leafHash":"cd"}`

func sample() receipt.Claims {
	at, yes, version := issued, true, 3
	return receipt.Claims{
		Issuer: "https://poa.example", Recipient: "rcp_1", IssuedAt: issued,
		Question: receipt.Question{DelegationID: "D<1>", At: &at, DocumentSHA256: "ab", Nonce: "n"},
		Answer: receipt.Answer{Status: "VALID", AsOf: issued, KnownAt: issued, AnsweredAt: issued, DocumentMatches: &yes,
			FileCompared: true, ValidFrom: "2026-04-01", ValidThrough: "2027-03-31", SignatureVerifiedAt: &at,
			Qualification: &receipt.Qualification{Qualification: "ATTORNEY", Standing: "CONFIRMED"}},
		Version: &version, PolicyOID: "2.999.1", EventID: "inq_1", LeafHash: "cd",
	}
}

// made is a key with its signer and the set that publishes it.
type made struct {
	key    *ecdsa.PrivateKey
	signer *receipt.ES256
	jwk    []byte
	set    []byte
}

func newKey(t *testing.T, edit func(*receipt.PublicKey)) made {
	t.Helper()
	key, err := receipt.GenerateKey(rand.Reader)
	must(t, err)
	signer, err := receipt.NewES256Signer(key)
	must(t, err)
	jwk, err := receipt.PublicJWK(&key.PublicKey)
	must(t, err)
	pub := receipt.PublicKey{JWK: jwk, Purpose: receipt.TypReceipt, NotBefore: issued.Add(-time.Hour)}
	if edit != nil {
		edit(&pub)
	}
	set, err := receipt.JWKS([]receipt.PublicKey{pub})
	must(t, err)
	return made{key, signer, jwk, set}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantFault(t *testing.T, err error, kind receipt.FaultKind) {
	t.Helper()
	var f *receipt.Fault
	if !errors.As(err, &f) || f.Kind != kind {
		t.Errorf("got %v, want %s", err, kind)
	}
}

func TestEncodeGolden(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(golden, string(receipt.Encode(sample()))); diff != "" {
		t.Error(diff)
	}
}

func TestIssueAndVerify(t *testing.T) {
	t.Parallel()
	k := newKey(t, nil)
	compact, err := receipt.Issue(context.Background(), k.signer, sample())
	must(t, err)
	t.Run("by us", func(t *testing.T) {
		t.Parallel()
		got, err := receipt.Verify(compact, k.set, receipt.TypReceipt)
		must(t, err)
		if diff := cmp.Diff(sample(), got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("by go-jose alone", func(t *testing.T) {
		t.Parallel()
		var set jose.JSONWebKeySet
		must(t, json.Unmarshal(k.set, &set))
		signed, err := jose.ParseSignedCompact(compact, []jose.SignatureAlgorithm{jose.ES256})
		must(t, err)
		header := signed.Signatures[0].Header
		if header.KeyID != k.signer.KeyID() || header.Algorithm != "ES256" || header.ExtraHeaders["typ"] != receipt.TypReceipt {
			t.Errorf("header %+v", header)
		}
		keys := set.Key(header.KeyID)
		if len(keys) != 1 || keys[0].Use != "sig" || !keys[0].IsPublic() {
			t.Fatalf("keys %+v", keys)
		}
		payload, err := signed.Verify(keys[0])
		must(t, err)
		if string(payload) != golden {
			t.Errorf("payload %s", payload)
		}
	})
	t.Run("signed again over the same bytes", func(t *testing.T) {
		t.Parallel()
		claims, err := receipt.Verify(compact, k.set, receipt.TypReceipt)
		must(t, err)
		again, err := receipt.Issue(context.Background(), k.signer, claims)
		must(t, err)
		if strings.Split(again, ".")[1] != strings.Split(compact, ".")[1] {
			t.Error("payload changed")
		}
	})
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	k, ctx := newKey(t, nil), context.Background()
	compact, err := receipt.Issue(ctx, k.signer, sample())
	must(t, err)
	parts := strings.Split(compact, ".")
	heartbeat, err := k.signer.Sign(ctx, []byte(golden), receipt.TypHeartbeat)
	must(t, err)
	noClaims, err := k.signer.Sign(ctx, []byte(`{"issuedAt":"yesterday"}`), receipt.TypReceipt)
	must(t, err)
	ended := newKey(t, func(p *receipt.PublicKey) { p.NotAfter = issued.Add(-time.Minute) })
	late, err := receipt.Issue(ctx, ended.signer, sample())
	must(t, err)
	purpose := newKey(t, func(p *receipt.PublicKey) { p.Purpose = receipt.TypHeartbeat })
	misused, err := receipt.Issue(ctx, purpose.signer, sample())
	must(t, err)
	other, err := k.signer.Sign(ctx, []byte(strings.Replace(golden, "VALID", "REVOKED", 1)), receipt.TypReceipt)
	must(t, err)
	hmac := hmacSigned(t, k.jwk)

	for name, c := range map[string]struct {
		compact string
		set     []byte
		kind    receipt.FaultKind
	}{
		"an empty text":             {"", k.set, receipt.Malformed},
		"no signature":              {parts[0] + "." + parts[1] + ".", k.set, receipt.BadSignature},
		"algorithm none":            {"eyJhbGciOiJub25lIn0." + parts[1] + ".", k.set, receipt.Malformed},
		"an HMAC of the public key": {hmac, k.set, receipt.Malformed},
		"another payload":           {parts[0] + "." + strings.Split(other, ".")[1] + "." + parts[2], k.set, receipt.BadSignature},
		"another typ":               {heartbeat, k.set, receipt.WrongType},
		"a key for another purpose": {misused, purpose.set, receipt.UnknownKey},
		"a key not in the set":      {compact, ended.set, receipt.UnknownKey},
		"a key after its period":    {late, ended.set, receipt.KeyPeriod},
		"claims that are none":      {noClaims, k.set, receipt.BadClaims},
		"a set that is none":        {compact, []byte("x"), receipt.BadKey},
		"a text over its bound":     {strings.Repeat("a", 1<<17), k.set, receipt.TooLarge},
		"a set over its bound":      {compact, make([]byte, 1<<21), receipt.TooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := receipt.Verify(c.compact, c.set, receipt.TypReceipt)
			wantFault(t, err, c.kind)
		})
	}
}

// hmacSigned plays the attack in which the public key serves as a shared secret.
func hmacSigned(t *testing.T, jwk []byte) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: jwk}, (&jose.SignerOptions{}).WithType(receipt.TypReceipt))
	must(t, err)
	signed, err := signer.Sign([]byte(golden))
	must(t, err)
	compact, err := signed.CompactSerialize()
	must(t, err)
	return compact
}

func TestVerifyPayload(t *testing.T) {
	t.Parallel()
	k := newKey(t, func(p *receipt.PublicKey) { p.Purpose = receipt.TypStatusList })
	compact, err := k.signer.Sign(context.Background(), []byte(`{"n":1}`), receipt.TypStatusList)
	must(t, err)
	got, err := receipt.VerifyPayload(compact, k.set, receipt.TypStatusList)
	must(t, err)
	if string(got) != `{"n":1}` {
		t.Errorf("got %s", got)
	}
	_, err = receipt.VerifyPayload(compact, k.set, receipt.TypReceipt)
	wantFault(t, err, receipt.WrongType)
}

func TestSignStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := newKey(t, nil).signer.Sign(ctx, nil, receipt.TypReceipt); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := drawClaims(t)
		payload := receipt.Encode(want)
		got, err := receipt.Decode(payload)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		if again := receipt.Encode(got); string(again) != string(payload) {
			t.Fatalf("encoded again: %s", again)
		}
	})
}

func drawClaims(t *rapid.T) receipt.Claims {
	instant := rapid.Custom(func(t *rapid.T) time.Time {
		return time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "micros")).UTC()
	})
	c := receipt.Claims{
		Issuer: rapid.String().Draw(t, "issuer"), Recipient: rapid.String().Draw(t, "recipient"), IssuedAt: instant.Draw(t, "issued"),
		Question: receipt.Question{DelegationID: rapid.String().Draw(t, "id"), At: rapid.Ptr(instant, true).Draw(t, "at"),
			KnownAt: rapid.Ptr(instant, true).Draw(t, "known"), Nonce: rapid.String().Draw(t, "nonce")},
		Answer: receipt.Answer{Status: "VALID", Reason: rapid.String().Draw(t, "reason"), AsOf: instant.Draw(t, "asOf"),
			KnownAt: instant.Draw(t, "knownAt"), AnsweredAt: instant.Draw(t, "answered"),
			DocumentMatches: rapid.Ptr(rapid.Bool(), true).Draw(t, "document"), FileCompared: rapid.Bool().Draw(t, "compared")},
		Version: rapid.Ptr(rapid.Int(), true).Draw(t, "version"),
	}
	if rapid.Bool().Draw(t, "qualified") {
		c.Answer.Qualification = &receipt.Qualification{Qualification: "ATTORNEY", Standing: "STALE", VerifiedAt: rapid.Ptr(instant, true).Draw(t, "verified")}
	}
	return c
}

func FuzzVerify(f *testing.F) {
	f.Add("", []byte(`{"keys":[]}`))
	f.Add("eyJhbGciOiJFUzI1NiJ9.e30.AAAA", []byte(`{"keys":[{"kty":"EC"}]}`))
	f.Add("a.b.c", []byte("["))
	f.Fuzz(func(t *testing.T, compact string, set []byte) {
		_, err := receipt.Verify(compact, set, receipt.TypReceipt)
		var fault *receipt.Fault
		if !errors.As(err, &fault) {
			t.Fatalf("not a fault: %v", err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(golden))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		claims, err := receipt.Decode(payload)
		if err != nil {
			return
		}
		if again, err := receipt.Decode(receipt.Encode(claims)); err != nil || !cmp.Equal(claims, again) {
			t.Fatalf("%v: %+v and %+v", err, claims, again)
		}
	})
}
