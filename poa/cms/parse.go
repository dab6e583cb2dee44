// SPDX-License-Identifier: Apache-2.0

package cms

import (
	"crypto/x509"
	"encoding/asn1"
)

var (
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
	oidTSTInfo       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidESS           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidTimeStamp     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 14}
	oidESSv2         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
)

// signedData is RFC 5652 section 5.1, as far as it is used.
type signedData struct {
	contentType  oid
	content      []byte
	detached     bool
	certificates []*x509.Certificate
	signer       signerInfo
}

// Bounds of the parts of a file that cost more than their bytes: each certificate is parsed into a tree of its own, and
// each attribute into a slice.
const (
	maxCertificates     = 32
	maxCertificateBytes = 256 << 10
	maxAttributeBytes   = 64 << 10
	maxStampBytes       = 512 << 10
)

// signerInfo is RFC 5652 section 5.3.
type signerInfo struct {
	issuer             []byte // DER; nil where keyID is given
	serial             []byte // content of the INTEGER
	keyID              []byte
	digestAlgorithm    algorithm
	attributes         []byte // DER of the SET OF Attribute, as signed; nil where there are none
	signatureAlgorithm algorithm
	signature          []byte
	unsigned           []byte // content of the SET OF Attribute that anyone may have added
}

// fields hands out the values of a SEQUENCE or SET one after the other and remembers the first failure.
type fields struct {
	rest []byte
	bad  bool
}

// next reads the next header. toDER has seen all bytes, so the checks here only guard against its own mistakes;
// encoding/asn1 would do the same by reflection, which costs more than the rest of the parsing.
func (f *fields) next() asn1.RawValue {
	tag, body, ok := cut(f.rest)
	if f.bad || !ok {
		f.bad, f.rest = true, nil
		return asn1.RawValue{}
	}
	full := f.rest[:len(f.rest)-len(body.after)]
	f.rest = body.after
	return asn1.RawValue{
		Class: int(tag >> 6), Tag: int(tag & longTag), IsCompound: tag&constructed != 0, Bytes: body.content, FullBytes: full,
	}
}

// inside is the content of a value, and what follows the value.
type inside struct{ content, after []byte }

// cut takes the first value off DER.
func cut(der []byte) (tag byte, body inside, ok bool) {
	s := scanner{in: der}
	tag, length, err := s.header(len(der))
	if err != nil || length == indefiniteLen {
		return 0, inside{}, false
	}
	end := s.pos + length
	return tag, inside{der[s.pos:end:end], der[end:]}, true
}

// want returns the next value, which must be of this universal tag: a sequence or a set, or else a primitive value.
func (f *fields) want(tag int) asn1.RawValue {
	v := f.next()
	if v.Class != asn1.ClassUniversal || v.Tag != tag || v.IsCompound != (tag == asn1.TagSequence || tag == asn1.TagSet) {
		f.bad = true
	}
	return v
}

// peek tells whether the next value is of this universal tag.
func (f *fields) peek(tag int) bool {
	return len(f.rest) > 0 && int(f.rest[0]&^constructed) == tag
}

// optional returns the next value if it has this context tag.
func (f *fields) optional(tag int) (asn1.RawValue, bool) {
	if len(f.rest) == 0 {
		return asn1.RawValue{}, false
	}
	ahead := fields{rest: f.rest}
	v := ahead.next()
	if ahead.bad || v.Class != asn1.ClassContextSpecific || v.Tag != tag {
		return asn1.RawValue{}, false
	}
	f.rest = ahead.rest
	return v, true
}

func (f *fields) decode(into any) {
	v := f.next()
	if f.bad {
		return
	}
	if rest, err := asn1.Unmarshal(v.FullBytes, into); err != nil || len(rest) > 0 {
		f.bad = true
	}
}

// oid reads an object identifier, of any form: one of a form that DER does not have is in no table.
func (f *fields) oid() oid {
	v := f.want(asn1.TagOID)
	f.bad = f.bad || len(v.Bytes) == 0
	return oid(v.Bytes)
}

// algorithm reads an AlgorithmIdentifier.
func (f *fields) algorithm() (a algorithm) {
	inner := fields{rest: f.want(asn1.TagSequence).Bytes}
	a.id = inner.oid()
	if len(inner.rest) > 0 {
		a.parameters = inner.next()
	}
	f.bad = f.bad || !inner.done()
	return a
}

func (f *fields) done() bool { return !f.bad && len(f.rest) == 0 }

func parse(der []byte) (*signedData, error) {
	outer := fields{rest: der}
	info := fields{rest: outer.want(asn1.TagSequence).Bytes, bad: outer.bad}
	kind := info.oid()
	if info.bad {
		return nil, fault(Malformed, "not a CMS content")
	}
	if kind != rawSignedData {
		return nil, fault(NotSignedData, "a CMS content of another type")
	}
	body, present := info.optional(0)
	if !present || !info.done() {
		return nil, fault(Malformed, "signed data without a body")
	}
	wrapped := fields{rest: body.Bytes}
	seq := wrapped.want(asn1.TagSequence)
	if !wrapped.done() {
		return nil, fault(Malformed, "signed data is not one sequence")
	}
	return parseSignedData(seq.Bytes)
}

func parseSignedData(body []byte) (*signedData, error) {
	f := fields{rest: body}
	f.want(asn1.TagInteger)
	f.want(asn1.TagSet)
	encapsulated := f.want(asn1.TagSequence)
	certificates, _ := f.optional(0)
	f.optional(1) // revocation lists: the status of a certificate never comes from the signer
	signers := f.want(asn1.TagSet)
	if !f.done() {
		return nil, fault(Malformed, "not the fields of signed data")
	}
	sd := &signedData{}
	if err := sd.readContent(encapsulated.Bytes); err != nil {
		return nil, err
	}
	if err := sd.readSigners(signers.Bytes); err != nil {
		return nil, err
	}
	if err := sd.readCertificates(certificates.Bytes); err != nil {
		return nil, err
	}
	return sd, nil
}

// readCertificates reads the certificates of a file; other choices of RFC 5652 section 10.2.2 (attribute
// certificates) are passed over.
func (sd *signedData) readCertificates(set []byte) error {
	if len(set) > maxCertificateBytes {
		return fault(TooLarge, "more bytes of certificates than allowed")
	}
	f := fields{rest: set}
	for len(f.rest) > 0 {
		v := f.next()
		if f.bad {
			return fault(Malformed, "the certificates cannot be read")
		}
		if v.Class != asn1.ClassUniversal {
			continue
		}
		if len(sd.certificates) == maxCertificates {
			return fault(TooManyElements, "more certificates than allowed")
		}
		certificate, err := x509.ParseCertificate(v.FullBytes)
		if err != nil {
			return fault(Malformed, "a certificate cannot be parsed")
		}
		sd.certificates = append(sd.certificates, certificate)
	}
	return nil
}

func (sd *signedData) readContent(encapsulated []byte) error {
	f := fields{rest: encapsulated}
	sd.contentType = f.oid()
	explicit, present := f.optional(0)
	sd.detached = !present
	if present {
		inner := fields{rest: explicit.Bytes}
		sd.content = inner.want(octetString).Bytes
		f.bad = f.bad || !inner.done()
	}
	if !f.done() {
		return fault(Malformed, "not the fields of encapsulated content")
	}
	return nil
}

func (sd *signedData) readSigners(set []byte) error {
	f := fields{rest: set}
	if len(set) == 0 {
		return fault(NoSigner, "no signer")
	}
	only := f.want(asn1.TagSequence)
	if f.bad {
		return fault(Malformed, "a signer is not a sequence")
	}
	if len(f.rest) > 0 {
		return fault(SeveralSigners, "more than one signer")
	}
	return sd.signer.read(only.Bytes)
}

func (si *signerInfo) read(body []byte) error {
	f := fields{rest: body}
	f.want(asn1.TagInteger)
	if keyID, ok := f.optional(0); ok {
		si.keyID, f.bad = keyID.Bytes, f.bad || keyID.IsCompound
	} else {
		sid := fields{rest: f.want(asn1.TagSequence).Bytes}
		si.issuer = sid.want(asn1.TagSequence).FullBytes
		si.serial = sid.want(asn1.TagInteger).Bytes
		f.bad = f.bad || !sid.done()
	}
	si.digestAlgorithm = f.algorithm()
	if attributes, ok := f.optional(0); ok {
		if len(attributes.FullBytes) > maxAttributeBytes {
			return fault(TooLarge, "more bytes of signed attributes than allowed")
		}
		// Signed under the tag of SET OF, not under the one it is sent with (RFC 5652 section 5.4).
		si.attributes = append([]byte{asn1.TagSet | constructed}, attributes.FullBytes[1:]...)
	}
	si.signatureAlgorithm = f.algorithm()
	si.signature = f.want(octetString).Bytes
	if unsigned, ok := f.optional(1); ok {
		si.unsigned = unsigned.Bytes
	}
	if !f.done() {
		return fault(Malformed, "not the fields of a signer")
	}
	return nil
}
