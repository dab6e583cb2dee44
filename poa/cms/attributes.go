// SPDX-License-Identifier: Apache-2.0

package cms

import (
	"bytes"
	"crypto/subtle"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"time"
)

// attributes holds the signed attributes that are judged, each with its single value.
type attributes struct {
	contentType   asn1.ObjectIdentifier
	messageDigest []byte
	signingTime   *time.Time
	ess           []byte // DER of SigningCertificateV2
}

// readAttributes reads a SET OF Attribute. One of the known types that comes twice, or with other than
// one value, is malformed (RFC 5652 section 11); unknown types are left alone.
func readAttributes(set []byte) (attributes, error) {
	var out attributes
	outer := fields{rest: set}
	f := fields{rest: outer.want(asn1.TagSet).Bytes}
	seen := map[string]bool{}
	for len(f.rest) > 0 {
		one := fields{rest: f.want(asn1.TagSequence).Bytes, bad: f.bad}
		var oid asn1.ObjectIdentifier
		one.decode(&oid)
		values := one.want(asn1.TagSet)
		if !one.done() || seen[oid.String()] {
			return out, fault(Malformed, "signed attribute broken or repeated")
		}
		seen[oid.String()] = true
		if !out.take(oid, values.Bytes) {
			return out, fault(Malformed, "signed attribute of another form")
		}
	}
	if !outer.done() {
		return out, fault(Malformed, "signed attributes are not one set")
	}
	return out, nil
}

func (a *attributes) take(oid asn1.ObjectIdentifier, values []byte) bool {
	f := fields{rest: values}
	switch {
	case oid.Equal(oidContentType):
		f.decode(&a.contentType)
	case oid.Equal(oidMessageDigest):
		a.messageDigest = f.want(octetString).Bytes
	case oid.Equal(oidSigningTime):
		a.signingTime = new(time.Time)
		f.decode(a.signingTime)
	case oid.Equal(oidESSv2):
		a.ess = f.want(asn1.TagSequence).FullBytes
	default:
		return true
	}
	return f.done()
}

// check compares the attributes with the content they are said to cover.
func (a attributes) check(contentType asn1.ObjectIdentifier, digest []byte) error {
	if len(a.contentType) == 0 || !a.contentType.Equal(contentType) {
		return fault(ContentType, "the content type attribute differs or is missing")
	}
	if len(a.messageDigest) == 0 {
		return fault(Digest, "no message digest attribute")
	}
	if subtle.ConstantTimeCompare(a.messageDigest, digest) != 1 {
		return fault(Digest, "the content is not the one that was signed")
	}
	return nil
}

// essCertID is ESSCertIDv2 of RFC 5035 section 4; a missing algorithm means SHA-256.
type essCertID struct {
	Algorithm    pkix.AlgorithmIdentifier `asn1:"optional"`
	Hash         []byte
	IssuerSerial asn1.RawValue `asn1:"optional"`
}

// checkESS compares the first certificate named by signing-certificate-v2 with the signer's
// (RFC 5035 section 5.4). Its issuer and serial add nothing to the hash of the whole certificate.
func (a attributes) checkESS(signer *x509.Certificate) error {
	if a.ess == nil {
		return nil
	}
	outer := fields{rest: a.ess}
	body := fields{rest: outer.want(asn1.TagSequence).Bytes}
	list := fields{rest: body.want(asn1.TagSequence).Bytes}
	var first essCertID
	list.decode(&first)
	if list.bad || body.bad {
		return fault(ESSCertificate, "the signing certificate attribute cannot be read")
	}
	hash, ok := digests[first.Algorithm.Algorithm.String()]
	if len(first.Algorithm.Algorithm) == 0 {
		hash, ok = digests[oidSHA256.String()], true
	}
	if !ok {
		return fault(ESSCertificate, "the signing certificate attribute uses another digest")
	}
	if !bytes.Equal(first.Hash, sum(hash, signer.Raw)) {
		return fault(ESSCertificate, "the signing certificate attribute names another certificate")
	}
	return nil
}
