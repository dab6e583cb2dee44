// SPDX-License-Identifier: Apache-2.0

package cms

import "crypto"

// CheckAttributes checks that signed attributes (DER of the SET OF Attribute) are those of a signature over content:
// content type and message digest. It is for who keeps no certificate, and so cannot verify the signature itself.
func CheckAttributes(set, content []byte, hash crypto.Hash) error {
	claims, err := readAttributes(set)
	if err != nil {
		return err
	}
	return claims.check(rawData, sum(hash, content))
}
