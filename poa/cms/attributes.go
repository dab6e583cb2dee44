// SPDX-License-Identifier: Apache-2.0

package cms

import (
	"crypto/subtle"
	"encoding/asn1"
	"time"
)

// attributes holds the signed attributes that are judged, each with its single value.
type attributes struct {
	contentType   asn1.ObjectIdentifier
	messageDigest []byte
	signingTime   *time.Time
	ess           []byte // DER of SigningCertificateV2 (RFC 5035)
	essOld        []byte // DER of SigningCertificate (RFC 2634), which names by SHA-1
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
	case oid.Equal(oidESS):
		a.essOld = f.want(asn1.TagSequence).FullBytes
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
	if len(a.messageDigest) != len(digest) {
		return fault(NoDigest, "no message digest attribute of the digest's length")
	}
	if subtle.ConstantTimeCompare(a.messageDigest, digest) != 1 {
		return fault(Digest, "the content is not the one that was signed")
	}
	return nil
}
