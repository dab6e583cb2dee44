// SPDX-License-Identifier: Apache-2.0

package receipt

import "time"

// SigningKey is the key of a key set that signed, with its published period.
type SigningKey struct {
	KeyID     string
	NotBefore time.Time // zero: the set names none
	NotAfter  time.Time // zero: it still signs, or the set names none
	// SignedAt is when it signed, where that is not when the receipt was issued: a
	// receipt can be signed again with the key of today.
	SignedAt time.Time
}

// WhichKey verifies as VerifyPayload does and says which key signed.
func WhichKey(compact string, jwks []byte, wantTyp string) (SigningKey, error) {
	if len(compact) > maxSigned {
		return SigningKey{}, fault(TooLarge, "JWS")
	}
	_, key, err := verify(compact, jwks, wantTyp)
	if err != nil {
		return SigningKey{}, err
	}
	return SigningKey{KeyID: key.KeyID, NotBefore: numeric(key.wireKey.NotBefore), NotAfter: numeric(key.wireKey.NotAfter), SignedAt: numeric(key.signedAt)}, nil
}

func numeric(seconds *int64) time.Time {
	if seconds == nil {
		return time.Time{}
	}
	return time.Unix(*seconds, 0).UTC()
}
