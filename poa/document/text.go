// SPDX-License-Identifier: Apache-2.0

package document

import (
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"ininjo/poa/kanji"
)

// checkText checks a text against its form; where names the element in a fault.
func checkText(s string, f form, where string) error {
	if !utf8.ValidString(s) || !kanji.IsNFC(s) {
		return fault(Malformed, where)
	}
	for _, r := range s {
		if !allowed(r) {
			return fault(Malformed, where)
		}
	}
	if s == "" && f != anyText {
		return fault(Missing, where)
	}
	if !hasForm(s, f) {
		return fault(Malformed, where)
	}
	return nil
}

// allowed excludes control characters, what is no character of XML 1.0 (section
// 2.2), and the marks that turn the direction of writing, by which a text reads
// otherwise than it is signed.
func allowed(r rune) bool {
	switch {
	case unicode.IsControl(r), r == 0xFFFE, r == 0xFFFF:
		return false
	case r == 0x2028, r == 0x2029, r == 0x200E, r == 0x200F, r == 0x061C:
		return false
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
		return false
	}
	return true
}

// hasForm accepts one way of writing each value only: the one that is written.
func hasForm(s string, f form) bool {
	switch f {
	case date:
		t, err := time.Parse(dateLayout, s)
		return err == nil && t.Format(dateLayout) == s
	case instant:
		t, err := time.Parse(instantLayout, s)
		return err == nil && t.Format(instantLayout) == s
	case truth:
		return s == "true" || s == "false"
	case number:
		n, err := strconv.Atoi(s)
		return err == nil && n >= 0 && strconv.Itoa(n) == s
	case anyText, needed:
	}
	return true
}
