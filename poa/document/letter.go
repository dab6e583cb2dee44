// SPDX-License-Identifier: Apache-2.0

package document

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"unicode"
)

// Letter is a notice by post, ready to be drawn. Address and name stand where
// the window of a long envelope (長形3号, 90 by 45 mm) shows them once the sheet
// is folded in three at the marks.
type Letter struct {
	// Language is that of the text, "ja" or "en".
	Language string
	// Number is the letter's own, at the foot of each page.
	Number string
	// Name is the organisation's; Title and Person are its representative's.
	Name, Address, Title, Person string
	Service, Contact, Hours      string
	Subject, Text, Link          string
	// Date is a day, 2026-11-26.
	Date string
}

// Places on the sheet, in thousandths of a point: a millimetre is 2,834.6.
const (
	windowLeft  = 25 * millimetre
	windowTop   = pageHeight - 24*millimetre
	windowWidth = 80 * millimetre
	windowLines = 7
	senderLeft  = 118 * millimetre
	letterTop   = pageHeight - 92*millimetre
	foldMark    = 99 * millimetre

	millimetre = 2835

	addressSize, addressHeight = 10500, 15 * point
	bodySize, bodyHeight       = 10500, 17 * point
	maxLetterPages             = 20
)

// missing stands for a character that the font has not, as printers do it.
const missing = '〓'

// Letters draws letters into one PDF, each on sheets of its own. It refuses with
// TooLarge a letter of more than 20 pages.
func Letters(letters []Letter) ([]byte, error) {
	s := newSheet()
	s.first = bodyEnd
	for i, l := range letters {
		if i > 0 {
			s.turn()
		}
		first := len(s.pages) - 1
		if err := s.letter(l); err != nil {
			return nil, err
		}
		if len(s.pages)-first > maxLetterPages {
			return nil, fault(TooLarge, "Letter/Text")
		}
		if err := s.letterFooters(l, first); err != nil {
			return nil, err
		}
	}
	return writeLetters(s), nil
}

// shown is a text with what the font draws: what it has not is told by a mark,
// and selectors of a character's variant are left out.
func (s *sheet) shown(text string) string {
	return strings.Map(func(r rune) rune {
		switch _, ok := s.letters.draws(r); {
		case ok || r == '\n':
			return r
		case unicode.In(r, unicode.Variation_Selector, unicode.Cf) || unicode.IsControl(r):
			return -1
		default:
			return missing
		}
	}, text)
}

func (s *sheet) letter(l Letter) error {
	if err := s.window(l); err != nil {
		return err
	}
	if err := s.from(l); err != nil {
		return err
	}
	s.marks()
	s.at = letterTop
	if err := s.paragraph("H1", l.Subject, 13*point, 19*point, true); err != nil {
		return err
	}
	s.at -= 8 * point
	for text := range strings.SplitSeq(strings.ReplaceAll(l.Text, "\r\n", "\n"), "\n") {
		if strings.TrimSpace(text) == "" {
			s.at -= bodyHeight / 2
			continue
		}
		if err := s.paragraph("P", text, bodySize, bodyHeight, false); err != nil {
			return err
		}
	}
	s.at -= bodyHeight
	return s.paragraph("P", l.word("published")+l.Link, 9*point, 13*point, false)
}

// window draws address and addressee; what finds no room in it is made smaller.
func (s *sheet) window(l Letter) error {
	texts := []string{l.Address, l.Name + l.word("house"), strings.TrimSpace(l.Title + " " + l.Person + l.word("person"))}
	if l.Person == "" {
		texts = texts[:2]
	}
	for size := length(addressSize); ; size -= point {
		var lines []line
		for _, text := range texts {
			some, err := s.letters.lines(s.shown(text), size, windowWidth, "Letter/Address")
			if err != nil {
				return err
			}
			lines = append(lines, some...)
		}
		if len(lines) > windowLines && size > 6*point {
			continue
		}
		at := length(windowTop)
		block := s.root.add("P")
		for _, each := range lines {
			at -= size + 4500
			s.mark(block, func(out *bytes.Buffer) { text(out, each, size, windowLeft, at) })
		}
		return nil
	}
}

// from draws the day and who sends it, to the right of the window.
func (s *sheet) from(l Letter) error {
	at := length(windowTop)
	block := s.root.add("P")
	for _, part := range []string{l.day(), l.Service, l.Contact, l.Hours} {
		lines, err := s.letters.lines(s.shown(part), 9*point, pageWidth-margin-senderLeft+6*millimetre, "Letter/Sender")
		if err != nil {
			return err
		}
		for _, each := range lines {
			at -= 13 * point
			s.mark(block, func(out *bytes.Buffer) { text(out, each, 9*point, senderLeft, at) })
		}
	}
	return nil
}

// marks are where the sheet is folded.
func (s *sheet) marks() {
	s.mark(nil, func(out *bytes.Buffer) {
		rule(out, 5*millimetre, pageHeight-foldMark, 4*millimetre)
		rule(out, 5*millimetre, pageHeight-2*foldMark, 4*millimetre)
	})
}

// paragraph draws a text over the width of the page, on further pages where it
// finds no room.
func (s *sheet) paragraph(kind, words string, size, height length, heavy bool) error {
	lines, err := s.letters.lines(s.shown(words), size, bodyWidth, "Letter/Text")
	if err != nil {
		return err
	}
	block := s.root.add(kind)
	for _, each := range lines {
		s.room(height)
		s.at -= height
		s.mark(block, func(out *bytes.Buffer) {
			if heavy {
				bold(out, each, size, margin, s.at)
			} else {
				text(out, each, size, margin, s.at)
			}
		})
	}
	return nil
}

// letterFooters writes a letter's number and its pages' own, from page first on.
func (s *sheet) letterFooters(l Letter, first int) error {
	all := s.pages
	defer func() { s.pages = all }()
	for i := first; i < len(all); i++ {
		left, err := s.letters.lines(s.shown(l.Number), smallSize, bodyWidth, "footer")
		if err != nil {
			return err
		}
		right, err := s.letters.lines(fmt.Sprintf("%d / %d", i-first+1, len(all)-first), smallSize, bodyWidth, "footer")
		if err != nil {
			return err
		}
		s.pages = all[:i+1]
		s.mark(nil, func(out *bytes.Buffer) {
			text(out, left[0], smallSize, margin, footerAt)
			text(out, right[0], smallSize, pageWidth-margin-right[0].width, footerAt)
		})
	}
	return nil
}

// word is a fixed text in the letter's language.
func (l Letter) word(name string) string {
	words := map[string][2]string{"house": {" 御中", ""}, "person": {" 様", ""}, "published": {"このお知らせは次のページでもご覧いただけます。 ", "This notice is published at "}}
	if l.Language == "en" {
		return words[name][1]
	}
	return words[name][0]
}

func (l Letter) day() string {
	if l.Language == "en" {
		return l.Date
	}
	return spokenDate(l.Date)
}

// writeLetters puts pages, font and structure together.
func writeLetters(s *sheet) []byte {
	var o objects
	root, pages := o.add(""), o.add("")
	font := s.letters.objects(&o)
	places := make([]int, len(s.pages))
	for i := range s.pages {
		places[i] = o.add("")
	}
	structure := &structure{objects: &o, pages: places, parents: make([][]int, len(s.pages))}
	tree := structure.write(s, 0)
	sum := sha256.New()
	for i, p := range s.pages {
		sum.Write(p.ops.Bytes())
		o.set(places[i], fmt.Sprintf("<</Type /Page /Parent %s /MediaBox [0 0 %s %s] /Resources <</Font <</F1 %s>>>> /Contents %s /StructParents %d /Tabs /S>>",
			ref(pages), decimal(pageWidth), decimal(pageHeight), ref(font), ref(o.stream("", p.ops.Bytes())), i))
	}
	o.set(pages, fmt.Sprintf("<</Type /Pages /Kids %s /Count %d>>", refs(places), len(places)))
	o.set(root, fmt.Sprintf("<</Type /Catalog /Pages %s /Lang (ja-JP) /MarkInfo <</Marked true>> /StructTreeRoot %s /ViewerPreferences <</PrintScaling /None>>>>", ref(pages), ref(tree)))
	return o.write(root, [16]byte(sum.Sum(nil)[:16]))
}
