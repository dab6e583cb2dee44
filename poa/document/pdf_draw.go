// SPDX-License-Identifier: Apache-2.0

package document

import (
	"bytes"
	"fmt"

	qrcode "github.com/skip2/go-qrcode"
)

const (
	titleSize, headSize, labelSize, textSize, smallSize = 20 * point, 11 * point, 9 * point, 10 * point, 8 * point

	lineHeight   = 13500
	rowPadding   = 3 * point
	numberIndent = 24 * point
)

// drawPages draws a content on as many pages as it needs.
func drawPages(c Content) (*sheet, error) {
	s := newSheet()
	if err := s.title(); err != nil {
		return nil, err
	}
	for _, section := range pageSections(c) {
		if err := s.section(section); err != nil {
			return nil, err
		}
	}
	if err := s.stamp(c); err != nil {
		return nil, err
	}
	return s, s.footers(c)
}

func (s *sheet) title() error {
	title, err := s.letters.lines(pageTitle, titleSize, bodyWidth, "title")
	if err != nil {
		return err
	}
	intro, err := s.letters.lines(pageIntro, textSize, bodyWidth, "title")
	if err != nil {
		return err
	}
	s.at -= titleSize
	s.mark(s.root.add("H1"), func(out *bytes.Buffer) {
		bold(out, title[0], titleSize, (pageWidth-title[0].width)/2, s.at)
	})
	s.at -= 26 * point
	s.mark(s.root.add("P"), func(out *bytes.Buffer) { text(out, intro[0], textSize, margin, s.at) })
	s.at -= 6 * point
	return nil
}

func (s *sheet) section(section pageSection) error {
	heading, err := s.letters.lines(section.heading, headSize, bodyWidth, "heading")
	if err != nil {
		return err
	}
	if !s.room(60 * point) { // a heading stands never alone at the foot
		s.at -= 7 * point
	}
	s.at -= headSize + 5*point
	base := s.at
	s.mark(nil, func(out *bytes.Buffer) {
		fmt.Fprintf(out, "q 0.92 0.94 0.97 rg %s %s %s %s re f Q\n", decimal(margin), decimal(base-4*point), decimal(bodyWidth), decimal(headSize+7*point))
	})
	s.mark(s.root.add("H2"), func(out *bytes.Buffer) { bold(out, heading[0], headSize, margin+6*point, base) })
	s.at -= 6 * point
	table := s.root.add("Table")
	for _, item := range section.items {
		if err := s.row(table.add("TR"), item); err != nil {
			return err
		}
	}
	return nil
}

// row draws a label and its texts, on further pages where they do not fit.
func (s *sheet) row(row *tag, item pageItem) error {
	label, err := s.letters.lines(item.label, labelSize, labelWidth, item.where)
	if err != nil {
		return err
	}
	s.room(lineHeight + 2*rowPadding) // a label stands never without its text
	s.at -= rowPadding
	head := row.add("TH")
	head.attrs = "/A <</O /Table /Scope /Row>>"
	s.mark(head, func(out *bytes.Buffer) { s.label(out, label[0]) })
	cell := row.add("TD")
	for i, t := range item.texts {
		if err := s.entry(cell, item, i, t, label[0]); err != nil {
			return err
		}
	}
	s.mark(nil, func(out *bytes.Buffer) { rule(out, margin, s.at, bodyWidth) })
	return nil
}

func (s *sheet) label(out *bytes.Buffer, label line) {
	out.WriteString("q 0.3 g ")
	text(out, label, labelSize, margin+6*point, s.at-textSize)
	out.WriteString("Q\n")
}

// entry draws one text of a row; its number hangs before it.
func (s *sheet) entry(cell *tag, item pageItem, index int, entry string, label line) error {
	left := length(margin + labelWidth + 6*point)
	var number []line
	if item.numbered {
		var err error
		if number, err = s.letters.lines(fmt.Sprintf("(%d)", index+1), textSize, bodyWidth, item.where); err != nil {
			return err
		}
		left += max(numberIndent, number[0].width+4*point)
	}
	lines, err := s.letters.lines(entry, textSize, pageWidth-margin-4*point-left, "Delegation/"+item.where)
	if err != nil {
		return err
	}
	for i, l := range lines {
		if s.room(lineHeight + rowPadding) {
			s.mark(nil, func(out *bytes.Buffer) { s.label(out, label) }) // the row goes on: its label again
		}
		s.mark(cell, func(out *bytes.Buffer) {
			if i == 0 && item.numbered {
				text(out, number[0], textSize, margin+labelWidth+6*point, s.at-textSize)
			}
			text(out, l, textSize, left, s.at-textSize)
		})
		s.at -= lineHeight
	}
	s.at -= rowPadding / 2
	return nil
}

// stamp draws the foot of the first page: the code of the validity page, and the
// frame in which the signature stands.
func (s *sheet) stamp(c Content) error {
	code, err := qrcode.New(validityPage(c), qrcode.Medium)
	if err != nil {
		return fault(TooLarge, "Delegation/Service/ValidityURL")
	}
	code.DisableBorder = true
	last := s.pages
	s.pages = s.pages[:1] // the foot is the first page's
	defer func() { s.pages = last }()
	figure := s.root.add("Figure")
	figure.attrs = "/Alt " + textString("有効性を確認するページのQRコード: "+validityPage(c)) +
		fmt.Sprintf(" /A <</O /Layout /BBox [%s %s %s %s]>>", decimal(margin), decimal(bodyEnd), decimal(margin+stampHeight), decimal(bodyEnd+stampHeight))
	s.mark(figure, func(out *bytes.Buffer) { drawCode(out, code.Bitmap(), margin, bodyEnd, stampHeight) })
	caption := s.root.add("P")
	for i, part := range []string{"この委任状が今も有効であるかは、", "左のコードのページか、電子委任状", "IDで確かめてください。", "この写しだけでは確かめられません。"} {
		l, err := s.letters.lines(part, smallSize, bodyWidth, "caption")
		if err != nil {
			return err
		}
		s.mark(caption, func(out *bytes.Buffer) {
			text(out, l[0], smallSize, margin+stampHeight+12*point, bodyEnd+stampHeight-smallSize-length(i)*13*point)
		})
	}
	return nil
}

// drawCode draws the dark squares, joined along each row.
func drawCode(out *bytes.Buffer, bits [][]bool, x, y, side length) {
	cell := side / len(bits)
	out.WriteString("q 0 g\n")
	for row, line := range bits {
		for from := 0; from < len(line); from++ {
			to := from
			for to < len(line) && line[to] {
				to++
			}
			if to > from {
				fmt.Fprintf(out, "%s %s %s %s re\n", decimal(x+from*cell), decimal(y+(len(bits)-1-row)*cell), decimal((to-from)*cell), decimal(cell))
				from = to
			}
		}
	}
	out.WriteString("f Q\n")
}

// footers writes each page's number, and whose page it is.
func (s *sheet) footers(c Content) error {
	all := s.pages
	defer func() { s.pages = all }()
	for i := range all {
		left, err := s.letters.lines(pageTitle+" "+c.DelegationID, smallSize, bodyWidth, "Delegation/DelegationID")
		if err != nil {
			return err
		}
		right, err := s.letters.lines(fmt.Sprintf("%d / %d ページ", i+1, len(all)), smallSize, bodyWidth, "footer")
		if err != nil {
			return err
		}
		s.pages = all[:i+1]
		s.mark(nil, func(out *bytes.Buffer) {
			rule(out, margin, footerAt+12*point, bodyWidth)
			text(out, left[0], smallSize, margin, footerAt)
			text(out, right[0], smallSize, pageWidth-margin-right[0].width, footerAt)
		})
	}
	return nil
}
