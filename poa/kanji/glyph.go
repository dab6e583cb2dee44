// SPDX-License-Identifier: Apache-2.0

package kanji

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// glyph is a character that is compared, after NFKC, without spaces and
// variation selectors, with dashes and middle dots made one.
type glyph struct {
	r rune
	// substitute: the certificate says that the register has another one here.
	substitute bool
}

// glyphs normalizes a text. flags holds one digit for each character of it, or
// nothing.
func glyphs(text, flags string) []glyph {
	out := make([]glyph, 0, len(text)/2+1)
	at := 0 // characters of text read so far
	segments := norm.Iter{}
	segments.InitString(norm.NFKC, text)
	for start := 0; !segments.Done(); {
		segment := segments.Next()
		end := segments.Pos()
		count := utf8.RuneCountInString(text[start:end])
		marked := flags != "" && strings.Contains(flags[at:at+count], "1")
		for _, r := range string(segment) {
			if r = keep(r); r >= 0 {
				out = append(out, glyph{unified(r), marked})
			}
		}
		start, at = end, at+count
	}
	return again(out)
}

// again normalizes a second time, as bare does. Where that moves characters,
// which no name of a register does, a flag marks them all.
func again(list []glyph) []glyph {
	text := textOf(list)
	if norm.NFKC.IsNormalString(text) {
		return list
	}
	composed := norm.NFKC.String(text)
	any := hasSubstitute(list)
	out := make([]glyph, 0, len(list))
	for _, r := range composed {
		out = append(out, glyph{unified(r), any})
	}
	return out
}

// unified makes one of the signs that people write for a dash, and of middle
// dots. ー is none of them: it is a letter.
func unified(r rune) rune {
	switch r {
	case '\u2010', '\u2011', '\u2012', '\u2013', '\u2014', '\u2015', '\u2212', '\u2500', '\u2043', '\uFE58', '\uFE63':
		return '-'
	case '\u00B7', '\u2022', '\u2219', '\u22C5':
		return '・'
	}
	return r
}

func textOf(list []glyph) string {
	var out strings.Builder
	for _, g := range list {
		out.WriteRune(g.r)
	}
	return out.String()
}

func hasSubstitute(list []glyph) bool {
	for _, g := range list {
		if g.substitute {
			return true
		}
	}
	return false
}
