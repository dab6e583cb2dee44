// SPDX-License-Identifier: Apache-2.0

package poatest

import (
	"crypto/rand"
	"time"

	"ininjo/poa/receipt"
)

// MustTokenSigner makes a signer in ES256 with a key of its own, and the key set
// that verifies what it signs for a purpose (such as receipt.TypReceipt) from an
// instant until another, which may be zero. It ends the test when it fails.
func MustTokenSigner(t TB, purpose string, from, until time.Time) (signer *receipt.ES256, jwks []byte) {
	t.Helper()
	key, err := receipt.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatalf("making a token key: %v", err)
	}
	signer, err = receipt.NewES256Signer(key)
	if err != nil {
		t.Fatalf("making a token signer: %v", err)
	}
	jwk, err := receipt.PublicJWK(&key.PublicKey)
	if err != nil {
		t.Fatalf("encoding a token key: %v", err)
	}
	jwks, err = receipt.JWKS([]receipt.PublicKey{{JWK: jwk, Purpose: purpose, NotBefore: from, NotAfter: until}})
	if err != nil {
		t.Fatalf("encoding a key set: %v", err)
	}
	return signer, jwks
}
