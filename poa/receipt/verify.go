// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"encoding/json"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// maxCompact bounds a receipt; one takes about 2 KB.
const maxCompact = 64 << 10

// maxSigned bounds the other things that are signed; a status list of 2^20
// entries is the largest.
const maxSigned = 2 << 20

// Verify verifies a receipt with a key set: ES256, the header typ, a key of that
// purpose, the signature, and that it was issued in the key's period or, where it
// was signed again later, that it was signed in it. Whether issuer, recipient,
// question and nonce are one's own is for the caller to see.
func Verify(compact string, jwks []byte, wantTyp string) (Claims, error) {
	if len(compact) > maxCompact {
		return Claims{}, fault(TooLarge, "receipt")
	}
	payload, key, err := verify(compact, jwks, wantTyp)
	if err != nil {
		return Claims{}, err
	}
	claims, err := Decode(payload)
	if err != nil {
		return Claims{}, err
	}
	if !key.coversReceipt(claims.IssuedAt) {
		return Claims{}, fault(KeyPeriod, "issuedAt")
	}
	return claims, nil
}

// VerifyPayload verifies whatever the service signed (status lists, heartbeats)
// as Verify does and gives its payload; the period of the key is left to who
// knows where the payload holds its time.
func VerifyPayload(compact string, jwks []byte, wantTyp string) ([]byte, error) {
	if len(compact) > maxSigned {
		return nil, fault(TooLarge, "JWS")
	}
	payload, _, err := verify(compact, jwks, wantTyp)
	return payload, err
}

func verify(compact string, jwks []byte, wantTyp string) ([]byte, *foundKey, error) {
	signed, err := jose.ParseSignedCompact(compact, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil || len(signed.Signatures) != 1 {
		return nil, nil, fault(Malformed, "JWS")
	}
	header := signed.Signatures[0].Protected
	typ, _ := header.ExtraHeaders[jose.HeaderType].(string)
	// RFC 7515, section 4.1.9: a media type, so compared without regard to case.
	if !strings.EqualFold(typ, wantTyp) {
		return nil, nil, fault(WrongType, "typ")
	}
	key, err := findKey(jwks, header.KeyID, wantTyp)
	if err != nil {
		return nil, nil, err
	}
	payload, err := signed.Verify(key.pub)
	if err != nil {
		return nil, nil, fault(BadSignature, "signature")
	}
	key.signedAt, err = signedAt(header)
	return payload, key, err
}

// signedAt is the header iat, nil where there is none: who signed later than the
// payload says tells so.
func signedAt(header jose.Header) (*int64, error) {
	value, there := header.ExtraHeaders["iat"]
	if !there {
		return nil, nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fault(Malformed, "iat")
	}
	var seconds int64
	if json.Unmarshal(text, &seconds) != nil {
		return nil, fault(Malformed, "iat")
	}
	return &seconds, nil
}
