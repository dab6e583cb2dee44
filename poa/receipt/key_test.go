// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"ininjo/poa/receipt"
)

func TestPrivatePEM(t *testing.T) {
	t.Parallel()
	k := newKey(t, nil)
	text, err := receipt.MarshalPrivatePEM(k.key)
	must(t, err)
	back, err := receipt.ParsePrivatePEM(text)
	must(t, err)
	if !back.Equal(k.key) {
		t.Error("another key came back")
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(p384)
	must(t, err)
	for name, in := range map[string][]byte{
		"nothing":       nil,
		"no key":        []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
		"another curve": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
		"another type":  []byte(strings.ReplaceAll(string(text), "PRIVATE KEY", "EC PRIVATE KEY")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := receipt.ParsePrivatePEM(in)
			wantFault(t, err, receipt.BadKey)
		})
	}
	_, err = receipt.MarshalPrivatePEM(p384)
	wantFault(t, err, receipt.BadKey)
	_, err = receipt.NewES256Signer(p384)
	wantFault(t, err, receipt.BadKey)
	_, err = receipt.NewES256Signer(nil)
	wantFault(t, err, receipt.BadKey)
}

// TestKeyIDIsTheThumbprint checks against a thumbprint computed by hand over the
// members that RFC 7638, section 3.2, names.
func TestKeyIDIsTheThumbprint(t *testing.T) {
	t.Parallel()
	// The example key of RFC 7515, appendix A.3.
	const jwk = `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`
	var key jose.JSONWebKey
	must(t, json.Unmarshal([]byte(jwk), &key))
	got, err := receipt.KeyID(key.Key.(*ecdsa.PublicKey))
	must(t, err)
	if got != "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U" {
		t.Errorf("got %s", got)
	}
}

func TestJWKS(t *testing.T) {
	t.Parallel()
	a := newKey(t, nil)
	until := issued.Add(time.Hour + time.Millisecond)
	set, err := receipt.JWKS([]receipt.PublicKey{
		{JWK: a.jwk, Purpose: receipt.TypReceipt, NotBefore: issued, NotAfter: until},
		{JWK: newKey(t, nil).jwk},
	})
	must(t, err)
	var read struct{ Keys []map[string]any }
	must(t, json.Unmarshal(set, &read))
	if len(read.Keys) != 2 {
		t.Fatalf("%d keys", len(read.Keys))
	}
	first := read.Keys[0]
	if first["nbf"] != float64(issued.Unix()) || first["exp"] != float64(issued.Unix()+3601) || first["use"] != "sig" ||
		first["alg"] != "ES256" || first["kid"] != a.signer.KeyID() || first["purpose"] != receipt.TypReceipt {
		t.Errorf("got %v", first)
	}
	if _, has := read.Keys[1]["exp"]; has {
		t.Error("a key without end has one")
	}
	t.Run("an empty set", func(t *testing.T) {
		t.Parallel()
		if set, err := receipt.JWKS(nil); err != nil || string(set) != `{"keys":[]}` {
			t.Errorf("got %s, %v", set, err)
		}
	})
	t.Run("a private key", func(t *testing.T) {
		t.Parallel()
		private, err := jose.JSONWebKey{Key: a.key}.MarshalJSON()
		must(t, err)
		_, err = receipt.JWKS([]receipt.PublicKey{{JWK: private}})
		wantFault(t, err, receipt.BadKey)
	})
}

// TestSignsAsRFC6979Tells holds the signature to that of RFC 6979, appendix
// A.2.5, for "sample".
func TestSignsAsRFC6979Tells(t *testing.T) {
	t.Parallel()
	private, err := hex.DecodeString("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")
	must(t, err)
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), private)
	must(t, err)
	const want = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716" + "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
	if got, err := receipt.InMemory(key).SignDigest(t.Context(), sha256.Sum256([]byte("sample"))); err != nil || hex.EncodeToString(got[:]) != want {
		t.Errorf("%v: %x", err, got)
	}
}

func BenchmarkSignDigest(b *testing.B) {
	private, err := receipt.GenerateKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	key, digest := receipt.InMemory(private), sha256.Sum256([]byte("sample"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := key.SignDigest(b.Context(), digest); err != nil {
			b.Fatal(err)
		}
	}
}
