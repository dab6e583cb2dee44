// SPDX-License-Identifier: Apache-2.0

package document

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds nesting; the format's own depth is four.
const maxDepth = 8

// maxNodes bounds the elements that are held in memory; a file that MaxItems
// allows has fewer.
const maxNodes = 2*MaxItems + 100

// Parse reads a file that Marshal wrote. Indentation between elements is free;
// all else is as written.
func (XML) Parse(file []byte) (Content, error) {
	if err := scan(file); err != nil {
		return Content{}, err
	}
	root, err := readTree(file[len(xmlProlog):])
	if err != nil {
		return Content{}, err
	}
	if err := checkRoot(root); err != nil {
		return Content{}, err
	}
	r := &raw{}
	if err := fill(schema(r), root, "Delegation"); err != nil {
		return Content{}, err
	}
	return r.content(), nil
}

// plainEntity is the only use of "&": the five entities that XML itself has.
// References to characters by number are not needed in UTF-8 and could write what
// checkText forbids.
var plainEntity = regexp.MustCompile(`^&(amp|lt|gt|quot|apos);`)

// scan refuses, before any parser sees the file, what a parser could be led
// astray with. In well-formed XML "<!" and "<?" stand nowhere but at the begin of
// what is forbidden.
func scan(file []byte) error {
	switch {
	case len(file) > MaxSize:
		return fault(TooLarge, "Delegation")
	case !utf8.Valid(file):
		return fault(Malformed, "encoding")
	case !bytes.HasPrefix(file, []byte(xmlProlog)):
		return scanProlog(file)
	}
	body := file[len(xmlProlog):]
	if err := scanMarkup(body); err != nil {
		return err
	}
	for rest := body; ; rest = rest[1:] {
		at := bytes.IndexByte(rest, '&')
		if at < 0 {
			return nil
		}
		if rest = rest[at:]; !plainEntity.Match(rest) {
			return fault(Entity, "entity")
		}
	}
}

// scanMarkup names the first of what is forbidden; an entity that is declared
// counts before the document type that declares it.
func scanMarkup(text []byte) error {
	if bytes.Contains(text, []byte("<!ENTITY")) {
		return fault(Entity, "markup")
	}
	at := bytes.Index(text, []byte("<!"))
	switch {
	case at >= 0 && bytes.HasPrefix(text[at:], []byte("<!--")):
		return fault(Comment, "markup")
	case at >= 0 || bytes.Contains(text, []byte("<?")):
		return fault(Forbidden, "markup")
	}
	return nil
}

// scanProlog names why a file does not begin with the declaration that we write.
func scanProlog(file []byte) error {
	if err := scanMarkup(bytes.TrimPrefix(file, []byte("<?xml"))); err != nil && bytes.Contains(file, []byte("<!DOCTYPE")) {
		return err
	}
	return fault(Malformed, "declaration")
}

// node is an element of a file as read, before anything is known of its meaning.
type node struct {
	name     xml.Name
	attrs    []xml.Attr
	children []*node
	text     strings.Builder
}

// readTree reads one element and nothing beside it.
func readTree(body []byte) (*node, error) {
	decoder := xml.NewDecoder(bytes.NewReader(body))
	// The holder stands for the file, so that what is beside the root is seen.
	holder := &node{}
	stack := []*node{holder}
	for nodes := 0; ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fault(Malformed, "XML")
		}
		if _, starts := token.(xml.StartElement); starts {
			nodes++
		}
		if nodes > maxNodes {
			return nil, fault(TooLarge, "elements")
		}
		if stack, err = push(stack, token); err != nil {
			return nil, err
		}
	}
	if len(holder.children) != 1 || !blank(&holder.text) {
		return nil, fault(Malformed, "XML")
	}
	return holder.children[0], nil
}

func push(stack []*node, token xml.Token) ([]*node, error) {
	top := stack[len(stack)-1]
	switch t := token.(type) {
	case xml.StartElement:
		if len(stack) > maxDepth {
			return nil, fault(Malformed, "depth")
		}
		child := &node{name: t.Name, attrs: t.Attr}
		top.children = append(top.children, child)
		return append(stack, child), nil
	case xml.EndElement:
		return stack[:len(stack)-1], nil
	case xml.CharData:
		top.text.Write(t)
		return stack, nil
	}
	return nil, fault(Forbidden, "markup")
}

func blank(text *strings.Builder) bool {
	return strings.Trim(text.String(), " \t\r\n") == ""
}

// checkRoot reads name, namespace and version of the outermost element.
func checkRoot(root *node) error {
	if root.name.Space != xmlNamespace {
		return fault(Namespace, "Delegation")
	}
	if root.name.Local != "Delegation" {
		return fault(UnknownElement, "root")
	}
	seen := map[string]string{}
	for _, attr := range root.attrs {
		name := attr.Name.Local
		if attr.Name.Space != "" || name != "xmlns" && name != "version" {
			return fault(UnknownElement, "Delegation/@")
		}
		if _, twice := seen[name]; twice {
			return fault(Duplicate, "Delegation/@"+name)
		}
		seen[name] = attr.Value
	}
	if seen["xmlns"] != xmlNamespace {
		return fault(Namespace, "Delegation")
	}
	if _, has := seen["version"]; !has {
		return fault(Missing, "Delegation/@version")
	}
	if seen["version"] != xmlVersion {
		return fault(Version, "Delegation/@version")
	}
	root.attrs = nil
	return nil
}
