// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// Signer signs payloads as compact JWS. A key in a token or a KMS is one more
// implementation; ctx bounds its call.
type Signer interface {
	// KeyID is the kid that the key has in the JWKS.
	KeyID() string
	// Sign signs the payload with the header typ.
	Sign(ctx context.Context, payload []byte, typ string) (string, error)
}

// ES256 signs with a key in memory.
type ES256 struct {
	key *ecdsa.PrivateKey
	kid string
}

var _ Signer = (*ES256)(nil)

// NewES256Signer makes a signer of a P-256 key; its kid is the key's thumbprint
// (RFC 7638).
func NewES256Signer(key *ecdsa.PrivateKey) (*ES256, error) {
	if key == nil || key.Curve != elliptic.P256() {
		return nil, fault(BadKey, "private key")
	}
	kid, err := KeyID(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	return &ES256{key: key, kid: kid}, nil
}

// KeyID is the key's thumbprint.
func (s *ES256) KeyID() string { return s.kid }

// Sign signs with the header alg, kid and typ and nothing else: the key is found
// in the JWKS, never in the receipt.
func (s *ES256) Sign(ctx context.Context, payload []byte, typ string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("signing %s: %w", typ, err)
	}
	key := jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: s.key, KeyID: s.kid}}
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
	if err != nil {
		return "", fmt.Errorf("preparing signer: %w", err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("signing %s: %w", typ, err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("writing %s: %w", typ, err)
	}
	return compact, nil
}

// Issue encodes claims and signs them as a receipt.
func Issue(ctx context.Context, signer Signer, c Claims) (string, error) {
	payload, err := Encode(c)
	if err != nil {
		return "", err
	}
	return signer.Sign(ctx, payload, TypReceipt)
}
