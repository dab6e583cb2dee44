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

// SignedAttributes returns the signed attributes of a file that Verify took: what its key signed. They name no
// certificate, but may hold the digest of one.
func SignedAttributes(file []byte, limits Limits) ([]byte, error) {
	sd, err := open(file, limits)
	if err != nil {
		return nil, err
	}
	if sd.signer.attributes == nil {
		return nil, fault(NoSignedAttributes, "the signature covers the bare content")
	}
	return sd.signer.attributes, nil
}
