// SPDX-License-Identifier: Apache-2.0

package kanji

import (
	"strings"
	"unicode"
)

// nameDifferences compares two names; what stands in brackets on one side only
// is left to a person.
func nameDifferences(a, b []glyph) []Difference {
	bareA, inA := withoutBrackets(a)
	bareB, inB := withoutBrackets(b)
	if (inA == "") == (inB == "") || len(bareA) == 0 || len(bareB) == 0 {
		return textDifferences(a, b, 0)
	}
	return append([]Difference{{Reason: ReasonFormerName, A: inA, B: inB}}, textDifferences(bareA, bareB, 0)...)
}

const openings, closings = "([{〔「『【〈《〘", ")]}〕」』】〉》〙"

// withoutBrackets parts what stands inside brackets. Without a closing one
// nothing is parted.
func withoutBrackets(list []glyph) (outside []glyph, inside string) {
	var within strings.Builder
	depth := 0
	for _, g := range list {
		switch {
		case strings.ContainsRune(openings, g.r):
			depth++
		case strings.ContainsRune(closings, g.r):
			depth--
		case depth > 0:
			within.WriteRune(g.r)
		default:
			outside = append(outside, g)
		}
		if depth < 0 {
			return list, ""
		}
	}
	if depth != 0 {
		return list, ""
	}
	return outside, within.String()
}

// textDifferences compares character by character; offset is how many stand
// before. Texts of different lengths differ as a whole.
func textDifferences(a, b []glyph, offset int) []Difference {
	if len(a) != len(b) {
		return []Difference{{Reason: ReasonDifferent, A: textOf(a), B: textOf(b)}}
	}
	var found []Difference
	for i := range a {
		if reason := glyphDifference(a, b, i); reason != ReasonSame {
			found = append(found, Difference{reason, offset + i + 1, string(a[i].r), string(b[i].r)})
		}
	}
	return found
}

// glyphDifference compares the characters at one place.
func glyphDifference(a, b []glyph, i int) string {
	x, y := a[i].r, b[i].r
	switch {
	case a[i].substitute || b[i].substitute:
		return ReasonSubstitute
	case x == y:
		return ReasonSame
	case unicode.ToLower(x) == unicode.ToLower(y):
		return ReasonCase
	case plainKana(x) == plainKana(y) || counts(a, b, i):
		return ReasonKana
	case isLong(x) && isLong(y):
		return ReasonDash
	case repeats(a, b, i) || repeats(b, a, i):
		return ReasonRepetition
	}
	switch relationOf(x, y) {
	case same:
		return ReasonVariant
	case related:
		return ReasonRelated
	case unrelated:
	}
	return ReasonDifferent
}

// repeats reports whether a writes 々 for the character that b writes again.
func repeats(a, b []glyph, i int) bool {
	return a[i].r == '々' && i > 0 && b[i].r == b[i-1].r && a[i-1].r == b[i-1].r
}

// isLong reports a dash or the sign of a long vowel.
func isLong(r rune) bool { return r == '-' || r == 'ー' }

// small are the small kana, and the kanji that are read ノ, each before its
// ordinary katakana.
var small = kanaPairs("ァアィイゥウェエォオッツャヤュユョヨヮワヵカヶケ之ノ乃ノ")

// counts reports whether both write the ケ of place names, which is also written
// ガ or 箇 (霞ヶ関, 霞が関). It stands between kanji.
func counts(a, b []glyph, i int) bool {
	if i == 0 || i+1 >= len(a) {
		return false
	}
	for _, r := range []rune{a[i-1].r, a[i+1].r, b[i-1].r, b[i+1].r} {
		if !unicode.Is(unicode.Han, r) {
			return false
		}
	}
	return strings.ContainsRune("ケガ箇", plainKana(a[i].r)) && strings.ContainsRune("ケガ箇", plainKana(b[i].r))
}

func kanaPairs(text string) map[rune]rune {
	pairs := map[rune]rune{}
	runes := []rune(text)
	for i := 0; i+1 < len(runes); i += 2 {
		pairs[runes[i]] = runes[i+1]
	}
	return pairs
}

// plainKana writes kana as large katakana.
func plainKana(r rune) rune {
	if r >= 'ぁ' && r <= 'ゖ' {
		r += 'ァ' - 'ぁ'
	}
	if plain, ok := small[r]; ok {
		return plain
	}
	return r
}
