// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// maxJWKS bounds a key set: some thousand keys.
const maxJWKS = 1 << 20

// PublicKey is a key as it is published: the JWK that PublicJWK gave, the typ
// that it signs and its period. A zero NotAfter says that it still signs.
type PublicKey struct {
	JWK       []byte
	Purpose   string
	NotBefore time.Time
	NotAfter  time.Time
}

// wireKey is a member of the key set; purpose, nbf and exp are members of our
// own, as RFC 7517, section 4, allows. Times are NumericDates (RFC 7519).
type wireKey struct {
	KeyType   string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	Y         string `json:"y,omitempty"`
	KeyID     string `json:"kid"`
	Algorithm string `json:"alg"`
	Use       string `json:"use"`
	Purpose   string `json:"purpose,omitempty"`
	NotBefore *int64 `json:"nbf,omitempty"`
	NotAfter  *int64 `json:"exp,omitempty"`
}

type wireSet struct {
	Keys []json.RawMessage `json:"keys"`
}

// JWKS writes the key set in the order of keys: all that ever signed, with their
// periods. A key that is not a public one of P-256 or Ed25519 is refused.
func JWKS(keys []PublicKey) ([]byte, error) {
	set := wireSet{Keys: make([]json.RawMessage, 0, len(keys))}
	for i, key := range keys {
		clean, err := cleanJWK(key.JWK)
		if err != nil {
			return nil, fault(BadKey, fmt.Sprintf("keys[%d]", i))
		}
		entry, err := publish(clean, key)
		if err != nil {
			return nil, err
		}
		set.Keys = append(set.Keys, entry)
	}
	out, err := json.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("writing key set: %w", err)
	}
	return out, nil
}

// cleanJWK writes the key anew from its point, so that nothing else that stood in
// the JWK, least of all a private part, is ever published.
func cleanJWK(text []byte) ([]byte, error) {
	if pub, err := ed25519Key(text); err == nil {
		return PublicOKP(pub)
	}
	pub, err := publicKey(text)
	if err != nil {
		return nil, err
	}
	return PublicJWK(pub)
}

// publish adds purpose and period.
func publish(clean []byte, key PublicKey) ([]byte, error) {
	var entry wireKey
	if err := json.Unmarshal(clean, &entry); err != nil {
		return nil, fmt.Errorf("reading own key: %w", err)
	}
	entry.Purpose = key.Purpose
	entry.NotBefore, entry.NotAfter = seconds(key.NotBefore, 0), seconds(key.NotAfter, 1)
	out, err := json.Marshal(entry)
	if err != nil {
		return nil, fmt.Errorf("writing key: %w", err)
	}
	return out, nil
}

// seconds rounds the end of a period up, so that no signature inside the period
// falls outside the published one.
func seconds(t time.Time, up int64) *int64 {
	if t.IsZero() {
		return nil
	}
	n := t.Unix()
	if t.Nanosecond() > 0 {
		n += up
	}
	return &n
}

func publicKey(text []byte) (*ecdsa.PublicKey, error) {
	var jwk jose.JSONWebKey
	if err := jwk.UnmarshalJSON(text); err != nil {
		return nil, fault(BadKey, "JWK")
	}
	pub, ok := jwk.Key.(*ecdsa.PublicKey)
	if !ok || pub.Curve != elliptic.P256() {
		return nil, fault(BadKey, "JWK")
	}
	return pub, nil
}

// foundKey is a key of a set with what the set says about it.
type foundKey struct {
	pub *ecdsa.PublicKey
	// signedAt is when it signed, where the header says so.
	signedAt *int64
	wireKey
}

// findKey looks for the key of kid and typ. Other members of the set that we
// cannot read are no fault: a set may hold keys of other kinds.
func findKey(set []byte, kid, typ string) (*foundKey, error) {
	if len(set) > maxJWKS {
		return nil, fault(TooLarge, "key set")
	}
	var read wireSet
	if err := json.Unmarshal(bytes.TrimSpace(set), &read); err != nil {
		return nil, fault(BadKey, "key set")
	}
	for _, raw := range read.Keys {
		var entry wireKey
		if json.Unmarshal(raw, &entry) != nil || entry.KeyID != kid || kid == "" {
			continue
		}
		if entry.Purpose != "" && entry.Purpose != typ {
			continue
		}
		pub, err := publicKey(raw)
		if err != nil {
			return nil, err
		}
		return &foundKey{pub: pub, wireKey: entry}, nil
	}
	return nil, fault(UnknownKey, "kid")
}

// coversReceipt reports whether the key signed in its published period. Nothing is
// signed before it was issued: else an ended key could sign what was issued since.
func (k *foundKey) coversReceipt(issuedAt time.Time) bool {
	if k.signedAt == nil {
		return k.covers(issuedAt)
	}
	return *k.signedAt >= issuedAt.Unix() && k.covers(time.Unix(*k.signedAt, 0))
}

// covers reports whether the published period holds the instant.
func (k *foundKey) covers(t time.Time) bool {
	if k.NotBefore != nil && t.Before(time.Unix(*k.NotBefore, 0)) {
		return false
	}
	return k.NotAfter == nil || !t.After(time.Unix(*k.NotAfter, 0))
}
