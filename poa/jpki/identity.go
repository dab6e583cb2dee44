// SPDX-License-Identifier: Apache-2.0

package jpki

import (
	"crypto/x509"
	"encoding/asn1"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	oidSubjectAlt = asn1.ObjectIdentifier{2, 5, 29, 17}
	// oidIdentity is the arc of the other names; tables with 2 and 4, or 5 and 6, exchanged are wrong (facts 2.2).
	oidIdentity = asn1.ObjectIdentifier{1, 2, 392, 200149, 8, 5, 5}
)

const (
	arcName = 1 + iota
	arcNameSubstitutes
	arcGender
	arcBirthDate
	arcAddress
	arcAddressSubstitutes
	arcs // one more than the last
)

// maxRunes is far above the 200 characters that an address may have.
const maxRunes = 1000

// OtherName is an otherName that is not known here, kept as it came (a former surname, a reading, what is still to come).
type OtherName struct {
	OID   string
	Value []byte // DER, without the explicit tag
}

// Identity is what a certificate says about its holder, as written, without any normalization.
// It prints as "[identity]": personal data never reaches a log by way of fmt or slog.
type Identity struct {
	Name               string    // 氏名, family and given name parted by U+3000
	Address            string    // 住所, from the prefecture on, digits full-width
	BirthDate          BirthDate // 生年月日
	Gender             string    // 性別, a digit: 1 男, 2 女, other 不明
	NameSubstitutes    string    // one digit for each character of Name, 1 for a substitute (代替文字)
	AddressSubstitutes string    // likewise for Address
	Other              []OtherName
}

// String hides the identity from fmt.
func (Identity) String() string { return "[identity]" }

// GoString hides the identity from fmt's %#v.
func (Identity) GoString() string { return "[identity]" }

// LogValue hides the identity from slog.
func (Identity) LogValue() slog.Value { return slog.StringValue("[identity]") }

// NameSubstituted reports whether Name may not be what the resident register says, character by character. Flags that
// cannot be read, or that are not one for each character, count as set: a person must look.
func (i Identity) NameSubstituted() bool { return substituted(i.NameSubstitutes, i.Name) }

// AddressSubstituted is NameSubstituted for Address.
func (i Identity) AddressSubstituted() bool { return substituted(i.AddressSubstitutes, i.Address) }

func substituted(flags, text string) bool {
	return strings.Trim(flags, "0") != "" || flags != "" && len(flags) != utf8.RuneCountInString(text)
}

// ReadIdentity reads the other names of a certificate's subjectAltName, which crypto/x509 does not keep.
// Name, address and birth date must be there, once each.
func ReadIdentity(certificate *x509.Certificate) (Identity, error) {
	var value []byte
	for _, extension := range certificate.Extensions {
		if !extension.Id.Equal(oidSubjectAlt) {
			continue
		}
		if value != nil {
			return Identity{}, fault(AmbiguousIdentity, "two alternative names")
		}
		value = extension.Value
	}
	if value == nil {
		return Identity{}, fault(NoIdentity, "no alternative name")
	}
	return ParseSubjectAltName(value)
}

// ParseSubjectAltName reads the value of a subjectAltName extension (RFC 5280 section 4.2.1.6).
func ParseSubjectAltName(der []byte) (Identity, error) {
	var identity Identity
	body, rest, ok := next(der)
	if !ok || len(rest) > 0 || !universal(body, asn1.TagSequence) {
		return Identity{}, fault(NoIdentity, "the alternative name is no sequence")
	}
	var seen [arcs]bool
	for names := body.Bytes; len(names) > 0; {
		name, rest, ok := next(names)
		if !ok {
			return Identity{}, fault(NoIdentity, "the alternative name cannot be read")
		}
		names = rest
		if name.Class != asn1.ClassContextSpecific || name.Tag != 0 {
			continue // an e-mail address, a directory name: nothing about the person
		}
		if err := identity.take(name.Bytes, &seen); err != nil {
			return Identity{}, err
		}
	}
	if identity.Name == "" {
		return Identity{}, fault(NoName, "the name is missing")
	}
	if identity.Address == "" || !seen[arcBirthDate] {
		return Identity{}, fault(NoIdentity, "address or birth date is missing")
	}
	return identity, nil
}

// take reads one OtherName: an identifier and an explicitly tagged value.
func (i *Identity) take(der []byte, seen *[arcs]bool) error {
	var oid asn1.ObjectIdentifier
	rest, err := asn1.Unmarshal(der, &oid)
	wrapped, trailing, ok := next(rest)
	if err != nil || !ok || len(trailing) > 0 || wrapped.Class != asn1.ClassContextSpecific || wrapped.Tag != 0 {
		return fault(NoIdentity, "an other name cannot be read")
	}
	value, trailing, ok := next(wrapped.Bytes)
	if !ok || len(trailing) > 0 {
		return fault(NoIdentity, "an other name has no single value")
	}
	key := arc(oid)
	if key == 0 {
		i.Other = append(i.Other, OtherName{OID: oid.String(), Value: value.FullBytes})
		return nil
	}
	into := i.field(key)
	if seen[key] && into == &i.Name {
		return fault(AmbiguousName, "the name is there twice")
	}
	if seen[key] {
		return fault(AmbiguousIdentity, "an item of the identity is there twice")
	}
	seen[key] = true
	text, err := readText(value)
	if err != nil {
		return err
	}
	if into == nil {
		i.BirthDate, err = ParseBirthDate(text)
		return err
	}
	*into = text
	return nil
}

// field returns where the text of a known item goes; the birth date is no text and has none.
func (i *Identity) field(number int) *string {
	switch number {
	case arcName:
		return &i.Name
	case arcAddress:
		return &i.Address
	case arcGender:
		return &i.Gender
	case arcNameSubstitutes:
		return &i.NameSubstitutes
	case arcAddressSubstitutes:
		return &i.AddressSubstitutes
	}
	return nil
}

// readText takes UTF8String only, of printable characters: what people compare must be what the bytes say,
// so neither controls nor invisible direction marks are taken.
func readText(value asn1.RawValue) (string, error) {
	text := string(value.Bytes)
	switch {
	case !universal(value, asn1.TagUTF8String) || !utf8.ValidString(text):
		return "", fault(NoIdentity, "an item of the identity is no UTF-8 text")
	case utf8.RuneCountInString(text) > maxRunes:
		return "", fault(NoIdentity, "an item of the identity is too long")
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }):
		return "", fault(NoIdentity, "an item of the identity holds control characters")
	}
	return text, nil
}

// arc returns the number of a known item below oidIdentity, or 0.
func arc(oid asn1.ObjectIdentifier) int {
	last := len(oidIdentity)
	if len(oid) != last+1 || !oid[:last].Equal(oidIdentity) || oid[last] < arcName || oid[last] >= arcs {
		return 0
	}
	return oid[last]
}

func universal(value asn1.RawValue, tag int) bool {
	return value.Class == asn1.ClassUniversal && value.Tag == tag
}

func next(der []byte) (value asn1.RawValue, rest []byte, ok bool) {
	rest, err := asn1.Unmarshal(der, &value)
	return value, rest, err == nil
}
