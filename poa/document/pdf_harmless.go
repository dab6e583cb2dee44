// SPDX-License-Identifier: Apache-2.0

package document

import (
	"bytes"
	"encoding/xml"
	"slices"
	"strings"
)

// acting are entries that run, open, fetch, attach or hide something, wherever
// they stand in the revision.
var acting = []pdfName{"JS", "JavaScript", "OpenAction", "AA", "XFA", "EF", "EmbeddedFiles", "AF", "URI", "Launch", "RichMedia",
	"RichMediaContent", "Encrypt", "DSS", "VRI", "OC", "OCProperties", "OPI", "Ref", "Outlines", "Dests", "PieceInfo", "Alternates"}

// actingTypes are kinds of objects that a signature has no use for.
var actingTypes = []pdfName{"Action", "Catalog", "Pages", "Page", "ObjStm", "XRef", "Filespec", "EmbeddedFile", "DocTimeStamp", "DSS",
	"StructTreeRoot", "StructElem", "OCG", "Outlines", "Collection"}

// harmless looks through every value of the revision, whether anything leads to
// it or not. Objects that replace ones of the draft are judged by their entries,
// too; only their type stays.
func (s *signing) harmless() error {
	for number, v := range s.added.objects {
		dict := dictOf(v)
		if stream, ok := v.(pdfStream); ok {
			dict = stream.dict
		}
		_, drafted := s.draft.objects[number]
		if dict != nil && !drafted && slices.Contains(actingTypes, nameOf(dict["Type"])) {
			return fault(Active, "object")
		}
		if err := s.quiet(v, s.draft.objects[number]); err != nil {
			return err
		}
	}
	return nil
}

// quiet refuses acting entries in a value, save those that the draft had there.
func (s *signing) quiet(v, was any) error {
	switch x := v.(type) {
	case pdfArray:
		for _, each := range x {
			if err := s.quiet(each, nil); err != nil {
				return err
			}
		}
	case pdfStream:
		if x.dict["Subtype"] == pdfName("PS") {
			return fault(Active, "object")
		}
		return s.quiet(x.dict, nil)
	case pdfDict:
		old := dictOf(was)
		for key, each := range x {
			if before, had := old[key]; had && same(before, each) {
				continue
			}
			if slices.Contains(acting, key) || key == "S" && slices.Contains(acting, nameOf(each)) {
				return fault(Active, "object")
			}
			if err := s.quiet(each, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func nameOf(v any) pdfName {
	name, _ := v.(pdfName)
	return name
}

// signatures counts every dictionary of a signature, led to or not: there is one.
func (s *signing) signatures() error {
	count := 0
	for _, v := range s.added.objects {
		count += signaturesIn(v)
	}
	if count > 1 {
		return fault(SeveralSignatures, "PDF")
	}
	if count == 0 {
		return fault(ByteRange, "signature")
	}
	return nil
}

func signaturesIn(v any) int {
	count := 0
	switch x := v.(type) {
	case pdfArray:
		for _, each := range x {
			count += signaturesIn(each)
		}
	case pdfStream:
		return signaturesIn(x.dict)
	case pdfDict:
		if _, has := x["ByteRange"]; has || x["Type"] == pdfName("Sig") {
			count++
		}
		for _, each := range x {
			count += signaturesIn(each)
		}
	}
	return count
}

// metadata may tell when and with what the file was signed; its title stays.
func (s *signing) metadata(was, v any) error {
	old, _ := s.drafted(was).(pdfStream)
	is, ok := s.value(v).(pdfStream)
	if !ok || is.dict["Filter"] != nil || is.dict["Type"] != pdfName("Metadata") {
		return fault(Replaced, "Metadata")
	}
	before, _ := titleOf(old.data)
	title, ok := titleOf(is.data)
	if !ok || title != before {
		return fault(Replaced, "Metadata")
	}
	return nil
}

// titleOf reads the texts under every dc:title of an XMP packet.
func titleOf(packet []byte) (string, bool) {
	if bytes.Contains(packet, []byte("<!")) || len(packet) > 1<<20 {
		return "", false
	}
	decoder, depth, title := xml.NewDecoder(bytes.NewReader(packet)), 0, strings.Builder{}
	for {
		token, err := decoder.Token()
		if err != nil {
			return title.String(), err.Error() == "EOF"
		}
		switch t := token.(type) {
		case xml.StartElement:
			for _, attr := range t.Attr {
				if attr.Name.Local == "title" {
					return "", false
				}
			}
			if depth > 0 || t.Name.Local == "title" {
				depth++
			}
		case xml.EndElement:
			depth = max(0, depth-1)
		case xml.CharData:
			if depth > 0 {
				title.WriteString(strings.TrimSpace(string(t)))
			}
		}
	}
}
