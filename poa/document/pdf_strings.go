// SPDX-License-Identifier: Apache-2.0

package document

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strconv"
)

// name reads a name and resolves its escapes, so that no name has two writings.
func (r *pdfReader) name() (pdfName, error) {
	r.at++
	word := r.word()
	var out []byte
	for i := 0; i < len(word); i++ {
		if word[i] != '#' {
			out = append(out, word[i])
			continue
		}
		if i+2 >= len(word) {
			return "", pdfFault()
		}
		b, err := hex.DecodeString(word[i+1 : i+3])
		if err != nil || b[0] == 0 {
			return "", pdfFault()
		}
		out, i = append(out, b[0]), i+2
	}
	if len(out) > 127 {
		return "", pdfFault()
	}
	return pdfName(out), nil
}

// hex reads a string in hexadecimal digits.
func (r *pdfReader) hex() (any, error) {
	from := r.at
	size := bytes.IndexByte(r.file[from:], '>')
	if size < 0 {
		return nil, pdfFault()
	}
	r.at += size + 1
	digits := r.file[from+1 : from+size]
	if bytes.ContainsAny(digits, " \n\r\t\f\x00") {
		digits = slices.DeleteFunc(slices.Clone(digits), pdfSpace)
	}
	if len(digits)%2 == 1 {
		digits = append(slices.Clone(digits), '0')
	}
	text := make([]byte, len(digits)/2)
	if _, err := hex.Decode(text, digits); err != nil {
		return nil, pdfFault()
	}
	return pdfString{text, from, r.at}, nil
}

// literal reads a string in brackets. An escape stands for the byte after it,
// save for the octal ones and those of white space, which are resolved.
func (r *pdfReader) literal() (any, error) {
	from, open := r.at, 0
	var text []byte
	for ; r.at < len(r.file); r.at++ {
		switch c := r.file[r.at]; c {
		case '(':
			if open++; open > 1 {
				text = append(text, c)
			}
		case ')':
			if open--; open == 0 {
				r.at++
				return pdfString{text, from, r.at}, nil
			}
			text = append(text, c)
		case '\\':
			text = append(text, r.escaped()...)
		default:
			text = append(text, c)
		}
	}
	return nil, pdfFault()
}

// escaped reads what follows a backslash, and stays on its last byte.
func (r *pdfReader) escaped() []byte {
	if r.at++; r.at >= len(r.file) {
		return nil
	}
	c := r.file[r.at]
	plain := map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', 'b': '\b', 'f': '\f'}
	if b, ok := plain[c]; ok {
		return []byte{b}
	}
	switch {
	case c == '\n':
		return nil
	case c == '\r':
		if r.at+1 < len(r.file) && r.file[r.at+1] == '\n' {
			r.at++
		}
		return nil
	case c < '0' || c > '7':
		return []byte{c}
	}
	octal := int(c - '0')
	for i := 0; i < 2 && r.at+1 < len(r.file) && r.file[r.at+1] >= '0' && r.file[r.at+1] <= '7'; i++ {
		r.at++
		octal = 8*octal + int(r.file[r.at]-'0')
	}
	return []byte{byte(octal)}
}

// same compares two values, wherever they stand. Tools write a number like 9.50
// in their own way; whole numbers are compared exactly.
func same(a, b any) bool {
	switch x := a.(type) {
	case pdfString:
		y, ok := b.(pdfString)
		return ok && string(x.text) == string(y.text)
	case pdfArray:
		y, ok := b.(pdfArray)
		return ok && slices.EqualFunc(x, y, same)
	case pdfDict:
		y, ok := b.(pdfDict)
		if !ok || len(x) != len(y) {
			return false
		}
		for key, v := range x {
			if w, has := y[key]; !has || !same(v, w) {
				return false
			}
		}
		return true
	case pdfStream:
		y, ok := b.(pdfStream)
		return ok && same(x.dict, y.dict) && string(x.data) == string(y.data)
	}
	if x, y, ok := numbers(a, b); ok {
		return x-y < 0.005 && y-x < 0.005
	}
	switch b.(type) {
	case pdfString, pdfArray, pdfDict, pdfStream: // these cannot be compared with ==
		return false
	}
	return a == b
}

// numbers gives two numbers of which at least one is not whole.
func numbers(a, b any) (x, y float64, ok bool) {
	_, wholeA := a.(int)
	_, wholeB := b.(int)
	x, isA := float(a)
	y, isB := float(b)
	return x, y, isA && isB && !(wholeA && wholeB)
}

func float(v any) (float64, bool) {
	switch n := v.(type) {
	case int:
		return float64(n), true
	case pdfReal:
		f, err := strconv.ParseFloat(string(n), 64)
		return f, err == nil
	}
	return 0, false
}
