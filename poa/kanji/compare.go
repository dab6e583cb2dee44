// SPDX-License-Identifier: Apache-2.0

package kanji

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Result is the outcome of a comparison. It has three values so that nothing is
// passed silently: what is neither equal nor different goes to a person.
type Result string

// The three outcomes of a comparison.
const (
	// MATCH says that both texts are the same for the machine.
	MATCH Result = "MATCH"
	// POSSIBLE says that a person has to decide.
	POSSIBLE Result = "POSSIBLE"
	// MISMATCH says that the texts differ.
	MISMATCH Result = "MISMATCH"
)

// MaxRunes bounds a text that is compared; an address in a certificate has at
// most 200 characters.
const MaxRunes = 1000

// Comparison is the outcome of comparing two texts, with the code of its reason.
// It holds neither text, so that it can be recorded.
type Comparison struct {
	Result Result
	// Reason is the weightiest of Reasons, or ReasonSame.
	Reason string
	// Reasons lists what was passed over or found, as CODE or CODE@position: at
	// which character of the texts without spaces, from 1. At most 20.
	Reasons []string
}

// Difference is one place where two texts differ, for the page on which a person
// decides. It holds pieces of them: personal data, never to be recorded.
type Difference struct {
	Reason   string
	Position int // as in Comparison.Reasons; 0: no single place
	A, B     string
}

// CompareName compares two names of a person or an organisation, without
// regard to spaces, widths and variation selectors. Forms of one character by
// law or standard (旧字体) match, with ReasonVariant; variants that are only
// related, small and large kana, hiragana and katakana, capitals and small
// letters, and a former name in brackets on one side are POSSIBLE.
func CompareName(a, b string) Comparison { return CompareNameFlagged(a, "", b) }

// CompareAddress compares two addresses. Left of the house number they are
// compared as names are; the number itself without regard to how it is written
// (丁目, 番地, 番, 号, の, dashes, kanji digits). A prefecture, 大字, a building or the
// whole house number that one side leaves out is POSSIBLE.
func CompareAddress(a, b string) Comparison { return CompareAddressFlagged(a, "", b) }

// CompareNameFlagged compares the name in a certificate with that of a register.
// flags is the certificate's list of substitute positions (OID
// 1.2.392.200149.8.5.5.2), one '0' or '1' for each character, or empty where the
// certificate has none. A '1' means that the certificate's character is not what
// the resident register says: that place is never matched by the machine, and
// all other places must match.
func CompareNameFlagged(certName, flags, registerName string) Comparison {
	return outcome(findDifferences(certName, flags, registerName, nameDifferences))
}

// CompareAddressFlagged is CompareNameFlagged for addresses (OID
// 1.2.392.200149.8.5.5.6).
func CompareAddressFlagged(certAddress, flags, registerAddress string) Comparison {
	return outcome(findDifferences(certAddress, flags, registerAddress, addressDifferences))
}

// ExplainName lists where the two names differ, for a person.
func ExplainName(certName, flags, registerName string) []Difference {
	return findDifferences(certName, flags, registerName, nameDifferences)
}

// ExplainAddress lists where the two addresses differ, for a person.
func ExplainAddress(certAddress, flags, registerAddress string) []Difference {
	return findDifferences(certAddress, flags, registerAddress, addressDifferences)
}

// findDifferences looks at what can be said of any two texts, then asks.
func findDifferences(a, flags, b string, ask func(a, b []glyph) []Difference) []Difference {
	whole := func(reason string) []Difference { return []Difference{{Reason: reason, A: a, B: b}} }
	switch {
	case !utf8.ValidString(a) || !utf8.ValidString(b):
		return whole(ReasonUnreadable)
	case utf8.RuneCountInString(a) > MaxRunes || utf8.RuneCountInString(b) > MaxRunes:
		return whole(ReasonTooLong)
	}
	var unclear []Difference
	if flags != "" && (strings.Trim(flags, "01") != "" || len(flags) != utf8.RuneCountInString(a)) {
		unclear = whole(ReasonFlags)
		if strings.Trim(flags, "0") != "" && bare(a) != "" && bare(b) != "" { // some place, nobody knows which
			return unclear
		}
		flags = ""
	}
	left := glyphs(a, flags)
	right := left // two equal texts without marks are folded once
	if a != b || strings.Contains(flags, "1") {
		right = glyphs(b, "")
	}
	switch {
	case len(left) == 0 || len(right) == 0:
		return whole(ReasonEmpty)
	case slices.Equal(left, right) && !strings.Contains(flags, "1"):
		return unclear
	}
	found := append(unclear, ask(left, right)...)
	if strings.Contains(flags, "1") && !slices.ContainsFunc(found, func(d Difference) bool { return d.Reason == ReasonSubstitute }) {
		found = append(found, whole(ReasonSubstitute)...) // at a place that is not compared, as a space
	}
	return found
}

// maxReasons bounds Comparison.Reasons.
const maxReasons = 20

// outcome is the weightiest of what was found.
func outcome(found []Difference) Comparison {
	c := Comparison{Result: MATCH, Reason: ReasonSame}
	for _, d := range found {
		if weight(d.Reason) > weight(c.Reason) {
			c.Reason = d.Reason
		}
		if len(c.Reasons) < maxReasons {
			c.Reasons = append(c.Reasons, d.code())
		}
	}
	c.Result = resultOf(c.Reason)
	return c
}
