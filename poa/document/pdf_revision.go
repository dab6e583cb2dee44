// SPDX-License-Identifier: Apache-2.0

package document

import (
	"bytes"
	"slices"
	"strings"
)

// maxPDFObjects bounds the objects of one revision; a draft of MaxItems powers
// and limits has fewer.
const maxPDFObjects = 20_000

// revision is a part of a file that ends with a table of its objects: the draft,
// or what was appended to it.
type revision struct {
	objects map[int]any
	places  map[int]int
	trailer pdfDict
	start   int // where the table begins
}

// readRevision reads the objects from a place on, one after the other, their
// table and the file's end. The table must list these objects and no other: so
// nothing is hidden between them. It reads no more than so many values.
func readRevision(file []byte, from, values int) (*revision, error) {
	return (&pdfReader{file: file, at: from, left: values}).revision()
}

// readDraft reads our own revision, without what its tags say.
func readDraft(file []byte) (*revision, error) {
	return (&pdfReader{file: file, at: len(pdfHeader), left: maxDraftValues, draft: true}).revision()
}

func (r *pdfReader) revision() (*revision, error) {
	v := &revision{objects: map[int]any{}, places: map[int]int{}}
	for {
		if err := r.comments(); err != nil {
			return nil, err
		}
		if bytes.HasPrefix(r.file[r.at:], []byte("xref")) {
			break
		}
		if bytes.HasPrefix(r.file[r.at:], []byte("startxref")) {
			return nil, fault(CrossReference, "stream") // tables only: Marshal writes one, and what appends must do likewise (7.5.8.4)
		}
		if err := v.object(r); err != nil {
			return nil, err
		}
	}
	v.start = r.at
	if err := v.table(r); err != nil {
		return nil, err
	}
	return v, v.close(r)
}

// comments skips white space and comments between objects. An end of file that
// comes before the end is the end of another revision.
func (r *pdfReader) comments() error {
	for r.space(); r.at < len(r.file) && r.file[r.at] == '%'; r.space() {
		if bytes.HasPrefix(r.file[r.at:], []byte("%%EOF")) {
			return fault(SecondRevision, "PDF")
		}
		for r.at < len(r.file) && r.file[r.at] != '\n' && r.file[r.at] != '\r' {
			r.at++
		}
	}
	if r.at >= len(r.file) {
		return pdfFault()
	}
	return nil
}

func (v *revision) object(r *pdfReader) error {
	place := r.at
	number, err := r.whole()
	if err != nil {
		return err
	}
	generation, err := r.whole()
	if err != nil || generation != 0 || number == 0 {
		return pdfFault()
	}
	if err := r.keyword("obj"); err != nil {
		return err
	}
	value, err := r.objectValue()
	if err != nil {
		return err
	}
	r.space()
	switch word := r.word(); {
	case word == "stream":
		if value, err = r.stream(value); err != nil {
			return err
		}
		if err := r.keyword("endobj"); err != nil {
			return err
		}
	case word != "endobj":
		return pdfFault()
	}
	if _, twice := v.objects[number]; twice {
		return fault(CrossReference, "object")
	}
	if len(v.objects) >= maxPDFObjects {
		return fault(TooLarge, "objects")
	}
	v.objects[number], v.places[number] = value, place
	return nil
}

// objectValue reads an object's value. Of tags in a draft nothing is kept: they are most of its objects, ours, and
// nobody asks for them but whether they are there.
func (r *pdfReader) objectValue() (any, error) {
	r.space()
	r.skim = r.draft && bytes.HasPrefix(r.file[r.at:], []byte("<</Type /StructElem "))
	value, err := r.value(0)
	r.skim = false
	return value, err
}

// stream reads the data after a dictionary. Its length must be written there.
func (r *pdfReader) stream(value any) (any, error) {
	dict, ok := value.(pdfDict)
	size, direct := dict["Length"].(int)
	if !ok || !direct || size < 0 {
		return nil, pdfFault()
	}
	if bytes.HasPrefix(r.file[r.at:], []byte("\r\n")) {
		r.at++
	} else if !bytes.HasPrefix(r.file[r.at:], []byte("\n")) {
		return nil, pdfFault()
	}
	r.at++
	if size > len(r.file)-r.at {
		return nil, pdfFault()
	}
	data := r.file[r.at : r.at+size]
	r.at += size
	return pdfStream{dict, data}, r.keyword("endstream")
}

// table reads a cross-reference table and holds it against the objects read.
func (v *revision) table(r *pdfReader) error {
	if err := r.keyword("xref"); err != nil {
		return err
	}
	listed := 0
	for r.space(); !bytes.HasPrefix(r.file[r.at:], []byte("trailer")); r.space() {
		first, err := r.whole()
		if err != nil {
			return err
		}
		count, err := r.whole()
		if err != nil || count > maxPDFObjects {
			return fault(CrossReference, "table")
		}
		for number := first; number < first+count; number++ {
			used, err := v.entry(r, number)
			if err != nil {
				return err
			}
			listed += used
		}
	}
	if listed != len(v.objects) {
		return fault(CrossReference, "table")
	}
	return nil
}

// entry reads one line of the table; free are only 0 and nothing else.
func (v *revision) entry(r *pdfReader, number int) (int, error) {
	place, err := r.whole()
	if err != nil {
		return 0, err
	}
	generation, err := r.whole()
	if err != nil {
		return 0, err
	}
	r.space()
	kind := r.word()
	if kind == "f" && number == 0 {
		return 0, nil
	}
	if at, known := v.places[number]; kind != "n" || generation != 0 || !known || at != place {
		return 0, fault(CrossReference, "table")
	}
	v.places[number] = -1 // listed; once is enough
	return 1, nil
}

// close reads the trailer and the end of the file.
func (v *revision) close(r *pdfReader) error {
	if err := r.keyword("trailer"); err != nil {
		return err
	}
	value, err := r.value(0)
	if err != nil {
		return err
	}
	var ok bool
	if v.trailer, ok = value.(pdfDict); !ok {
		return pdfFault()
	}
	if err := r.comments(); err != nil { // some tools name themselves here
		return err
	}
	if err := r.keyword("startxref"); err != nil {
		return err
	}
	start, err := r.whole()
	if err != nil {
		return err
	}
	// Some tools name the end of line before the table.
	if start > v.start || start < v.start-2 || strings.TrimSpace(string(r.file[start:v.start])) != "" {
		return fault(CrossReference, "start")
	}
	r.space()
	if !bytes.HasPrefix(r.file[r.at:], []byte("%%EOF")) {
		return pdfFault()
	}
	rest := r.file[r.at+len("%%EOF"):]
	switch {
	case slices.Contains([]string{"", "\n", "\r", "\r\n"}, string(rest)):
		return nil
	case bytes.Contains(rest, []byte("startxref")):
		return fault(SecondRevision, "PDF")
	}
	return fault(TrailingData, "PDF")
}
