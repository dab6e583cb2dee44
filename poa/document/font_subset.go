// SPDX-License-Identifier: Apache-2.0

package document

import (
	"encoding/binary"
	"maps"
	"slices"
)

// subset is the part of the font that one file uses. Glyphs are numbered anew,
// in the order in which they are first drawn.
type subset struct {
	font   *font
	glyphs []uint16        // by new number; 0 is the missing glyph
	number map[rune]uint16 // new number of each character
	runes  []rune          // by new number; 0 for the missing glyph
}

func newSubset(f *font) *subset {
	return &subset{font: f, glyphs: []uint16{0}, runes: []rune{0}, number: map[rune]uint16{}}
}

// use gives a character's new number; false where the font lacks it. Two
// characters of one glyph get two numbers, so that each is read back as itself.
func (s *subset) use(r rune) (uint16, bool) {
	if n, ok := s.number[r]; ok {
		return n, true
	}
	glyph, ok := s.font.glyph(r)
	if outline := s.font.outline(glyph); !ok || len(outline) > 0 && i16(outline, 0) < 0 {
		return 0, false // one that is made of others; this font has none
	}
	n := uint16(len(s.glyphs))
	s.glyphs, s.runes = append(s.glyphs, glyph), append(s.runes, r)
	s.number[r] = n
	return n, true
}

// width gives the width of a new number in thousandths of the size.
func (s *subset) width(n uint16) int { return s.font.width(s.glyphs[n]) }

// file writes the subset as a TrueType font with the tables that PDF asks for
// (ISO 32000-1, 9.9).
func (s *subset) file() []byte {
	var glyf, loca, hmtx []byte
	for _, glyph := range s.glyphs {
		loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
		glyf = append(glyf, s.font.outline(glyph)...)
		for len(glyf)%4 != 0 {
			glyf = append(glyf, 0)
		}
		hmtx = append(hmtx, s.font.tables["hmtx"][4*int(glyph):][:4]...)
	}
	loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
	head, hhea, maxp := slices.Clone(s.font.tables["head"]), slices.Clone(s.font.tables["hhea"]), slices.Clone(s.font.tables["maxp"])
	binary.BigEndian.PutUint32(head[8:], 0) // the sum over the file, below
	binary.BigEndian.PutUint16(head[50:], 1)
	binary.BigEndian.PutUint16(hhea[34:], uint16(len(s.glyphs)))
	binary.BigEndian.PutUint16(maxp[4:], uint16(len(s.glyphs)))
	return trueType(map[string][]byte{"head": head, "hhea": hhea, "maxp": maxp, "loca": loca, "glyf": glyf, "hmtx": hmtx,
		"prep": s.font.tables["prep"]})
}

// trueType writes tables as a font file, in order of their names, with sums.
func trueType(tables map[string][]byte) []byte {
	names := slices.Sorted(maps.Keys(tables))
	search, selector := 16, 0
	for search*2 <= 16*len(names) {
		search, selector = search*2, selector+1
	}
	out := []byte{0, 1, 0, 0}
	for _, v := range []int{len(names), search, selector, 16*len(names) - search} {
		out = binary.BigEndian.AppendUint16(out, uint16(v))
	}
	at, head := 12+16*len(names), 0
	var body []byte
	for _, name := range names {
		table := tables[name]
		if name == "head" {
			head = at + len(body)
		}
		out = append(out, name...)
		out = binary.BigEndian.AppendUint32(out, sumOf(table))
		out = binary.BigEndian.AppendUint32(out, uint32(at+len(body)))
		out = binary.BigEndian.AppendUint32(out, uint32(len(table)))
		body = append(body, table...)
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
	}
	out = append(out, body...)
	binary.BigEndian.PutUint32(out[head+8:], 0xB1B0AFBA-sumOf(out))
	return out
}

// sumOf adds up big-endian words, the last one filled up with zeros.
func sumOf(table []byte) uint32 {
	sum := uint32(0)
	for len(table) >= 4 {
		sum, table = sum+u32(table, 0), table[4:]
	}
	if len(table) > 0 {
		sum += u32(append(slices.Clone(table), 0, 0, 0)[:4], 0)
	}
	return sum
}
