// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"unicode/utf8"

	"ininjo/poa"
)

// leanRequest is the body of a POST as clients write it: what a question about
// validity needs and nothing else. Its texts are slices of the body.
type leanRequest struct {
	// query is the text between the quotes as it is written, escapes and all.
	query, documentID, operation []byte
	variables                    []leanVariable
	// room, texts and questions are memory for one request after the other: for its
	// variables, the strings of its lists and what it asks.
	room      [4]leanVariable
	texts     [][]byte
	questions []poa.Question
}

type leanVariable struct {
	name []byte
	kind leanKind
	// text is that of a string; list are those of a list of strings.
	text []byte
	list [][]byte
}

type leanKind byte

const (
	leanNull leanKind = iota
	leanString
	leanList
)

// scanLean reads a body into in that holds nothing but the known members, each once:
// strings, of which all but the query are written without escapes, and variables
// that are strings, null or lists of strings. Of anything else it says no, and
// the body is read the long way, by encoding/json: this never decides that a
// body is wrong.
func scanLean(body []byte, in *leanRequest) bool {
	s := leanScanner{rest: body}
	*in = leanRequest{room: in.room, texts: in.texts[:0], questions: in.questions}
	s.object(func(name []byte) {
		switch string(name) {
		case "query":
			in.query = s.once(in.query, s.escaped())
		case "documentId":
			in.documentID = s.once(in.documentID, s.plain())
		case "operationName":
			if !s.null() {
				in.operation = s.once(in.operation, s.plain())
			}
		case "variables":
			s.failed = s.failed || in.variables != nil
			if !s.null() {
				s.variables(in)
			}
		default:
			s.failed = true
		}
	})
	s.space()
	return !s.failed && len(s.rest) == 0
}

type leanScanner struct {
	rest   []byte
	failed bool
}

// once refuses a member that is there twice, and an empty text.
func (s *leanScanner) once(before, text []byte) []byte {
	s.failed = s.failed || before != nil || len(text) == 0
	return text
}

func (s *leanScanner) variables(in *leanRequest) {
	in.variables = in.room[:0]
	s.object(func(name []byte) {
		for _, each := range in.variables {
			s.failed = s.failed || string(each.name) == string(name)
		}
		v := leanVariable{name: name}
		switch {
		case s.null():
		case s.at('['):
			v.kind, v.list = leanList, s.list(in)
		default:
			v.kind, v.text = leanString, s.plain()
		}
		in.variables = append(in.variables, v)
	})
}

// object calls member after each name and its colon; member reads the value.
func (s *leanScanner) object(member func(name []byte)) {
	if !s.take('{') || s.take('}') {
		return
	}
	for !s.failed {
		name := s.plain()
		s.want(':')
		if s.failed {
			return
		}
		member(name)
		if !s.at(',') {
			s.want('}')
			return
		}
		s.take(',')
	}
}

// list is one of at most as many strings as a question may name.
func (s *leanScanner) list(in *leanRequest) [][]byte {
	s.take('[')
	from := len(in.texts)
	if s.take(']') {
		return in.texts[from:from]
	}
	for !s.failed {
		s.failed = len(in.texts)-from == poa.MaxInquiries
		in.texts = append(in.texts, s.plain())
		if !s.at(',') {
			s.want(']')
			break
		}
		s.take(',')
	}
	return in.texts[from:]
}

func (s *leanScanner) space() {
	for len(s.rest) > 0 && (s.rest[0] == ' ' || s.rest[0] == '\n' || s.rest[0] == '\r' || s.rest[0] == '\t') {
		s.rest = s.rest[1:]
	}
}

func (s *leanScanner) at(c byte) bool {
	s.space()
	return len(s.rest) > 0 && s.rest[0] == c
}

// take passes over the character if it is there.
func (s *leanScanner) take(c byte) bool {
	if !s.at(c) {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

func (s *leanScanner) want(c byte) {
	if !s.take(c) {
		s.failed = true
	}
}

func (s *leanScanner) null() bool {
	s.space()
	if len(s.rest) < 4 || string(s.rest[:4]) != "null" {
		return false
	}
	s.rest = s.rest[4:]
	return true
}

// plain is a string without escapes.
func (s *leanScanner) plain() []byte { return s.string(false) }

// escaped is a string with its escapes as they are written.
func (s *leanScanner) escaped() []byte { return s.string(true) }

func (s *leanScanner) string(escapes bool) []byte {
	s.want('"')
	ascii := true
	for i := 0; i < len(s.rest) && !s.failed; i++ {
		switch c := s.rest[i]; {
		case c == '"':
			text := s.rest[:i]
			s.rest = s.rest[i+1:]
			s.failed = !ascii && !utf8.Valid(text)
			return text
		case c < ' ' || c == '\\' && !escapes:
			s.failed = true
		case c == '\\':
			i++ // whatever it escapes: who reads the text looks it up as it is written
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	s.failed = true
	return nil
}
