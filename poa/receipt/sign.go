// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Signer signs payloads as compact JWS; ctx bounds its call.
type Signer interface {
	// KeyID is the kid that the key has in the JWKS.
	KeyID() string
	// Sign signs the payload with the header typ.
	Sign(ctx context.Context, payload []byte, typ string) (string, error)
}

// Key is a private key of P-256 wherever it is kept: in memory, in a token or in
// a KMS. It is safe for concurrent use.
type Key interface {
	Public() *ecdsa.PublicKey
	// SignDigest signs a SHA-256 digest and gives r and s, 32 bytes each, as ES256
	// wants them (RFC 7518, section 3.4).
	SignDigest(ctx context.Context, digest [sha256.Size]byte) ([64]byte, error)
}

// ES256 signs with one key.
type ES256 struct {
	key Key
	kid string
	// heads holds the encoded header for each typ: a key signs the same one always.
	heads sync.Map
}

var _ Signer = (*ES256)(nil)

// NewES256Signer makes a signer of a P-256 key in memory; its kid is the key's
// thumbprint (RFC 7638).
func NewES256Signer(key *ecdsa.PrivateKey) (*ES256, error) {
	if key == nil || key.Curve != elliptic.P256() {
		return nil, fault(BadKey, "private key")
	}
	return NewES256(InMemory(key))
}

// NewES256 makes a signer of a key wherever it is kept.
func NewES256(key Key) (*ES256, error) {
	kid, err := KeyID(key.Public())
	if err != nil {
		return nil, err
	}
	return &ES256{key: key, kid: kid}, nil
}

// KeyID is the key's thumbprint.
func (s *ES256) KeyID() string { return s.kid }

// Public is the public half.
func (s *ES256) Public() *ecdsa.PublicKey { return s.key.Public() }

// Sign signs with the header alg, kid and typ and nothing else: the key is found
// in the JWKS, never in the receipt.
func (s *ES256) Sign(ctx context.Context, payload []byte, typ string) (string, error) {
	compact, err := s.append(ctx, nil, payload, typ, s.head(typ))
	return string(compact), err
}

// appendLate adds when it was signed (iat of ETSI TS 119 182-1) to the header: for
// what is signed at another time than it was issued, so that the key's period is
// that of the signature.
func (s *ES256) appendLate(ctx context.Context, b, payload []byte, typ string, now time.Time) ([]byte, error) {
	header := fmt.Sprintf(`{"alg":"ES256","kid":%q,"typ":%q,"iat":%d}`, s.kid, typ, now.Unix())
	return s.append(ctx, b, payload, typ, base64.RawURLEncoding.EncodeToString([]byte(header)))
}

func (s *ES256) head(typ string) string {
	if head, known := s.heads.Load(typ); known {
		return head.(string)
	}
	head := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"alg":"ES256","kid":%q,"typ":%q}`, s.kid, typ))
	s.heads.Store(typ, head)
	return head
}

// append writes what it signs behind b, and b alone where it fails.
func (s *ES256) append(ctx context.Context, b, payload []byte, typ, head string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return b, fmt.Errorf("signing %s: %w", typ, err)
	}
	b64 := base64.RawURLEncoding
	compact := slices.Grow(b, len(head)+b64.EncodedLen(len(payload))+b64.EncodedLen(64)+2)
	compact = append(append(compact, head...), '.')
	compact = b64.AppendEncode(compact, payload)
	signature, err := s.key.SignDigest(ctx, sha256.Sum256(compact[len(b):]))
	if err != nil {
		return b, fmt.Errorf("signing %s: %w", typ, err)
	}
	return b64.AppendEncode(append(compact, '.'), signature[:]), nil
}

// payloads are buffers to encode into.
var payloads = sync.Pool{New: func() any { b := make([]byte, 0, encodedSize); return &b }}

// late is a signer whose keys have periods.
type late interface {
	appendIssued(ctx context.Context, b, payload []byte, typ string, issuedAt time.Time) ([]byte, error)
}

// Issue encodes claims and signs them as a receipt. A receipt may be signed again
// long after it was issued: where the key that signs now did not sign then, the
// header says when it was signed.
func Issue(ctx context.Context, signer Signer, c Claims) (string, error) {
	compact, err := Append(ctx, nil, signer, &c)
	return string(compact), err
}

// Append writes what [Issue] gives behind b, and b alone where it fails.
func Append(ctx context.Context, b []byte, signer Signer, c *Claims) ([]byte, error) {
	buffer := payloads.Get().(*[]byte)
	defer payloads.Put(buffer)
	*buffer = appendClaims((*buffer)[:0], c)
	if s, ok := signer.(late); ok {
		return s.appendIssued(ctx, b, *buffer, TypReceipt, c.IssuedAt)
	}
	compact, err := signer.Sign(ctx, *buffer, TypReceipt)
	return append(b, compact...), err
}

// InMemory is a key in memory.
func InMemory(key *ecdsa.PrivateKey) Key { return memoryKey{key} }

type memoryKey struct{ private *ecdsa.PrivateKey }

func (k memoryKey) Public() *ecdsa.PublicKey { return &k.private.PublicKey }

// SignDigest signs as RFC 6979 tells, which RFC 8725 (section 3.2) wants of who
// signs tokens: the number of each signature comes from the key and what is
// signed, so that no source of randomness can give the key away, and it is found
// in three quarters of the time.
func (k memoryKey) SignDigest(_ context.Context, digest [sha256.Size]byte) ([64]byte, error) {
	der, err := k.private.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		return [64]byte{}, err
	}
	return RawSignature(der)
}
