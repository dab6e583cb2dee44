// SPDX-License-Identifier: Apache-2.0

package document

import (
	"bytes"
	"strings"

	"ininjo/poa/kanji"
)

const (
	xmlNamespace = "urn:ininjo:delegation:1"
	xmlVersion   = "1.0"
	xmlProlog    = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
)

// XML is the format of version 1.0: UTF-8, namespace urn:ininjo:delegation:1, one
// element for each item, indented by two spaces.
type XML struct{}

var _ Format = XML{}

// Name is XML.
func (XML) Name() string { return "XML" }

// MediaType is application/xml (RFC 7303).
func (XML) MediaType() string { return "application/xml" }

// Extension is .xml.
func (XML) Extension() string { return ".xml" }

// Marshal writes the file. Texts are brought into form C; everything else that
// the format does not take is a Fault.
func (XML) Marshal(c Content) ([]byte, error) {
	r, err := toRaw(c)
	if err != nil {
		return nil, err
	}
	w := &writer{}
	w.out.WriteString(xmlProlog)
	w.element(schema(r), "", "")
	if w.err != nil {
		return nil, w.err
	}
	if w.out.Len() > MaxSize {
		return nil, fault(TooLarge, "Delegation")
	}
	return w.out.Bytes(), nil
}

// writer writes elements and keeps the first fault.
type writer struct {
	out bytes.Buffer
	err error
}

func (w *writer) element(e element, path, indent string) {
	path += e.name
	switch {
	case e.text != nil:
		w.leaf(e.name, *e.text, e.form, path, indent)
	case e.list != nil:
		w.items(e, path, indent)
	default:
		w.open(e.name, indent)
		for _, child := range e.children {
			if child.chosen == nil || *child.chosen {
				w.element(child, path+"/", indent+"  ")
			}
		}
		w.out.WriteString(indent + "</" + e.name + ">\n")
	}
}

// open writes the start of a group; that of the outermost names the format.
func (w *writer) open(name, indent string) {
	w.out.WriteString(indent + "<" + name)
	if indent == "" {
		w.out.WriteString(` xmlns="` + xmlNamespace + `" version="` + xmlVersion + `"`)
	}
	w.out.WriteString(">\n")
}

func (w *writer) items(e element, path, indent string) {
	if e.form == needed && len(*e.list) == 0 {
		w.fail(fault(Missing, path))
	}
	if len(*e.list) > MaxItems {
		w.fail(fault(TooLarge, path))
	}
	w.open(e.name, indent)
	for _, item := range *e.list {
		w.leaf(e.item, item, needed, path+"/"+e.item, indent+"  ")
	}
	w.out.WriteString(indent + "</" + e.name + ">\n")
}

var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func (w *writer) leaf(name, text string, f form, path, indent string) {
	text = kanji.NFC(text)
	if err := checkText(text, f, path); err != nil {
		w.fail(err)
		return
	}
	w.out.WriteString(indent + "<" + name + ">" + escape.Replace(text) + "</" + name + ">\n")
}

func (w *writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}
