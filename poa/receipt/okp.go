// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"

	"github.com/go-jose/go-jose/v4"
)

// PublicOKP gives a public key of Ed25519 as a JWK (RFC 8037) with kid, alg and
// use. Such keys sign webhooks; they stand in the key set beside those of
// receipts and sign no receipt.
func PublicOKP(pub ed25519.PublicKey) ([]byte, error) {
	kid, err := OKPKeyID(pub)
	if err != nil {
		return nil, err
	}
	out, err := jose.JSONWebKey{Key: pub, KeyID: kid, Algorithm: string(jose.EdDSA), Use: "sig"}.MarshalJSON()
	if err != nil {
		return nil, fault(BadKey, "public key")
	}
	return out, nil
}

// OKPKeyID gives the kid of a public key of Ed25519: its thumbprint (RFC 7638,
// RFC 8037) with SHA-256.
func OKPKeyID(pub ed25519.PublicKey) (string, error) {
	if len(pub) != ed25519.PublicKeySize {
		return "", fault(BadKey, "public key")
	}
	jwk := jose.JSONWebKey{Key: pub}
	sum, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", fault(BadKey, "public key")
	}
	return base64.RawURLEncoding.EncodeToString(sum), nil
}

// ParseOKP reads a JWK that PublicOKP gave.
func ParseOKP(text []byte) (ed25519.PublicKey, error) { return ed25519Key(text) }

func ed25519Key(text []byte) (ed25519.PublicKey, error) {
	var jwk jose.JSONWebKey
	if err := jwk.UnmarshalJSON(text); err != nil {
		return nil, fault(BadKey, "JWK")
	}
	pub, ok := jwk.Key.(ed25519.PublicKey)
	if !ok || len(pub) != ed25519.PublicKeySize {
		return nil, fault(BadKey, "JWK")
	}
	return pub, nil
}

// OKPKeys reads the Ed25519 keys of a purpose out of a key set, those that ended
// included.
func OKPKeys(jwks []byte, purpose string) ([]ed25519.PublicKey, error) {
	if len(jwks) > maxJWKS {
		return nil, fault(TooLarge, "key set")
	}
	var read wireSet
	if err := json.Unmarshal(bytes.TrimSpace(jwks), &read); err != nil {
		return nil, fault(BadKey, "key set")
	}
	var keys []ed25519.PublicKey
	for _, raw := range read.Keys {
		var entry wireKey
		if json.Unmarshal(raw, &entry) != nil || entry.Purpose != purpose {
			continue
		}
		if public, err := ed25519Key(raw); err == nil {
			keys = append(keys, public)
		}
	}
	return keys, nil
}

// ParseEd25519PEMs reads private keys of Ed25519 as PKCS #8 in PEM (RFC 8410),
// one after another. Errors hold no part of them.
func ParseEd25519PEMs(text []byte) ([]ed25519.PrivateKey, error) {
	if len(text) > maxPEM {
		return nil, fault(TooLarge, "private key")
	}
	var keys []ed25519.PrivateKey
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if block.Type != pemType || err != nil {
			return nil, fault(BadKey, "PKCS #8")
		}
		key, ok := parsed.(ed25519.PrivateKey)
		if !ok {
			return nil, fault(BadKey, "curve")
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fault(BadKey, "PEM")
	}
	return keys, nil
}

// MarshalEd25519PEM writes a key as PKCS #8 in PEM.
func MarshalEd25519PEM(key ed25519.PrivateKey) ([]byte, error) {
	if len(key) != ed25519.PrivateKeySize {
		return nil, fault(BadKey, "private key")
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fault(BadKey, "private key")
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}), nil
}
