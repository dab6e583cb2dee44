// SPDX-License-Identifier: Apache-2.0

package poatest

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"time"
)

// Object identifiers of the profile (facts of the field 2.2).
const (
	// PolicyTest is the certificate policy of JPKI's test environment.
	PolicyTest = "1.2.392.200149.8.5.1.0.20"
	// PolicyCard is the certificate policy of signing certificates on cards.
	PolicyCard = "1.2.392.200149.8.5.1.1.20"
	// PolicyPhone is the certificate policy of signing certificates on phones, which are not taken.
	PolicyPhone = "1.2.392.200149.8.5.1.1.40"
)

var (
	oidKeyUsage   = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidSubjectAlt = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidIssuerAlt  = asn1.ObjectIdentifier{2, 5, 29, 18}
	oidCRLPoints  = asn1.ObjectIdentifier{2, 5, 29, 31}
	oidPolicies   = asn1.ObjectIdentifier{2, 5, 29, 32}
	oidAuthority  = asn1.ObjectIdentifier{2, 5, 29, 35}
	oidSubjectKey = asn1.ObjectIdentifier{2, 5, 29, 14}
	oidBasic      = asn1.ObjectIdentifier{2, 5, 29, 19}
	oidCPS        = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 2, 1}
	oidIdentity   = asn1.ObjectIdentifier{1, 2, 392, 200149, 8, 5, 5}

	oidDelta        = asn1.ObjectIdentifier{2, 5, 29, 27}
	oidIssuingPoint = asn1.ObjectIdentifier{2, 5, 29, 28}

	oidNoCheck       = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}
	oidNonce         = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}
	oidBasicResponse = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 1}
	oidSHA256        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSHA256RSA     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}

	oidRegistryPolicies = asn1.ObjectIdentifier{1, 2, 392, 100300, 1, 1, 1}
	oidRegistrar        = asn1.ObjectIdentifier{1, 2, 392, 100300, 1, 1, 2}
	oidCorporation      = asn1.ObjectIdentifier{1, 2, 392, 100300, 1, 1, 3}

	oidCountry  = asn1.ObjectIdentifier{2, 5, 4, 6}
	oidLocality = asn1.ObjectIdentifier{2, 5, 4, 7}
	oidOrg      = asn1.ObjectIdentifier{2, 5, 4, 10}
	oidUnit     = asn1.ObjectIdentifier{2, 5, 4, 11}
	oidCommon   = asn1.ObjectIdentifier{2, 5, 4, 3}
)

// rdn is one relative distinguished name with the string type that cards use: PrintableString for C, UTF8String else.
type rdn struct {
	oid   asn1.ObjectIdentifier
	value string
}

func rootName(organization string) []rdn {
	return []rdn{
		{oidCountry, "JP"},
		{oidOrg, organization},
		{oidUnit, "JPKI for digital signature"},
		{oidUnit, "Japan Agency for Local Authority Information Systems"},
	}
}

func authorityName() []rdn {
	return []rdn{{oidCountry, "JP"}, {oidOrg, "公的個人認証サービス"}}
}

// holderName never holds a person's name: the common name is time of request, sequence and counter (facts 2.2).
func holderName(prefecture, city string, requested time.Time, sequence int) []rdn {
	common := requested.UTC().Format("20060102150405") + fmt.Sprintf("%05d", sequence%100000) + "TEST00001"
	return []rdn{{oidCountry, "JP"}, {oidLocality, prefecture}, {oidLocality, city}, {oidCommon, common}}
}

func encodeName(parts []rdn) ([]byte, error) {
	type attribute struct {
		Type  asn1.ObjectIdentifier
		Value asn1.RawValue
	}
	type set []attribute
	name := make([]asn1.RawValue, 0, len(parts))
	for _, part := range parts {
		tag := asn1.TagUTF8String
		if part.oid.Equal(oidCountry) {
			tag = asn1.TagPrintableString
		}
		one, err := asn1.MarshalWithParams(set{{part.oid, asn1.RawValue{Tag: tag, Bytes: []byte(part.value)}}}, "set")
		if err != nil {
			return nil, fmt.Errorf("encoding name: %w", err)
		}
		name = append(name, asn1.RawValue{FullBytes: one})
	}
	der, err := asn1.Marshal(name)
	if err != nil {
		return nil, fmt.Errorf("encoding name: %w", err)
	}
	return der, nil
}

// tagged wraps DER values in a constructed context tag.
func tagged(tag int, inner ...[]byte) []byte {
	var body []byte
	for _, part := range inner {
		body = append(body, part...)
	}
	return wrap(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: true, Bytes: body})
}

func sequence(inner ...[]byte) []byte {
	var body []byte
	for _, part := range inner {
		body = append(body, part...)
	}
	return wrap(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: body})
}

// wrap encodes what cannot fail: a raw value or a valid object identifier.
func wrap(value any) []byte {
	der, err := asn1.Marshal(value)
	if err != nil {
		return nil
	}
	return der
}

func utf8(text string) []byte {
	return wrap(asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte(text)})
}

// otherName is GeneralName [0] with the value as [0] EXPLICIT UTF8String.
func otherName(number int, text string) []byte {
	oid := append(append(asn1.ObjectIdentifier{}, oidIdentity...), number)
	return tagged(0, wrap(oid), tagged(0, utf8(text)))
}

func directoryName(parts []rdn) ([]byte, error) {
	name, err := encodeName(parts)
	if err != nil {
		return nil, err
	}
	return tagged(4, name), nil
}

// pointOf names a municipality's list, as certificates of cards do.
func pointOf(prefecture, city string) []rdn {
	return append(rootName("JPKI-TEST")[:3], rdn{oidUnit, "CRL Distribution Points"}, rdn{oidUnit, prefecture}, rdn{oidCommon, city})
}

func crlPoint(parts []rdn) (pkix.Extension, error) {
	name, err := directoryName(parts)
	if err != nil {
		return pkix.Extension{}, err
	}
	return pkix.Extension{Id: oidCRLPoints, Value: sequence(sequence(tagged(0, tagged(0, name))))}, nil
}

func rootExtensions(organization string) ([]pkix.Extension, error) {
	alt, err := directoryName(authorityName())
	if err != nil {
		return nil, err
	}
	point, err := crlPoint(rootName(organization))
	if err != nil {
		return nil, err
	}
	return []pkix.Extension{{Id: oidSubjectAlt, Value: sequence(alt)}, point}, nil
}

func keyUsage(usage x509.KeyUsage) pkix.Extension {
	// Bit 0 of the BIT STRING is the most significant one; all nine named bits fit 16.
	var bits [2]byte
	last := 0
	for i := range 9 {
		if usage&(1<<i) != 0 {
			bits[i/8] |= 0x80 >> (i % 8)
			last = i + 1
		}
	}
	value := asn1.BitString{Bytes: bits[:(last+7)/8], BitLength: last}
	return pkix.Extension{Id: oidKeyUsage, Critical: true, Value: wrap(value)}
}

func policies(oid asn1.ObjectIdentifier) pkix.Extension {
	cps := sequence(wrap(oidCPS), wrap(asn1.RawValue{Tag: asn1.TagIA5String, Bytes: []byte("http://www.jpki.go.jp/cps.html")}))
	return pkix.Extension{Id: oidPolicies, Critical: true, Value: sequence(sequence(wrap(oid), sequence(cps)))}
}
