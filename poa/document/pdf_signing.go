// SPDX-License-Identifier: Apache-2.0

package document

import "slices"

// signing holds the revision that signs against the draft.
type signing struct {
	file         []byte
	draft, added *revision
	seen         map[int]bool // objects of the revision that something leads to
	field        int          // the signed field, also a widget
	seenOn       int          // the page that the widget must be on; 0 if it is not seen
	signatureAt  int
	signed       pdfDict
}

// check goes from the trailer down: what is replaced, what is added, and that
// nothing else is there.
func (s *signing) check() error {
	if err := s.trailer(); err != nil {
		return err
	}
	if err := s.harmless(); err != nil {
		return err
	}
	root, _ := s.draft.trailer["Root"].(pdfRef)
	old, _ := s.draft.objects[int(root)].(pdfDict)
	catalog, ok := s.value(root).(pdfDict)
	if !ok {
		return fault(Replaced, "Catalog")
	}
	if err := s.form(old["AcroForm"], catalog["AcroForm"]); err != nil {
		return err
	}
	if err := s.catalog(old, catalog); err != nil {
		return err
	}
	for number := range s.added.objects {
		if was, drafted := s.draft.objects[number]; drafted && !s.seen[number] {
			if err := s.page(was, s.added.objects[number], number); err != nil {
				return err
			}
		}
	}
	if len(s.seen) != len(s.added.objects) {
		return fault(HiddenObject, "PDF")
	}
	return nil
}

// value gives an object as the signed file has it, or a direct value itself, and
// keeps that something leads to it.
func (s *signing) value(v any) any {
	number, ok := v.(pdfRef)
	if !ok {
		return v
	}
	if added, has := s.added.objects[int(number)]; has {
		s.seen[int(number)] = true
		return added
	}
	return s.draft.objects[int(number)]
}

// reach follows every reference in a value to objects that the revision adds;
// objects of the draft that it replaces are judged by themselves.
func (s *signing) reach(v any) {
	switch x := v.(type) {
	case pdfRef:
		if _, drafted := s.draft.objects[int(x)]; drafted || s.seen[int(x)] {
			return
		}
		if added, has := s.added.objects[int(x)]; has {
			s.seen[int(x)] = true
			s.reach(added)
		}
	case pdfArray:
		for _, each := range x {
			s.reach(each)
		}
	case pdfDict:
		for _, each := range x {
			s.reach(each)
		}
	case pdfStream:
		s.reach(x.dict)
	}
}

// trailer must lead back to the draft: the same root, and its table before.
func (s *signing) trailer() error {
	was, is := s.draft.trailer, s.added.trailer
	if _, has := is["Encrypt"]; has {
		return fault(Encrypted, "trailer")
	}
	for key := range is {
		if !slices.Contains([]pdfName{"Size", "Prev", "Root", "ID", "Info"}, key) {
			return fault(CrossReference, "trailer")
		}
	}
	size, ok := is["Size"].(int)
	for number := range s.added.objects {
		ok = ok && number < size
	}
	if !ok || size > maxPDFNumber || is["Prev"] != s.draft.start {
		return fault(CrossReference, "trailer")
	}
	if !same(is["Root"], was["Root"]) {
		return fault(Replaced, "trailer")
	}
	if ids, has := is["ID"]; has {
		list, _ := ids.(pdfArray)
		first, _ := was["ID"].(pdfArray)
		if len(list) != 2 || len(first) != 2 || !same(list[0], first[0]) {
			return fault(Replaced, "trailer")
		}
	}
	return s.info(is["Info"])
}

// info may hold what tools write of themselves; the draft has none.
func (s *signing) info(v any) error {
	if v == nil {
		return nil
	}
	number, ok := v.(pdfRef)
	dict, isDict := s.value(v).(pdfDict)
	if _, drafted := s.draft.objects[int(number)]; !ok || !isDict || drafted {
		return fault(Replaced, "Info")
	}
	for key, each := range dict {
		if _, text := each.(pdfString); !text || !slices.Contains([]pdfName{"ModDate", "CreationDate", "Producer", "Creator"}, key) {
			return fault(Replaced, "Info")
		}
	}
	return nil
}

// catalog may bring a form, new metadata, and the marks of a version or of a
// certifying signature.
func (s *signing) catalog(old, is pdfDict) error {
	for key := range old {
		if _, has := is[key]; !has {
			return fault(Replaced, "Catalog")
		}
	}
	for key, v := range is {
		if key == "AcroForm" || same(old[key], v) && !s.replaced(v) {
			continue
		}
		switch key {
		case "Metadata":
			if err := s.metadata(old[key], v); err != nil {
				return err
			}
		case "Extensions":
			s.reach(v)
		case "Version":
			if v != pdfName("1.7") && v != pdfName("2.0") {
				return fault(Replaced, "Catalog")
			}
		case "Perms":
			perms, _ := s.value(v).(pdfDict)
			if len(perms) != 1 || !same(perms["DocMDP"], pdfRef(s.signatureAt)) {
				return fault(Replaced, "Catalog/Perms")
			}
		case "DSS":
			return fault(Active, "Catalog/DSS")
		case "OpenAction", "AA", "Names":
			return fault(Active, "Catalog")
		default:
			return fault(Replaced, "Catalog")
		}
	}
	return nil
}

func (s *signing) replaced(v any) bool {
	number, ok := v.(pdfRef)
	_, has := s.added.objects[int(number)]
	return ok && has
}

// page judges an object of the draft that nothing so far allows to be replaced:
// a page may have the signature's widget beside its annotations, no more.
func (s *signing) page(was, is any, number int) error {
	old, page := dictOf(was), dictOf(is)
	if old["Type"] != pdfName("Page") || page == nil {
		return fault(Replaced, "object")
	}
	s.seen[number] = true
	for key := range old {
		if _, has := page[key]; !has {
			return fault(Replaced, "Page")
		}
	}
	for key, v := range page {
		if key != "Annots" && !same(old[key], v) {
			if key == "AA" {
				return fault(Active, "Page")
			}
			return fault(Replaced, "Page")
		}
	}
	return s.annotations(number, listOf(s.value(old["Annots"])), listOf(s.value(page["Annots"])))
}

// annotations lets the signature's widget be added. One that is seen stands on
// the page of the frame: on another it would cover text.
func (s *signing) annotations(page int, old, is pdfArray) error {
	for _, each := range old {
		if !slices.Contains(is, each) {
			return fault(Replaced, "Page/Annots")
		}
	}
	for _, each := range is {
		switch {
		case slices.Contains(old, each):
		case each != pdfRef(s.field):
			return fault(Annotation, "Page/Annots")
		case s.seenOn != 0 && s.seenOn != page:
			return fault(Covering, "Page/Annots")
		}
	}
	if len(is) > len(old)+1 {
		return fault(Annotation, "Page/Annots")
	}
	return nil
}

// dictOf gives a dictionary, not that of a stream; nil where there is none.
func dictOf(v any) pdfDict {
	dict, _ := v.(pdfDict)
	return dict
}

// listOf gives an array of references; other members make it empty.
func listOf(v any) pdfArray {
	list, _ := v.(pdfArray)
	for _, each := range list {
		if _, ok := each.(pdfRef); !ok {
			return nil
		}
	}
	return list
}
