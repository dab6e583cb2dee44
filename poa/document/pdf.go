// SPDX-License-Identifier: Apache-2.0

package document

// PDF is a page, or pages, to be read by people and signed with Acrobat.
type PDF struct{}

var _ Format = PDF{}

// Name is PDF.
func (PDF) Name() string { return "PDF" }

// MediaType is application/pdf (RFC 8118).
func (PDF) MediaType() string { return "application/pdf" }

// Extension is .pdf.
func (PDF) Extension() string { return ".pdf" }

// Marshal writes the pages.
func (PDF) Marshal(Content) ([]byte, error) { return nil, fault(Malformed, "PDF") }

// Parse reads what Marshal wrote.
func (PDF) Parse([]byte) (Content, error) { return Content{}, fault(Malformed, "PDF") }

// Open finds the signature.
func (PDF) Open(_, _ []byte) (Signature, error) { return Signature{}, fault(Malformed, "PDF") }

// Sign appends a signature.
func (PDF) Sign(_ []byte, _ Signer) ([]byte, error) { return nil, fault(Malformed, "PDF") }
