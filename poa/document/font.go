// SPDX-License-Identifier: Apache-2.0

package document

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the font
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// fontFile is Noto Sans JP Regular as Google Fonts gives it (version 56, with
// TrueType outlines), unchanged but for gzip. Its licence stands beside it.
//
//go:embed font/NotoSansJP-Regular.ttf.gz
var fontFile []byte

// font is what the pages need of a TrueType font (ISO/IEC 14496-22).
type font struct {
	tables                     map[string][]byte
	locations                  []uint32 // of each glyph in glyf, and the end of the last
	advances                   []uint16 // in unitsPerEm
	unitsPerEm                 int
	ascent, descent, capHeight int
	box                        [4]int
	segments                   []segment
}

// segment maps the characters first to last to glyphs from glyph on.
type segment struct{ first, last, glyph uint32 }

// theFont unpacks the font when the first page is drawn.
var theFont = sync.OnceValue(func() *font {
	f, err := unpackFont(fontFile)
	if err != nil {
		panic("document: the embedded font: " + err.Error()) // the build is broken, no file from outside
	}
	return f
})

func unpackFont(packed []byte) (*font, error) {
	unzip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpacking: %w", err)
	}
	file, err := io.ReadAll(unzip)
	if err != nil {
		return nil, fmt.Errorf("unpacking: %w", err)
	}
	f := &font{tables: map[string][]byte{}}
	for i := range int(u16(file, 4)) {
		entry := file[12+16*i:]
		at, size := u32(entry, 8), u32(entry, 12)
		f.tables[string(entry[:4])] = file[at : at+size]
	}
	head, hhea, os2 := f.tables["head"], f.tables["hhea"], f.tables["OS/2"]
	f.unitsPerEm = int(u16(head, 18))
	for i := range f.box {
		f.box[i] = int(i16(head, 36+2*i))
	}
	f.ascent, f.descent, f.capHeight = int(i16(hhea, 4)), int(i16(hhea, 6)), int(i16(os2, 88))
	glyphs := int(u16(f.tables["maxp"], 4))
	if u16(head, 50) != 1 || int(u16(hhea, 34)) != glyphs {
		return nil, errors.New("places of 16 bits, or widths for a part of the glyphs")
	}
	for i := range glyphs {
		f.locations = append(f.locations, u32(f.tables["loca"], 4*i))
		f.advances = append(f.advances, u16(f.tables["hmtx"], 4*i))
	}
	f.locations = append(f.locations, u32(f.tables["loca"], 4*glyphs))
	return f, f.readCharacters()
}

// readCharacters reads the table of all of Unicode (cmap format 12).
func (f *font) readCharacters() error {
	cmap := f.tables["cmap"]
	for i := range int(u16(cmap, 2)) {
		table := cmap[u32(cmap, 8+8*i):]
		if u16(table, 0) != 12 {
			continue
		}
		for j := range int(u32(table, 12)) {
			at := 16 + 12*j
			f.segments = append(f.segments, segment{u32(table, at), u32(table, at+4), u32(table, at+8)})
		}
		return nil
	}
	return errors.New("no table of characters in format 12")
}

// glyph finds a character's glyph; false where the font has none.
func (f *font) glyph(r rune) (uint16, bool) {
	low, high := 0, len(f.segments)
	for low < high {
		middle := (low + high) / 2
		switch s := f.segments[middle]; {
		case uint32(r) < s.first:
			high = middle
		case uint32(r) > s.last:
			low = middle + 1
		default:
			g := uint16(s.glyph + uint32(r) - s.first)
			return g, g != 0
		}
	}
	return 0, false
}

// width gives a glyph's width in thousandths of the size.
func (f *font) width(glyph uint16) int {
	return (int(f.advances[glyph])*1000 + f.unitsPerEm/2) / f.unitsPerEm
}

// outline gives a glyph's bytes in glyf; empty for a space.
func (f *font) outline(glyph uint16) []byte {
	return f.tables["glyf"][f.locations[glyph]:f.locations[glyph+1]]
}

func u16(b []byte, at int) uint16 { return binary.BigEndian.Uint16(b[at:]) }
func i16(b []byte, at int) int16  { return int16(u16(b, at)) }
func u32(b []byte, at int) uint32 { return binary.BigEndian.Uint32(b[at:]) }
