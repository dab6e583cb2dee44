// SPDX-License-Identifier: Apache-2.0

package document

import "bytes"

// PDF is a page, or pages, for people to read and to sign with Acrobat, written
// to the rules of PDF/A-3 (ISO 19005-3). The XML of the same content is embedded
// as its source, and an empty field waits for the signature.
//
// Nothing in it is compressed: a compressor's next version would write other
// bytes, and Parse compares.
type PDF struct{}

var _ Format = PDF{}

// MaxPDF bounds a drafted PDF, in bytes.
const MaxPDF = 2 << 20

// Name is PDF.
func (PDF) Name() string { return "PDF" }

// MediaType is application/pdf (RFC 8118).
func (PDF) MediaType() string { return "application/pdf" }

// Extension is .pdf.
func (PDF) Extension() string { return ".pdf" }

// Marshal draws the pages. Beyond what XML refuses, it refuses with NoGlyph a
// character that the font cannot show as it is written.
func (PDF) Marshal(c Content) ([]byte, error) {
	source, err := XML{}.Marshal(c)
	if err != nil {
		return nil, err
	}
	// What is drawn is what is embedded: texts in form C, instants in microseconds.
	if c, err = (XML{}).Parse(source); err != nil {
		return nil, err
	}
	pages, err := drawPages(c)
	if err != nil {
		return nil, err
	}
	file := writePDF(c, source, pages)
	if len(file) > MaxPDF {
		return nil, fault(TooLarge, "Delegation")
	}
	return file, nil
}

// Parse takes a drafted file by its embedded XML, and only if drawing that anew
// gives every byte of the file: so the page says what the XML says.
func (PDF) Parse(file []byte) (Content, error) {
	if len(file) > MaxPDF {
		return Content{}, fault(TooLarge, "PDF")
	}
	if !bytes.HasPrefix(file, []byte(pdfHeader)) {
		return Content{}, fault(Malformed, "header")
	}
	from := bytes.Index(file, []byte(xmlProlog))
	if from < 0 {
		return Content{}, fault(Missing, "XML")
	}
	size := bytes.Index(file[from:], []byte(xmlEnd))
	if size < 0 {
		return Content{}, fault(Missing, "XML")
	}
	c, err := XML{}.Parse(file[from : from+size+len(xmlEnd)])
	if err != nil {
		return Content{}, err
	}
	again, err := PDF{}.Marshal(c)
	if err != nil {
		return Content{}, err
	}
	if !bytes.Equal(again, file) {
		return Content{}, fault(Changed, "PDF")
	}
	return c, nil
}
