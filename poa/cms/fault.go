// SPDX-License-Identifier: Apache-2.0

package cms

import "errors"

// Kind is the closed list of reasons for which signed data is refused.
type Kind string

// The kinds of Fault.
const (
	TooLarge           Kind = "TOO_LARGE"            // more bytes or elements than the limits allow
	TooDeep            Kind = "TOO_DEEP"             // nested deeper than the limits allow
	Malformed          Kind = "MALFORMED"            // not BER, or not the structure of RFC 5652
	TrailingData       Kind = "TRAILING_DATA"        // bytes follow the signed data
	NotSignedData      Kind = "NOT_SIGNED_DATA"      // a CMS content of another type
	NoContent          Kind = "NO_CONTENT"           // detached, and no content was handed in
	NoSigner           Kind = "NO_SIGNER"            // certificates only
	SeveralSigners     Kind = "SEVERAL_SIGNERS"      // more than one SignerInfo
	NoCertificate      Kind = "NO_CERTIFICATE"       // the signer's certificate is missing or not unique
	NoSignedAttributes Kind = "NO_SIGNED_ATTRIBUTES" // the signature covers the bare content
	ContentType        Kind = "CONTENT_TYPE"         // not id-data, or another type than the attribute says
	Digest             Kind = "DIGEST"               // the content is not the one that was signed
	Algorithm          Kind = "ALGORITHM"            // an algorithm outside the table
	KeyTooShort        Kind = "KEY_TOO_SHORT"        // RSA below 2048 bits
	Signature          Kind = "SIGNATURE"            // the signature does not verify
	ESSCertificate     Kind = "ESS_CERTIFICATE"      // the signing certificate attribute names another certificate
)

// Kinds lists every Kind, for tables that must cover all of them.
func Kinds() []Kind {
	return []Kind{
		TooLarge, TooDeep, Malformed, TrailingData, NotSignedData, NoContent, NoSigner, SeveralSigners,
		NoCertificate, NoSignedAttributes, ContentType, Digest, Algorithm, KeyTooShort, Signature, ESSCertificate,
	}
}

// Fault is why signed data was refused. Detail is for the log: English, constant, without anything from the file.
type Fault struct {
	Kind   Kind
	Detail string
}

// Error implements error.
func (f Fault) Error() string { return "verifying signed data: " + string(f.Kind) + ": " + f.Detail }

// KindOf returns the Kind of the Fault in err's chain, or "" where there is none.
func KindOf(err error) Kind {
	var f Fault
	if errors.As(err, &f) {
		return f.Kind
	}
	return ""
}

func fault(kind Kind, detail string) error { return Fault{Kind: kind, Detail: detail} }
