// SPDX-License-Identifier: Apache-2.0

package jpki

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
)

// issuingPoint is the extension that narrows a list (RFC 5280 section 5.2.5). JPKI's lists are one for each
// municipality, named by directory names that its certificates repeat (facts of the field 2.2).
type issuingPoint struct {
	Point          pointName      `asn1:"optional,tag:0"`
	OnlyUsers      bool           `asn1:"optional,tag:1"`
	OnlyCAs        bool           `asn1:"optional,tag:2"`
	SomeReasons    asn1.BitString `asn1:"optional,tag:3"`
	Indirect       bool           `asn1:"optional,tag:4"`
	OnlyAttributes bool           `asn1:"optional,tag:5"`
}

type pointName struct {
	FullName     []asn1.RawValue  `asn1:"optional,tag:0"`
	RelativeName pkix.RDNSequence `asn1:"optional,tag:1"`
}

// crlPoint is one of a certificate's cRLDistributionPoints.
type crlPoint struct {
	Point     pointName       `asn1:"optional,tag:0"`
	Reasons   asn1.BitString  `asn1:"optional,tag:1"`
	CRLIssuer []asn1.RawValue `asn1:"optional,tag:2"`
}

func readIssuingPoint(der []byte) (issuingPoint, error) {
	var p issuingPoint
	if rest, err := asn1.Unmarshal(der, &p); err != nil || len(rest) > 0 {
		return p, fault(StatusUnreadable, "the list's scope cannot be read")
	}
	switch {
	case p.Indirect:
		return p, fault(StatusUnsupported, "an indirect list")
	case p.SomeReasons.BitLength > 0:
		return p, fault(StatusUnsupported, "a list of some reasons only")
	case p.OnlyAttributes || p.OnlyCAs:
		return p, fault(StatusScope, "a list of other certificates")
	case len(p.Point.RelativeName) > 0:
		return p, fault(StatusUnsupported, "a scope relative to the issuer's name")
	}
	return p, nil
}

// covers reports whether a certificate missing in the list is good by that: where the list is one of several, the
// certificate must name it.
func (p issuingPoint) covers(certificate *x509.Certificate) error {
	if p.OnlyUsers && certificate.IsCA {
		return fault(StatusScope, "a list of other certificates")
	}
	if len(p.Point.FullName) == 0 {
		return nil
	}
	for _, extension := range certificate.Extensions {
		if !extension.Id.Equal(oidCRLPoints) {
			continue
		}
		var points []crlPoint
		if rest, err := asn1.Unmarshal(extension.Value, &points); err != nil || len(rest) > 0 {
			continue
		}
		for _, point := range points {
			if share(point.Point.FullName, p.Point.FullName) {
				return nil
			}
		}
	}
	return fault(StatusScope, "a list of other certificates")
}

func share(some, others []asn1.RawValue) bool {
	for _, one := range some {
		for _, other := range others {
			if bytes.Equal(one.FullBytes, other.FullBytes) {
				return true
			}
		}
	}
	return false
}
