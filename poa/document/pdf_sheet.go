// SPDX-License-Identifier: Apache-2.0

package document

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// A4, upright, with the places of things on it.
const (
	pageWidth, pageHeight = 595276, 841890
	margin                = 56693 // 20 mm
	bodyWidth             = pageWidth - 2*margin
	topMargin             = 44 * point
	labelWidth            = 112 * point
	footerAt              = 32 * point
	bodyEnd               = 56 * point
	// The foot of the first page holds the code and the field for the signature.
	stampHeight  = 76 * point
	firstBodyEnd = bodyEnd + stampHeight + 12*point
	signedLeft   = margin + 262*point
)

// tag is an element of the logical structure (ISO 32000-1, 14.7).
type tag struct {
	kind    string
	attrs   string // further entries of its dictionary
	content []marked
	kids    []*tag
}

// marked is a piece of a page's content.
type marked struct{ page, id int }

// paper is one page's content.
type paper struct {
	ops    bytes.Buffer
	owners []*tag // by number of the marked piece
}

// sheet draws pages from top to bottom.
type sheet struct {
	letters *subset
	pages   []*paper
	at      length // the height down to which the page is used
	first   length // how far down the first page may be used
	root    *tag
}

func newSheet() *sheet {
	s := &sheet{letters: newSubset(theFont()), first: firstBodyEnd, root: &tag{kind: "Document"}}
	s.turn()
	return s
}

func (s *sheet) turn() {
	s.pages = append(s.pages, &paper{})
	s.at = pageHeight - topMargin
}

func (s *sheet) page() *paper { return s.pages[len(s.pages)-1] }

func (s *sheet) end() length {
	if len(s.pages) == 1 {
		return s.first
	}
	return bodyEnd
}

// room turns the page when less than a height is left, and tells whether it did.
func (s *sheet) room(height length) bool {
	if s.at-height >= s.end() {
		return false
	}
	s.turn()
	return true
}

func (t *tag) add(kind string) *tag {
	child := &tag{kind: kind}
	t.kids = append(t.kids, child)
	return child
}

// mark draws as a piece of an element; without one it is decoration, which is
// not read aloud.
func (s *sheet) mark(t *tag, draw func(*bytes.Buffer)) {
	p := s.page()
	if t == nil {
		p.ops.WriteString("/Artifact BMC\n")
	} else {
		id := len(p.owners)
		p.owners = append(p.owners, t)
		t.content = append(t.content, marked{len(s.pages) - 1, id})
		fmt.Fprintf(&p.ops, "/%s <</MCID %d>> BDC\n", t.kind, id)
	}
	draw(&p.ops)
	p.ops.WriteString("EMC\n")
}

// text draws a line with its base at a place.
func text(out *bytes.Buffer, l line, size, x, y length) {
	fmt.Fprintf(out, "BT /F1 %s Tf %s %s Td <%s> Tj ET\n", decimal(size), decimal(x), decimal(y), l.hex())
}

// bold draws a line with its outlines thickened: one font serves for both.
func bold(out *bytes.Buffer, l line, size, x, y length) {
	fmt.Fprintf(out, "q 2 Tr %s w ", decimal(size/40))
	text(out, l, size, x, y)
	out.WriteString("Q\n")
}

func rule(out *bytes.Buffer, x, y, width length) {
	fmt.Fprintf(out, "q 0.7 G 0.5 w %s %s m %s %s l S Q\n", decimal(x), decimal(y), decimal(x+width), decimal(y))
}

func (l line) hex() string {
	var b strings.Builder
	for _, g := range l.glyphs {
		fmt.Fprintf(&b, "%04X", g)
	}
	return b.String()
}

// decimal writes a length in points.
func decimal(l length) string {
	s := strconv.Itoa(l / 1000)
	if l < 0 {
		s, l = "-"+strconv.Itoa(-l/1000), -l
	}
	if rest := l % 1000; rest != 0 {
		s += strings.TrimRight(fmt.Sprintf(".%03d", rest), "0")
	}
	return s
}
