// SPDX-License-Identifier: Apache-2.0

package cms

import (
	"crypto/subtle"
	"encoding/asn1"
	"slices"
	"time"
)

// attributes holds the signed attributes that are judged, each with its single value.
type attributes struct {
	contentType   oid
	messageDigest []byte
	signingTime   *time.Time
	ess           []byte // DER of SigningCertificateV2 (RFC 5035)
	essOld        []byte // DER of SigningCertificate (RFC 2634), which names by SHA-1
}

// maxAttributes bounds what is compared with one another; CAdES knows about ten.
const maxAttributes = 64

// readAttributes reads a SET OF Attribute. A type that comes twice, or one of the known types with other than one
// value, is malformed (RFC 5652 section 11); what unknown types say is left alone.
func readAttributes(set []byte) (attributes, error) {
	var out attributes
	outer := fields{rest: set}
	f := fields{rest: outer.want(asn1.TagSet).Bytes}
	var seen []oid
	for len(f.rest) > 0 {
		one := fields{rest: f.want(asn1.TagSequence).Bytes, bad: f.bad}
		id := one.oid()
		values := one.want(asn1.TagSet)
		switch {
		case !one.done() || slices.Contains(seen, id):
			return out, fault(Malformed, "signed attribute broken or repeated")
		case len(seen) == maxAttributes:
			return out, fault(TooManyElements, "more signed attributes than allowed")
		}
		seen = append(seen, id)
		if !out.take(id, values.Bytes) {
			return out, fault(Malformed, "signed attribute of another form")
		}
	}
	if !outer.done() {
		return out, fault(Malformed, "signed attributes are not one set")
	}
	return out, nil
}

func (a *attributes) take(id oid, values []byte) bool {
	f := fields{rest: values}
	switch id {
	case rawContentType:
		a.contentType = f.oid()
	case rawMessageDigest:
		a.messageDigest = f.want(octetString).Bytes
	case rawSigningTime:
		a.signingTime = new(time.Time)
		f.decode(a.signingTime)
	case rawESSv2:
		a.ess = f.want(asn1.TagSequence).FullBytes
	case rawESS:
		a.essOld = f.want(asn1.TagSequence).FullBytes
	default:
		return true
	}
	return f.done()
}

// check compares the attributes with the content they are said to cover.
func (a attributes) check(contentType oid, digest []byte) error {
	if a.contentType == "" || a.contentType != contentType {
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
