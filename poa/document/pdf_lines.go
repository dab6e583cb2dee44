// SPDX-License-Identifier: Apache-2.0

package document

import (
	"strings"
	"unicode"
)

// Lengths on the page are whole thousandths of a point, so that the same content
// gives the same bytes on every processor.
type length = int

const point length = 1000

// line is what stands on one line: glyphs by their number in the subset.
type line struct {
	glyphs []uint16
	width  length
}

// Characters that must not begin or end a line (JIS X 4051).
const (
	neverFirst = "、。，．・：；？！゛゜ヽヾゝゞ々ー）］｝〕〉》」』】〟’”ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ,.:;?!)]}%"
	neverLast  = "（［｛〔〈《「『【〝‘“([{¥$"
)

// maxKept bounds how far a line is cut back to keep such a rule or a word whole.
const maxKept = 24

// lines breaks a text into lines of at most a width. Every character is drawn;
// where the font lacks one, or it changes others, the text is refused.
func (s *subset) lines(text string, size, width length, where string) ([]line, error) {
	runes := []rune(text)
	var all []line
	for len(runes) > 0 {
		fits, used := 0, 0
		for fits < len(runes) {
			n, ok := s.draws(runes[fits])
			if !ok {
				return nil, fault(NoGlyph, where)
			}
			if used += s.width(n) * size / 1000; used > width && fits > 0 && !unicode.IsSpace(runes[fits]) {
				break
			}
			fits++
		}
		end := breakAt(runes, fits)
		all = append(all, s.line(runes[:end], size))
		runes = runes[end:]
	}
	return all, nil
}

// draws takes a character that stands by itself. Marks that join the one before,
// variation selectors and invisible ones need what the subset has not: they would
// be shown otherwise than they are written.
func (s *subset) draws(r rune) (uint16, bool) {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Variation_Selector, unicode.Zl, unicode.Zp) {
		return 0, false
	}
	return s.use(r)
}

func breakAt(runes []rune, fits int) int {
	if fits == len(runes) {
		return fits
	}
	for end := fits; end > 1 && end > fits-maxKept; end-- {
		if mayBreak(runes[end-1], runes[end]) {
			return end
		}
	}
	return fits
}

func mayBreak(before, after rune) bool {
	return !strings.ContainsRune(neverFirst, after) && !strings.ContainsRune(neverLast, before) && !(inWord(before) && inWord(after))
}

// inWord tells characters of words written with spaces between them.
func inWord(r rune) bool { return r > ' ' && r < 0x2E80 && r != '-' && r != '/' }

func (s *subset) line(runes []rune, size length) line {
	var l line
	for _, r := range runes {
		n, _ := s.draws(r)
		l.glyphs = append(l.glyphs, n)
		l.width += s.width(n) * size / 1000
	}
	return l
}
