// SPDX-License-Identifier: Apache-2.0

package cms

import "encoding/asn1"

// ContentOf returns the content that a file carries, unverified.
func ContentOf(file []byte) ([]byte, error) {
	sd, err := open(file, DefaultLimits())
	if err != nil {
		return nil, err
	}
	return sd.content, nil
}

// ToDER is toDER.
func ToDER(in []byte, limits Limits) ([]byte, error) { return toDER(in, limits) }

// Normalized returns the file as DER.
func Normalized(file []byte) ([]byte, error) {
	der, err := unwrap(file)
	if err != nil {
		return nil, err
	}
	return toDER(der, DefaultLimits())
}

// NamedByKeyID tells whether the file names its signer by key identifier.
func NamedByKeyID(file []byte) bool {
	sd, err := open(file, DefaultLimits())
	return err == nil && sd.signer.issuer == nil
}

// SignersOf returns the DER of a file's SET OF SignerInfo.
func SignersOf(file []byte) ([]byte, error) {
	der, err := Normalized(file)
	if err != nil {
		return nil, err
	}
	outer := fields{rest: der}
	info := fields{rest: outer.want(asn1.TagSequence).Bytes}
	info.oid()
	body, _ := info.optional(0)
	wrapped := fields{rest: body.Bytes}
	f := fields{rest: wrapped.want(asn1.TagSequence).Bytes}
	f.want(asn1.TagInteger)
	f.want(asn1.TagSet)
	f.want(asn1.TagSequence)
	f.optional(0)
	f.optional(1)
	set := f.want(asn1.TagSet).FullBytes
	if !f.done() {
		return nil, fault(Malformed, "not the fields of signed data")
	}
	return set, nil
}
