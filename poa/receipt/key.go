// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"

	"github.com/go-jose/go-jose/v4"
)

const pemType = "PRIVATE KEY"

// maxPEM bounds a private key file; one of P-256 takes about 240 bytes.
const maxPEM = 16 << 10

// GenerateKey makes a key of P-256. rand is kept for callers that hand in a
// token's source; since Go 1.26 the standard library uses its own.
func GenerateKey(rand io.Reader) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand)
	if err != nil {
		return nil, fmt.Errorf("generating signing key: %w", err)
	}
	return key, nil
}

// MarshalPrivatePEM writes a key as PKCS #8 in PEM (RFC 5958, RFC 7468).
func MarshalPrivatePEM(key *ecdsa.PrivateKey) ([]byte, error) {
	if key == nil || key.Curve != elliptic.P256() {
		return nil, fault(BadKey, "private key")
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fault(BadKey, "private key")
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}), nil
}

// ParsePrivatePEM reads what MarshalPrivatePEM wrote. Errors hold no part of it.
func ParsePrivatePEM(text []byte) (*ecdsa.PrivateKey, error) {
	if len(text) > maxPEM {
		return nil, fault(TooLarge, "private key")
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemType {
		return nil, fault(BadKey, "PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fault(BadKey, "PKCS #8")
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, fault(BadKey, "curve")
	}
	return key, nil
}

// ParsePrivatePEMs reads keys that MarshalPrivatePEM wrote, one after another.
func ParsePrivatePEMs(text []byte) ([]*ecdsa.PrivateKey, error) {
	if len(text) > maxPEM {
		return nil, fault(TooLarge, "private key")
	}
	var keys []*ecdsa.PrivateKey
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "EC PARAMETERS" { // openssl writes them beside an older form of key
			continue
		}
		key, err := ParsePrivatePEM(pem.EncodeToMemory(block))
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fault(BadKey, "PEM")
	}
	return keys, nil
}

// KeyID gives the kid of a public key: its thumbprint (RFC 7638) with SHA-256.
func KeyID(pub *ecdsa.PublicKey) (string, error) {
	if pub == nil || pub.Curve != elliptic.P256() {
		return "", fault(BadKey, "public key")
	}
	jwk := jose.JSONWebKey{Key: pub}
	sum, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", fault(BadKey, "public key")
	}
	return base64.RawURLEncoding.EncodeToString(sum), nil
}

// PublicJWK gives a public key as a JWK with kid, alg and use, in the form in
// which it is stored before its first signature.
func PublicJWK(pub *ecdsa.PublicKey) ([]byte, error) {
	kid, err := KeyID(pub)
	if err != nil {
		return nil, err
	}
	out, err := jose.JSONWebKey{Key: pub, KeyID: kid, Algorithm: string(jose.ES256), Use: "sig"}.MarshalJSON()
	if err != nil {
		return nil, fault(BadKey, "public key")
	}
	return out, nil
}
