// SPDX-License-Identifier: Apache-2.0

package document

import "slices"

// form judges the form: the draft's field, perhaps one more, and one of them
// signed. It may be written into the catalog, replaced, or an object of its own.
func (s *signing) form(was, v any) error {
	old, form := dictOf(s.drafted(was)), dictOf(s.value(v))
	if form == nil {
		return fault(Unsigned, "form")
	}
	for key, each := range form {
		switch key {
		case "Fields", "SigFlags":
		case "DA", "DR":
			s.reach(each)
		case "XFA":
			return fault(Active, "AcroForm")
		default:
			if !same(old[key], each) {
				return fault(Replaced, "AcroForm")
			}
		}
	}
	if flags, has := form["SigFlags"]; has && flags != 1 && flags != 3 && !same(flags, old["SigFlags"]) {
		return fault(Replaced, "AcroForm")
	}
	before, fields := listOf(s.drafted(old["Fields"])), listOf(s.value(form["Fields"]))
	if len(before) == 0 {
		return fault(Missing, "field")
	}
	for _, each := range before {
		if !slices.Contains(fields, each) {
			return fault(Replaced, "AcroForm")
		}
	}
	if len(fields) > len(before)+1 {
		return fault(Annotation, "AcroForm")
	}
	for _, each := range fields {
		if err := s.formField(each.(pdfRef), before); err != nil { // listOf takes references only
			return err
		}
	}
	if s.signed == nil {
		return fault(Unsigned, "form")
	}
	return s.signatures()
}

// drafted gives an object as it was.
func (s *signing) drafted(v any) any {
	if number, ok := v.(pdfRef); ok {
		return s.draft.objects[int(number)]
	}
	return v
}

// widgetMay are the entries that signing writes into a field that is a widget.
var widgetMay = []pdfName{"V", "AP", "MK", "M", "NM", "F", "Ff", "DA", "DR", "BS", "Border", "Lock", "Q"}

// newWidgetMay are those that a field has which a tool makes for itself.
var newWidgetMay = append([]pdfName{"Type", "Subtype", "FT", "T", "TU", "P", "Rect", "SV"}, widgetMay...)

func (s *signing) formField(number pdfRef, before pdfArray) error {
	frame := dictOf(s.drafted(before[0]))
	old, is := dictOf(s.drafted(number)), dictOf(s.value(number))
	ours := slices.Contains(before, any(number))
	switch {
	case is == nil || !ours && old != nil:
		return fault(Annotation, "field")
	case ours && !s.replaced(number):
		return nil
	}
	for key := range old {
		if _, has := is[key]; !has && key != "AP" {
			return fault(Replaced, "field")
		}
	}
	for key, v := range is {
		switch {
		case key == "A" || key == "AA":
			return fault(Active, "field")
		case ours && !same(old[key], v) && !slices.Contains(widgetMay, key), !ours && !slices.Contains(newWidgetMay, key):
			return fault(Replaced, "field")
		}
		if key != "V" && key != "P" {
			s.reach(v)
		}
	}
	if is["FT"] != pdfName("Sig") || is["Subtype"] != nil && is["Subtype"] != pdfName("Widget") {
		return fault(Annotation, "field")
	}
	if flags, has := is["F"]; has && !same(flags, old["F"]) && !steady(flags) || !within(is["Rect"], frame["Rect"]) {
		return fault(Covering, "field")
	}
	if page, ok := frame["P"].(pdfRef); ok && !empty(is["Rect"]) {
		s.seenOn = int(page)
	}
	return s.signs(int(number), is["V"])
}

// signs keeps what a field is signed with; a second one is a fault.
func (s *signing) signs(field int, v any) error {
	number, ok := v.(pdfRef)
	if v == nil && s.signed == nil {
		return fault(Unsigned, "field")
	}
	if v == nil {
		return fault(Annotation, "field")
	}
	if s.signed != nil {
		return fault(SeveralSignatures, "form")
	}
	if _, drafted := s.draft.objects[int(number)]; !ok || drafted {
		return fault(Malformed, "field")
	}
	if s.signed = dictOf(s.value(v)); s.signed == nil {
		return fault(Malformed, "field")
	}
	s.field, s.signatureAt = field, int(number)
	for _, each := range s.signed {
		s.reach(each)
	}
	return nil
}

// steady refuses the flags by which a widget leaves its rectangle or comes and
// goes: NoZoom and ToggleNoView (ISO 32000-1, 12.5.3).
func steady(flags any) bool {
	n, ok := flags.(int)
	return ok && n >= 0 && n&(8|256) == 0
}

func empty(rect any) bool {
	c, ok := corners(rect)
	return rect == nil || ok && (c[0] == c[2] || c[1] == c[3])
}

// within tells that a rectangle is empty or lies in the frame, to a point.
func within(v, frame any) bool {
	is, ok := corners(v)
	in, framed := corners(frame)
	if empty(v) {
		return true
	}
	if !ok || !framed {
		return false
	}
	const slack = 1
	return min(is[0], is[2]) >= in[0]-slack && max(is[0], is[2]) <= in[2]+slack && min(is[1], is[3]) >= in[1]-slack && max(is[1], is[3]) <= in[3]+slack
}

func corners(v any) (all [4]float64, ok bool) {
	list, _ := v.(pdfArray)
	if len(list) != 4 {
		return all, false
	}
	for i, each := range list {
		if all[i], ok = float(each); !ok {
			return all, false
		}
	}
	return all, true
}
