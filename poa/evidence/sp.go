// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"bytes"
	"crypto"

	"ininjo/poa/cms"
)

// bound reports whether the signed attributes that were kept tie the document to
// the digest that the platform was told; false where none were kept.
func (s SP) bound() (bool, error) {
	if len(s.SignedAttributes) == 0 {
		return false, nil
	}
	hash, err := hashNamed(s.Hash)
	if err != nil {
		return false, err
	}
	h := hash.New()
	h.Write(s.SignedAttributes)
	if !bytes.Equal(h.Sum(nil), s.SignedDigest) {
		return false, cms.Fault{Kind: cms.Signature, Detail: "the signed digest is not that of the attributes"}
	}
	signed := s.Document
	if len(s.Content) > 0 {
		if !bytes.HasPrefix(s.Content, s.Document) {
			return false, cms.Fault{Kind: cms.Digest, Detail: "what was signed does not begin with the document"}
		}
		signed = s.Content
	}
	return true, cms.CheckAttributes(s.SignedAttributes, signed, hash)
}

func hashNamed(name string) (crypto.Hash, error) {
	for _, hash := range digests {
		if hash.String() == name {
			return hash, nil
		}
	}
	return 0, cms.Fault{Kind: cms.Algorithm, Detail: "an unknown digest"}
}
