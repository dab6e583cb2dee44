// SPDX-License-Identifier: Apache-2.0

package cms

import "errors"

// Kind is the closed list of reasons for which signed data is refused.
type Kind string

// The kinds of Fault.
const (
	TooLarge           Kind = "TOO_LARGE"            // more bytes than the limits allow
	TooManyElements    Kind = "TOO_MANY_ELEMENTS"    // more values, certificates or time stamps than the limits allow
	TooDeep            Kind = "TOO_DEEP"             // nested deeper than the limits allow
	Malformed          Kind = "MALFORMED"            // not BER, or not the structure of RFC 5652
	TrailingData       Kind = "TRAILING_DATA"        // bytes follow the signed data
	NotSignedData      Kind = "NOT_SIGNED_DATA"      // a CMS content of another type
	NoContent          Kind = "NO_CONTENT"           // detached, and no content was handed in
	NoSigner           Kind = "NO_SIGNER"            // certificates only
	SeveralSigners     Kind = "SEVERAL_SIGNERS"      // more than one SignerInfo
	NoCertificate      Kind = "NO_CERTIFICATE"       // the signer's certificate is missing or not unique
	KeyIdentifier      Kind = "KEY_IDENTIFIER"       // no certificate bears the signer's key identifier, or two do
	NoSignedAttributes Kind = "NO_SIGNED_ATTRIBUTES" // the signature covers the bare content
	ReplayedAttributes Kind = "REPLAYED_ATTRIBUTES"  // and that content is another signature's signed attributes
	ContentType        Kind = "CONTENT_TYPE"         // the attribute says another type than the content has
	ForeignContent     Kind = "FOREIGN_CONTENT"      // the content has another type than is asked for
	NoDigest           Kind = "NO_DIGEST"            // no message digest attribute of the hash's length
	Digest             Kind = "DIGEST"               // the content is not the one that was signed
	OtherContent       Kind = "OTHER_CONTENT"        // the file carries another content than was handed in
	Algorithm          Kind = "ALGORITHM"            // an algorithm outside the table
	WeakDigest         Kind = "WEAK_DIGEST"          // SHA-1 or older
	KeyTooShort        Kind = "KEY_TOO_SHORT"        // RSA below 2048 bits
	Signature          Kind = "SIGNATURE"            // the signature does not verify
	ESSCertificate     Kind = "ESS_CERTIFICATE"      // the signing certificate attribute names another certificate

	TimeStampRefused   Kind = "TIME_STAMP_REFUSED"   // the authority gave none
	TimeStampNonce     Kind = "TIME_STAMP_NONCE"     // the answer to another question
	TimeStampImprint   Kind = "TIME_STAMP_IMPRINT"   // over something else
	TimeStampESS       Kind = "TIME_STAMP_ESS"       // its certificate is not named by a signed attribute
	TimeStampUsage     Kind = "TIME_STAMP_USAGE"     // its certificate is not for time stamps alone
	TimeStampPeriod    Kind = "TIME_STAMP_PERIOD"    // outside of the period of a certificate in its path
	TimeStampUntrusted Kind = "TIME_STAMP_UNTRUSTED" // no path to a pinned root
)

// Kinds lists every Kind, for tables that must cover all of them.
func Kinds() []Kind {
	return []Kind{
		TooLarge, TooManyElements, TooDeep, Malformed, TrailingData, NotSignedData, NoContent, NoSigner, SeveralSigners,
		NoCertificate, KeyIdentifier, NoSignedAttributes, ReplayedAttributes, ContentType, ForeignContent, NoDigest, Digest,
		OtherContent, Algorithm, WeakDigest, KeyTooShort, Signature, ESSCertificate, TimeStampRefused, TimeStampNonce,
		TimeStampImprint, TimeStampESS, TimeStampUsage, TimeStampPeriod, TimeStampUntrusted,
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
