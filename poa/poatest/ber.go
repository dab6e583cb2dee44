// SPDX-License-Identifier: Apache-2.0

package poatest

import (
	"encoding/asn1"
	"slices"
)

// BER writes DER anew with indefinite lengths, and with octet strings in pieces of so many bytes (whole where it is
// 0), as tools do that do not know the length beforehand.
func BER(t TB, der []byte, piece int) []byte {
	t.Helper()
	var out []byte
	for len(der) > 0 {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(der, &v)
		if err != nil {
			t.Fatalf("%v", err)
		}
		tag := der[0]
		der = rest
		switch {
		case v.IsCompound:
			out = append(append(append(out, tag, 0x80), BER(t, v.Bytes, piece)...), 0, 0)
		case tag == asn1.TagOctetString && piece > 0:
			out = append(out, tag|0x20, 0x80)
			for part := range slices.Chunk(v.Bytes, piece) {
				one, err := asn1.Marshal(part)
				if err != nil {
					t.Fatalf("%v", err)
				}
				out = append(out, one...)
			}
			out = append(out, 0, 0)
		default:
			out = append(out, v.FullBytes...)
		}
	}
	return out
}
