// SPDX-License-Identifier: Apache-2.0

package kanji

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// NFC returns s in Unicode normalization form C, the form of every text in a
// delegation's file.
func NFC(s string) string { return norm.NFC.String(s) }

// IsNFC reports whether s is in normalization form C already.
func IsNFC(s string) bool { return norm.NFC.IsNormalString(s) }

// NFKC returns s in normalization form KC, which turns full-width digits,
// half-width kana and Kangxi radicals into their ordinary characters.
func NFKC(s string) string { return norm.NFKC.String(s) }

// Fold returns the form of s under which it is searched: NFKC, without spaces
// and variation selectors, in lower case. Fold(Fold(s)) is Fold(s).
func Fold(s string) string {
	return bare(strings.ToLower(bare(s)))
}

// Bigrams returns the distinct pairs of neighbouring characters of Fold(s) in
// order of first appearance; of a single character, that character. Whether a
// text contains another is asked of a store by these.
func Bigrams(s string) []string {
	runes := []rune(Fold(s))
	if len(runes) == 0 {
		return nil
	}
	if len(runes) == 1 {
		return []string{string(runes)}
	}
	seen := make(map[string]bool, len(runes))
	var out []string
	for i := range len(runes) - 1 {
		pair := string(runes[i : i+2])
		if !seen[pair] {
			seen[pair] = true
			out = append(out, pair)
		}
	}
	return out
}

// bare normalizes a second time, because NFKC writes a spacing accent as space
// and combining mark: with the space gone the mark joins what stands before it.
func bare(s string) string {
	return norm.NFKC.String(strings.Map(keep, norm.NFKC.String(s)))
}

func keep(r rune) rune {
	if isSpace(r) || isVariationSelector(r) {
		return -1
	}
	return r
}

// isSpace also counts the three characters that print nothing.
func isSpace(r rune) bool {
	return unicode.IsSpace(r) || r == 0x200B || r == 0x2060 || r == 0xFEFF
}

// isVariationSelector covers the selectors of standard (SVS) and ideographic
// (IVS) variation sequences; they choose a glyph, not a character.
func isVariationSelector(r rune) bool {
	return r >= 0xFE00 && r <= 0xFE0F || r >= 0xE0100 && r <= 0xE01EF
}
