// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"ininjo/poa/receipt"
)

func newOKP(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	return private
}

// TestOKPKeyID checks against the thumbprint in RFC 8037, appendix A.3.
func TestOKPKeyID(t *testing.T) {
	t.Parallel()
	pub, err := receipt.ParseOKP([]byte(`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`))
	must(t, err)
	kid, err := receipt.OKPKeyID(pub)
	must(t, err)
	if kid != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
		t.Errorf("got %s", kid)
	}
}

func TestOKPInTheSet(t *testing.T) {
	t.Parallel()
	private := newOKP(t)
	jwk, err := receipt.PublicOKP(private.Public().(ed25519.PublicKey))
	must(t, err)
	receipts := newKey(t, nil)
	set, err := receipt.JWKS([]receipt.PublicKey{{JWK: jwk, Purpose: "webhook"}, {JWK: receipts.jwk, Purpose: receipt.TypReceipt}})
	must(t, err)
	var read jose.JSONWebKeySet
	must(t, json.Unmarshal(set, &read))
	if len(read.Keys) != 2 || !private.Public().(ed25519.PublicKey).Equal(read.Keys[0].Key) || read.Keys[0].Algorithm != "EdDSA" {
		t.Errorf("published %s", set)
	}
	t.Run("a private key", func(t *testing.T) {
		t.Parallel()
		text, err := jose.JSONWebKey{Key: private}.MarshalJSON()
		must(t, err)
		_, err = receipt.JWKS([]receipt.PublicKey{{JWK: text}})
		wantFault(t, err, receipt.BadKey)
	})
}

func TestEd25519PEMs(t *testing.T) {
	t.Parallel()
	first, second := newOKP(t), newOKP(t)
	a, err := receipt.MarshalEd25519PEM(first)
	must(t, err)
	b, err := receipt.MarshalEd25519PEM(second)
	must(t, err)
	back, err := receipt.ParseEd25519PEMs(bytes.Join([][]byte{a, b}, []byte("\n")))
	must(t, err)
	if len(back) != 2 || !back[0].Equal(first) || !back[1].Equal(second) {
		t.Errorf("%d keys came back", len(back))
	}
	ecdsa, err := receipt.MarshalPrivatePEM(newKey(t, nil).key)
	must(t, err)
	for name, in := range map[string][]byte{"nothing": nil, "words": []byte("no key"), "another curve": ecdsa, "one of them broken": append(a, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"...)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := receipt.ParseEd25519PEMs(in)
			wantFault(t, err, receipt.BadKey)
		})
	}
	_, err = receipt.ParseEd25519PEMs(make([]byte, 20<<10))
	wantFault(t, err, receipt.TooLarge)
}
