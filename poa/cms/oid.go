// SPDX-License-Identifier: Apache-2.0

package cms

import "encoding/asn1"

// oid is an object identifier as the content of its DER, which is compared and looked up as it came.
type oid string

// raw returns an identifier's oid; those of this package always have one.
func raw(id asn1.ObjectIdentifier) oid {
	der, err := asn1.Marshal(id)
	if err != nil {
		return ""
	}
	_, body, _ := cut(der)
	return oid(body.content)
}

// String returns the identifier with dots, as in 1.2.840.113549.1.7.1, or "" where it is none.
func (o oid) String() string {
	der, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagOID, Bytes: []byte(o)})
	if err != nil {
		return ""
	}
	var id asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(der, &id); err != nil {
		return ""
	}
	return id.String()
}

var (
	rawData          = raw(oidData)
	rawSignedData    = raw(oidSignedData)
	rawContentType   = raw(oidContentType)
	rawMessageDigest = raw(oidMessageDigest)
	rawSigningTime   = raw(oidSigningTime)
	rawTSTInfo       = raw(oidTSTInfo)
	rawESS           = raw(oidESS)
	rawESSv2         = raw(oidESSv2)
	rawTimeStamp     = raw(oidTimeStamp)
	rawSHA256        = raw(oidSHA256)
	rawSHA384        = raw(oidSHA384)
	rawSHA512        = raw(oidSHA512)
)
