// SPDX-License-Identifier: Apache-2.0

package cms

import (
	"bytes"
	"crypto"
	"crypto/sha1" //nolint:gosec // RFC 3161 section 2.4.2 names an authority's certificate by SHA-1, see checkESS
	"crypto/x509"
	"encoding/asn1"
	"math/big"
)

// essCertID is ESSCertIDv2 of RFC 5035 section 4, or ESSCertID of RFC 2634 section 5.4.
type essCertID struct {
	hash         crypto.Hash
	digest       []byte
	issuerSerial []byte // content of IssuerSerial; nil where it is not there
}

// checkESS compares the first certificate named by signing-certificate-v2, and by its elder, with the signer's
// (RFC 5035 section 5.4): its hash, and its issuer and serial number where they are given. The elder names by SHA-1.
// It can only refuse what would otherwise be taken; a time stamp, which needs one of both, still needs a path to a
// pinned root of authorities, so that a collision would have to be made there.
func (a attributes) checkESS(signer *x509.Certificate) error {
	for _, named := range []struct {
		der []byte
		old bool
	}{{a.ess, false}, {a.essOld, true}} {
		if named.der == nil {
			continue
		}
		id, ok := readESS(named.der, named.old)
		if !ok {
			return fault(ESSCertificate, "the signing certificate attribute cannot be read")
		}
		if !id.names(signer) {
			return fault(ESSCertificate, "the signing certificate attribute names another certificate")
		}
	}
	return nil
}

// named tells whether a signed attribute names the certificate.
func (a attributes) named() bool { return a.ess != nil || a.essOld != nil }

// readESS reads the first certificate ID; the others, of the path, add nothing to a path to pinned roots.
func readESS(der []byte, old bool) (id essCertID, ok bool) {
	outer := fields{rest: der}
	body := fields{rest: outer.want(asn1.TagSequence).Bytes}
	list := fields{rest: body.want(asn1.TagSequence).Bytes}
	first := fields{rest: list.want(asn1.TagSequence).Bytes}
	id.hash = crypto.SHA256 // where no algorithm is given
	if old {
		id.hash = crypto.SHA1
	} else if first.peek(asn1.TagSequence) {
		hash, err := chooseDigest(first.algorithm())
		if err != nil {
			return id, false
		}
		id.hash = hash
	}
	id.digest = first.want(octetString).Bytes
	if len(first.rest) > 0 {
		id.issuerSerial = first.want(asn1.TagSequence).Bytes
	}
	return id, first.done() && !outer.bad && !body.bad && !list.bad
}

func (id essCertID) names(certificate *x509.Certificate) bool {
	digest := sha1Of
	if id.hash != crypto.SHA1 {
		digest = func(data []byte) []byte { return sum(id.hash, data) }
	}
	return bytes.Equal(id.digest, digest(certificate.Raw)) && (id.issuerSerial == nil || sameIssuerSerial(id.issuerSerial, certificate))
}

func sha1Of(data []byte) []byte {
	digest := sha1.Sum(data) //nolint:gosec // see the import
	return digest[:]
}

// sameIssuerSerial reads IssuerSerial of RFC 5035 section 5: one directory name among GeneralNames, and a number.
func sameIssuerSerial(content []byte, certificate *x509.Certificate) bool {
	f := fields{rest: content}
	names := fields{rest: f.want(asn1.TagSequence).Bytes}
	name, ok := names.optional(4)
	var serial *big.Int
	f.decode(&serial)
	return ok && names.done() && f.done() && bytes.Equal(name.Bytes, certificate.RawIssuer) && serial.Cmp(certificate.SerialNumber) == 0
}
