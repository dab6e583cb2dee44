// SPDX-License-Identifier: Apache-2.0

package document

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"strings"
	"unicode/utf16"
)

// objects writes the font and returns its number: a composite font whose codes
// are the subset's numbers (ISO 32000-1, 9.7).
func (s *subset) fontName(file []byte) string {
	sum, name := sha256.Sum256(file), ""
	for _, b := range sum[:6] {
		name += string('A' + rune(b%26))
	}
	return name + "+NotoSansJP-Regular"
}

// objects reserves the font's objects now; closeFont fills them when all pages
// are drawn.
func (s *subset) objects(o *objects) int {
	// The field's words are drawn after this; they are taken in first.
	_, _ = s.lines("委任者の電子署名", labelSize, bodyWidth, "field")
	file := s.file()
	f, name := s.font, s.fontName(file)
	scale := func(v int) int { return v * 1000 / f.unitsPerEm }
	data := o.stream(fmt.Sprintf("/Length1 %d", len(file)), file)
	descriptor := o.add(fmt.Sprintf("<</Type /FontDescriptor /FontName /%s /Flags 4 /FontBBox [%d %d %d %d] /ItalicAngle 0 /Ascent %d /Descent %d /CapHeight %d /StemV 80 /FontFile2 %s>>",
		name, scale(f.box[0]), scale(f.box[1]), scale(f.box[2]), scale(f.box[3]), scale(f.ascent), scale(f.descent), scale(f.capHeight), ref(data)))
	widths := make([]string, len(s.glyphs))
	for n := range s.glyphs {
		widths[n] = fmt.Sprint(s.width(uint16(n)))
	}
	descendant := o.add(fmt.Sprintf("<</Type /Font /Subtype /CIDFontType2 /BaseFont /%s /CIDSystemInfo <</Registry (Adobe) /Ordering (Identity) /Supplement 0>> /FontDescriptor %s /DW 1000 /W [0 [%s]] /CIDToGIDMap /Identity>>",
		name, ref(descriptor), strings.Join(widths, " ")))
	return o.add(fmt.Sprintf("<</Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H /DescendantFonts [%s] /ToUnicode %s>>",
		name, ref(descendant), ref(o.stream("", s.toUnicode()))))
}

// toUnicode says which character each code stands for, so that text can be
// searched, copied and read aloud.
func (s *subset) toUnicode() []byte {
	var rows []string
	for n, r := range s.runes {
		if r == 0 {
			continue
		}
		row := fmt.Sprintf("<%04X> <", n)
		for _, unit := range utf16.Encode([]rune{r}) {
			row += fmt.Sprintf("%04X", unit)
		}
		rows = append(rows, row+">\n")
	}
	var out bytes.Buffer
	out.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	for len(rows) > 0 {
		n := min(100, len(rows))
		fmt.Fprintf(&out, "%d beginbfchar\n%sendbfchar\n", n, strings.Join(rows[:n], ""))
		rows = rows[n:]
	}
	out.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend")
	return out.Bytes()
}

// metadata is the XMP packet (ISO 19005-3, 6.6). Its part and level are the
// format's intent; docs/signatures.md says what has been checked.
func metadata(c Content) []byte {
	var title bytes.Buffer
	_ = xml.EscapeText(&title, []byte(pageTitle+" "+c.DelegationID)) // a Buffer takes all
	at := c.DraftedAt.UTC().Format("2006-01-02T15:04:05Z")
	return fmt.Appendf(nil, "<?xpacket begin=\"\uFEFF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"+
		`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">`+
		`<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/">`+
		`<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>`+
		`<dc:format>application/pdf</dc:format><dc:title><rdf:Alt><rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></dc:title>`+
		`<dc:language><rdf:Bag><rdf:li>ja-JP</rdf:li></rdf:Bag></dc:language>`+
		`<xmp:CreateDate>%s</xmp:CreateDate><xmp:ModifyDate>%s</xmp:ModifyDate><xmp:CreatorTool>Ininjo delegation PDF 1</xmp:CreatorTool><pdf:Producer>Ininjo</pdf:Producer>`+
		"</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"w\"?>", title.String(), at, at)
}

// sRGB is an ICC profile of our own making, after IEC 61966-2-1: primaries
// adapted to D50, and the curve with its straight part (ICC.1:2010, version 4).
func sRGB() []byte {
	xyz := func(x, y, z uint32) string {
		return "XYZ \x00\x00\x00\x00" + string(words(x, y, z))
	}
	name := func(s string) string {
		units := utf16.Encode([]rune(s))
		out := words(1, 12, 0x656E5553, uint32(2*len(units)), 28) // one record, en-US
		for _, unit := range units {
			out = binary.BigEndian.AppendUint16(out, unit)
		}
		return "mluc\x00\x00\x00\x00" + string(out)
	}
	curve := "para\x00\x00\x00\x00\x00\x03\x00\x00" + string(words(0x00026666, 0x0000F2A7, 0x00000D59, 0x000013D0, 0x00000A5B))
	tags := []struct{ sign, data string }{
		{"desc", name("sRGB IEC61966-2.1")}, {"cprt", name("Public domain")},
		{"wtpt", xyz(0xF6D6, 0x10000, 0xD32D)},
		{"chad", "sf32\x00\x00\x00\x00" + string(words(0x00010C42, 0x000005DE, 0xFFFFF325, 0x00000793, 0x0000FD90, 0xFFFFFBA1, 0xFFFFFDA2, 0x000003DC, 0x0000C06E))},
		{"rXYZ", xyz(0x6FA2, 0x38F5, 0x0390)}, {"gXYZ", xyz(0x6299, 0xB785, 0x18DA)}, {"bXYZ", xyz(0x24A0, 0x0F84, 0xB6CF)},
		{"rTRC", curve}, {"gTRC", curve}, {"bTRC", curve},
	}
	head, body := words(uint32(len(tags))), []byte{}
	for _, t := range tags {
		head = append(append(head, t.sign...), words(uint32(128+4+12*len(tags)+len(body)), uint32(len(t.data)))...)
		body = append(body, t.data...)
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
	}
	out := words(uint32(128+len(head)+len(body)), 0, 0x04200000)
	out = append(out, "mntrRGB XYZ "...)
	out = append(out, 0x07, 0xEA, 0, 6, 0, 1, 0, 0, 0, 0, 0, 0) // 2026-06-01
	out = append(out, "acsp"...)
	out = append(out, words(0, 0, 0, 0, 0, 0, 0, 0xF6D6, 0x10000, 0xD32D)...)
	out = append(out, make([]byte, 128-len(out))...)
	return append(append(out, head...), body...)
}

func words(values ...uint32) []byte {
	var out []byte
	for _, v := range values {
		out = binary.BigEndian.AppendUint32(out, v)
	}
	return out
}
