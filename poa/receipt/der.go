// SPDX-License-Identifier: Apache-2.0

package receipt

// RawSignature turns an ECDSA signature of P-256 in DER (SEQUENCE of r and s) into
// r and s of 32 bytes each: crypto/ecdsa and most KMSs give the former, ES256
// wants the latter.
func RawSignature(der []byte) ([64]byte, error) {
	var raw [64]byte
	body, rest, ok := derValue(der, 0x30)
	if !ok || len(rest) > 0 {
		return raw, fault(BadSignature, "DER")
	}
	for half := range 2 {
		var number []byte
		if number, body, ok = derValue(body, 0x02); !ok || len(number) == 0 || number[0]&0x80 != 0 {
			return raw, fault(BadSignature, "DER")
		}
		for len(number) > 1 && number[0] == 0 {
			number = number[1:]
		}
		if len(number) > 32 {
			return raw, fault(BadSignature, "DER")
		}
		copy(raw[32*half+32-len(number):], number)
	}
	if len(body) > 0 {
		return raw, fault(BadSignature, "DER")
	}
	return raw, nil
}

// derValue takes a value of the tag with a length of one byte off the front: no
// signature of P-256 is longer.
func derValue(der []byte, tag byte) (value, rest []byte, ok bool) {
	if len(der) < 2 || der[0] != tag || der[1] >= 0x80 || len(der) < 2+int(der[1]) {
		return nil, nil, false
	}
	end := 2 + int(der[1])
	return der[2:end], der[end:], true
}
