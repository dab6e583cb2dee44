// SPDX-License-Identifier: Apache-2.0

package document

import (
	"bytes"
	"strconv"
)

// The values of a PDF (ISO 32000-1, 7.3). A number is an int or a pdfReal, null
// is nil, truth a bool.
type (
	pdfName string
	pdfReal string
	pdfRef  int // of generation 0: no other is written or taken
	// pdfString keeps where it stands in the file, with its brackets.
	pdfString struct {
		text     []byte
		from, to int
	}
	pdfArray  []any
	pdfDict   map[pdfName]any
	pdfStream struct {
		dict pdfDict
		data []byte
	}
)

const (
	maxPDFDepth = 24
	// A draft's values are ours; a revision that signs has some hundred.
	maxDraftValues, maxAddedValues = 1_000_000, 20_000
	// maxPDFNumber bounds numbers of objects, counts and places.
	maxPDFNumber = 1 << 30
)

// pdfReader reads values, strictly: every token in one way, nothing skipped but
// white space, no comment inside an object.
type pdfReader struct {
	file []byte
	at   int
	left int // values that may still be read
	// draft: the bytes are our own. skim: what is inside of arrays and dictionaries is read and not kept.
	draft, skim bool
}

func pdfFault() error { return fault(Malformed, "PDF") }

func pdfSpace(b byte) bool {
	return b == ' ' || b == '\n' || b == '\r' || b == '\t' || b == '\f' || b == 0
}

func pdfDelimiter(b byte) bool { return bytes.IndexByte([]byte("()<>[]{}/%"), b) >= 0 }

func (r *pdfReader) space() {
	for r.at < len(r.file) && pdfSpace(r.file[r.at]) {
		r.at++
	}
}

// word reads up to white space or a delimiter.
func (r *pdfReader) word() string {
	from := r.at
	for r.at < len(r.file) && !pdfSpace(r.file[r.at]) && !pdfDelimiter(r.file[r.at]) {
		r.at++
	}
	return string(r.file[from:r.at])
}

// keyword reads a word that must be there, after white space.
func (r *pdfReader) keyword(want string) error {
	r.space()
	if r.word() != want {
		return pdfFault()
	}
	return nil
}

// whole reads a number of digits only, after white space.
func (r *pdfReader) whole() (int, error) {
	r.space()
	word := r.word()
	if word == "" || len(word) > 10 {
		return 0, pdfFault()
	}
	for _, c := range word {
		if c < '0' || c > '9' {
			return 0, pdfFault()
		}
	}
	n, err := strconv.Atoi(word)
	if err != nil || n > maxPDFNumber {
		return 0, pdfFault()
	}
	return n, nil
}

func (r *pdfReader) value(depth int) (any, error) {
	r.space()
	if r.left--; r.left < 0 || depth > maxPDFDepth {
		return nil, fault(TooLarge, "PDF")
	}
	if r.at >= len(r.file) {
		return nil, pdfFault()
	}
	switch c := r.file[r.at]; {
	case c == '/':
		return r.name()
	case c == '(':
		return r.literal()
	case c == '[':
		return r.array(depth)
	case c == '<' && r.at+1 < len(r.file) && r.file[r.at+1] == '<':
		return r.dict(depth)
	case c == '<':
		return r.hex()
	}
	return r.plain()
}

// plain reads a number, a reference, truth or null.
func (r *pdfReader) plain() (any, error) {
	from := r.at
	switch word := r.word(); word {
	case "true", "false":
		return word == "true", nil
	case "null":
		return nil, nil
	default:
		if n, err := strconv.Atoi(word); err == nil && n <= maxPDFNumber && n >= -maxPDFNumber {
			return r.perhapsRef(n, word), nil
		}
		if number, err := strconv.ParseFloat(word, 64); err == nil && number < maxPDFNumber && number > -maxPDFNumber && digitsOnly(word) {
			return pdfReal(word), nil
		}
	}
	r.at = from
	return nil, pdfFault()
}

func digitsOnly(word string) bool {
	for _, c := range word {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' {
			return false
		}
	}
	return true
}

// perhapsRef looks whether "0 R" follows a number.
func (r *pdfReader) perhapsRef(n int, word string) any {
	from := r.at
	if word[0] >= '0' && word[0] <= '9' {
		r.space()
		if r.word() == "0" {
			if r.space(); r.word() == "R" {
				return pdfRef(n)
			}
		}
	}
	r.at = from
	return n
}

func (r *pdfReader) array(depth int) (any, error) {
	r.at++
	all := pdfArray{}
	for {
		if r.space(); r.at < len(r.file) && r.file[r.at] == ']' {
			r.at++
			return all, nil
		}
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if !r.skim {
			all = append(all, v)
		}
	}
}

func (r *pdfReader) dict(depth int) (any, error) {
	r.at += 2
	var all pdfDict
	if !r.skim {
		all = pdfDict{}
	}
	for {
		r.space()
		if bytes.HasPrefix(r.file[r.at:], []byte(">>")) {
			r.at += 2
			return all, nil
		}
		if r.at >= len(r.file) || r.file[r.at] != '/' {
			return nil, pdfFault()
		}
		key, err := r.name()
		if err != nil {
			return nil, err
		}
		if _, twice := all[key]; twice {
			return nil, fault(Duplicate, "PDF")
		}
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if !r.skim {
			all[key] = v
		}
	}
}
