// SPDX-License-Identifier: Apache-2.0

package poatest

import (
	"fmt"
	"strings"
	"time"
	utf8text "unicode/utf8"
)

// Person is whom a test certificate is made out to, as in the subjectAltName of a card.
type Person struct {
	Name      string // family and given name parted by U+3000
	Address   string // from the prefecture on, digits full-width
	BirthDate string // 1980-02-17, or the certificate's own nine digits for one that is partly unknown
	Gender    string // 1 男, 2 女, 3 不明; empty: 3
}

// eras are Japan's, newest first, with their first day; before Meiji the era digit is 0, unknown.
var eras = []struct{ digit, from string }{
	{"5", "20190501"}, {"4", "19890108"}, {"3", "19261225"}, {"2", "19120730"}, {"1", "18680125"},
}

// encodeBirthDate turns an ISO date into EYYYYMMDD (facts of the field 2.2); nine characters are taken as they are.
func encodeBirthDate(text string) (string, error) {
	if len(text) == 9 {
		return text, nil
	}
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		return "", fmt.Errorf("encoding birth date: %w", err)
	}
	digits := strings.ReplaceAll(text, "-", "")
	for _, era := range eras {
		if digits >= era.from {
			return era.digit + digits, nil
		}
	}
	return "0" + digits, nil
}

// otherItem is one other name of the identity.
type otherItem struct {
	number int
	text   string
}

// Numbers of 氏名 and 生年月日.
const (
	arcName      = 1
	arcBirthDate = 4
)

// identity returns the six other names in the order found on cards, 1, 4, 3, 5, 2, 6, unless change makes others of them.
func (p Person) identity(nameFlags, addressFlags string, change func([]otherItem) []otherItem) ([]byte, error) {
	birth, err := encodeBirthDate(p.BirthDate)
	if err != nil {
		return nil, err
	}
	gender := p.Gender
	if gender == "" {
		gender = "3"
	}
	items := []otherItem{{arcName, p.Name}, {arcBirthDate, birth}, {3, gender}, {5, p.Address}, {2, flags(nameFlags, p.Name)}, {6, flags(addressFlags, p.Address)}}
	if change != nil {
		items = change(items)
	}
	var encoded [][]byte
	for _, item := range items {
		encoded = append(encoded, otherName(item.number, item.text))
	}
	return sequence(encoded...), nil
}

// flags says for each character whether it is a substitute; none is unless the caller says so.
func flags(given, text string) string {
	if given != "" {
		return given
	}
	return strings.Repeat("0", utf8text.RuneCountInString(text))
}
