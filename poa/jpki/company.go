// SPDX-License-Identifier: Apache-2.0

package jpki

import (
	"crypto/x509"
	"encoding/asn1"
	"log/slog"
	"strings"
	"unicode/utf8"
)

// Object identifiers of certificates of the commercial registry (商業登記電子証明書). They and the items of Company
// come from two independent public readings of the Ministry of Justice's profile and of a sample certificate; the
// profile itself, and what its renewal of March 2026 changed beyond key usage and CRL distribution point (facts of
// the field 2.7), could not be read.
const (
	// PolicyCommercialRegistry is the policy of these certificates.
	PolicyCommercialRegistry = "1.2.392.100300.1.3.4"
)

var (
	oidRegistryPolicies = asn1.ObjectIdentifier{1, 2, 392, 100300, 1, 1, 1} // certificatePolicies under another number
	oidRegistrar        = asn1.ObjectIdentifier{1, 2, 392, 100300, 1, 1, 2} // 登記官, a text
	oidCorporation      = asn1.ObjectIdentifier{1, 2, 392, 100300, 1, 1, 3} // registeredCorporationInfo
)

// Company is what a certificate of the commercial registry says: a company and who represents it, as registered.
// Characters outside of JIS levels 1 and 2 stand there as ones that the applicant chose, or in katakana, and nothing
// marks them (facts of the field 2.7): a difference to the register is for a person to judge. It prints as
// "[company]".
type Company struct {
	Name                string // 商号
	Number              string // 会社法人等番号, twelve digits: the corporate number without its first, the check digit
	HeadOffice          string // 本店; for a manager (支配人) the office, which the text says
	RepresentativeName  string // 代表者の氏名, without a space
	RepresentativeTitle string // 資格: 代表取締役
	Registry            string // 登記所; empty where the certificate names none
}

// String hides the company, since its representative is a person, from fmt.
func (Company) String() string { return "[company]" }

// GoString hides the company from fmt's %#v.
func (Company) GoString() string { return "[company]" }

// LogValue hides the company from slog.
func (Company) LogValue() slog.Value { return slog.StringValue("[company]") }

// Has reports whether the certificate is that of the corporation with this corporate number (法人番号, 13 digits).
func (c Company) Has(corporateNumber string) bool {
	return len(corporateNumber) == 13 && corporateNumber[1:] == c.Number
}

// ReadCompany reads the extension registeredCorporationInfo. Company, number, head office and representative must be
// there, once each.
func ReadCompany(certificate *x509.Certificate) (Company, error) {
	var value []byte
	for _, extension := range certificate.Extensions {
		if !extension.Id.Equal(oidCorporation) {
			continue
		}
		if value != nil {
			return Company{}, fault(AmbiguousIdentity, "two corporations")
		}
		value = extension.Value
	}
	if value == nil {
		return Company{}, fault(NoIdentity, "no corporation")
	}
	return ParseCorporation(value)
}

// ParseCorporation reads the value of a registeredCorporationInfo extension: a sequence of explicitly tagged texts.
// Tags that are not known are passed over.
func ParseCorporation(der []byte) (Company, error) {
	var c Company
	body, rest, ok := next(der)
	if !ok || len(rest) > 0 || !universal(body, asn1.TagSequence) {
		return Company{}, fault(NoIdentity, "the corporation is no sequence")
	}
	seen := map[int]bool{}
	for items := body.Bytes; len(items) > 0; {
		item, rest, ok := next(items)
		if !ok {
			return Company{}, fault(NoIdentity, "the corporation cannot be read")
		}
		items = rest
		if err := c.take(item, seen); err != nil {
			return Company{}, err
		}
	}
	switch {
	case c.RepresentativeName == "":
		return Company{}, fault(NoName, "the representative's name is missing")
	case c.Name == "" || c.HeadOffice == "" || c.RepresentativeTitle == "" || len(c.Number) != 12 || strings.Trim(c.Number, "0123456789") != "":
		return Company{}, fault(NoIdentity, "name, number, head office or title is missing")
	}
	return c, nil
}

func (c *Company) take(item asn1.RawValue, seen map[int]bool) error {
	into := c.field(item)
	if into == nil {
		return nil
	}
	if seen[item.Tag] && into == &c.RepresentativeName {
		return fault(AmbiguousName, "the name is there twice")
	}
	if seen[item.Tag] {
		return fault(AmbiguousIdentity, "an item of the corporation is there twice")
	}
	seen[item.Tag] = true
	value, trailing, ok := next(item.Bytes)
	if !ok || len(trailing) > 0 {
		return fault(NoIdentity, "an item of the corporation has no single value")
	}
	if universal(value, asn1.TagPrintableString) && utf8.Valid(value.Bytes) {
		value.Tag = asn1.TagUTF8String // a DirectoryString is either
	}
	text, err := readText(value)
	*into = text
	return err
}

// field returns where an item goes, by its tag; 5 is not known.
func (c *Company) field(item asn1.RawValue) *string {
	if item.Class != asn1.ClassContextSpecific {
		return nil
	}
	switch item.Tag {
	case 0:
		return &c.Name
	case 1:
		return &c.Number
	case 2:
		return &c.HeadOffice
	case 3:
		return &c.RepresentativeName
	case 4:
		return &c.RepresentativeTitle
	case 6:
		return &c.Registry
	}
	return nil
}
