// SPDX-License-Identifier: Apache-2.0

package document

import "time"

// MaxSize bounds a delegation's file, in bytes.
const MaxSize = 1 << 20

// MaxItems bounds the powers and the limits of a delegation, each.
const MaxItems = 1000

// Format is a way of writing a Content as a file.
type Format interface {
	// Name is how the format is stored with a delegation, as XML or PDF.
	Name() string
	// MediaType is the type that the file is served under.
	MediaType() string
	// Extension is the end of the file's name, with its dot.
	Extension() string
	// Marshal gives the file's exact bytes; equal contents give equal bytes.
	Marshal(Content) ([]byte, error)
	// Parse reads what Marshal wrote, and nothing else that would mean more.
	Parse([]byte) (Content, error)
	// Open says what a filed file signs. A Fault, unless the file is the drafted
	// bytes with one signature over all of them and nothing else.
	Open(file, drafted []byte) (Signature, error)
	// Sign makes the file to be filed out of the drafted bytes. The signer is
	// called once, with the bytes that its CMS must sign. A format that tells the
	// time of signing beside the CMS tells this one, unless it is zero.
	Sign(drafted []byte, at time.Time, signer Signer) ([]byte, error)
}

// Signature is the signature of a filed file, not yet verified.
type Signature struct {
	// CMS is the SignedData; Content are the bytes that it must sign, and that it
	// need not carry.
	CMS, Content []byte
}

// SignAs says which CMS a format wants.
type SignAs struct {
	// Detached: the CMS must not carry the content. CAdES: it must name its
	// certificate (ESS signing-certificate-v2).
	Detached, CAdES bool
}

// Signer makes a CMS SignedData over content, in DER.
type Signer = func(content []byte, as SignAs) (cms []byte, err error)

// Formats is a list of formats.
type Formats []Format

// Known gives the formats of this version.
func Known() Formats { return Formats{XML{}, PDF{}} }

// ByName finds a format by the name that is stored with a delegation.
func (f Formats) ByName(name string) (Format, bool) {
	for _, format := range f {
		if format.Name() == name {
			return format, true
		}
	}
	return nil, false
}

// ByExtension finds a format by the end of a file's name, with its dot.
func (f Formats) ByExtension(extension string) (Format, bool) {
	for _, format := range f {
		if format.Extension() == extension {
			return format, true
		}
	}
	return nil, false
}
