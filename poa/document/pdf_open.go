// SPDX-License-Identifier: Apache-2.0

package document

import (
	"bytes"
	"slices"
)

// Open takes the drafted bytes with one revision after them that does nothing
// but sign: docs/signatures.md lists what it may change. The CMS must sign the
// whole file but its own place.
func (PDF) Open(file, drafted []byte) (Signature, error) {
	switch {
	case len(file) > MaxSigned:
		return Signature{}, fault(TooLarge, "file")
	case !bytes.HasPrefix(file, drafted) || len(drafted) == 0:
		return Signature{}, fault(Changed, "PDF")
	case len(file) == len(drafted):
		return Signature{}, fault(Unsigned, "file")
	}
	if !bytes.HasPrefix(drafted, []byte(pdfHeader)) {
		return Signature{}, fault(Malformed, "header")
	}
	draft, err := readDraft(drafted)
	if err != nil {
		return Signature{}, err
	}
	added, err := readRevision(file, len(drafted), maxAddedValues)
	if err != nil {
		return Signature{}, err
	}
	s := &signing{file: file, draft: draft, added: added, seen: map[int]bool{}}
	if err := s.check(); err != nil {
		return Signature{}, err
	}
	return s.signature()
}

// signature reads the one signature's dictionary.
func (s *signing) signature() (Signature, error) {
	dict := s.signed
	switch dict["SubFilter"] {
	case pdfName("adbe.pkcs7.detached"), pdfName("ETSI.CAdES.detached"):
	default:
		return Signature{}, fault(SubFilter, "signature")
	}
	if kind, has := dict["Type"]; has && kind != pdfName("Sig") {
		return Signature{}, fault(SubFilter, "signature")
	}
	if _, has := dict["Cert"]; has { // of adbe.x509.rsa_sha1: here the CMS holds the certificates, and it alone
		return Signature{}, fault(Contents, "signature/Cert")
	}
	contents, ok := dict["Contents"].(pdfString)
	if !ok || s.file[contents.from] != '<' || contents.to-contents.from != 2+2*len(contents.text) {
		return Signature{}, fault(Contents, "signature")
	}
	covered, _ := dict["ByteRange"].(pdfArray)
	if !slices.Equal(covered, pdfArray{0, contents.from, contents.to, len(s.file) - contents.to}) {
		return Signature{}, fault(ByteRange, "signature")
	}
	cms, err := unpadded(contents.text)
	if err != nil {
		return Signature{}, err
	}
	content := make([]byte, 0, len(s.file)-(contents.to-contents.from))
	content = append(append(content, s.file[:contents.from]...), s.file[contents.to:]...)
	return Signature{CMS: cms, Content: content}, nil
}

// unpadded gives the one value in DER that stands before zeros.
func unpadded(padded []byte) ([]byte, error) {
	const sequence, long = 0x30, 0x80
	bad := fault(Contents, "signature")
	if len(padded) < 2 || padded[0] != sequence || padded[1] == long || padded[1] > long+4 {
		return nil, bad
	}
	head, size := 2, int(padded[1])
	if size > long {
		head, size = 2+size-long, 0
		if len(padded) < head {
			return nil, bad
		}
		for _, b := range padded[2:head] {
			size = size<<8 | int(b)
		}
	}
	if size > len(padded)-head || len(bytes.Trim(padded[head+size:], "\x00")) > 0 {
		return nil, bad
	}
	return padded[:head+size], nil
}
