// SPDX-License-Identifier: Apache-2.0

package jpki

import "errors"

// Kind is the closed list of reasons for which a certificate or an answer about its status is refused.
type Kind string

// The kinds of Fault that a certificate is refused for.
const (
	Untrusted         Kind = "UNTRUSTED"          // no path to a pinned root at that instant
	Expired           Kind = "EXPIRED"            // after its period
	NotYetValid       Kind = "NOT_YET_VALID"      // before its period
	IsCA              Kind = "IS_CA"              // an authority's certificate
	KeyUsage          Kind = "KEY_USAGE"          // not for signing what one is bound by (nonRepudiation)
	Policy            Kind = "POLICY"             // issued under no policy that is taken
	CriticalExtension Kind = "CRITICAL_EXTENSION" // a critical extension that is not known
	NoIdentity        Kind = "NO_IDENTITY"        // no identity at all, or an item of it missing or unreadable
	NoName            Kind = "NO_NAME"            // the name is missing or empty
	AmbiguousName     Kind = "AMBIGUOUS_NAME"     // the name is there twice
	AmbiguousIdentity Kind = "AMBIGUOUS_IDENTITY" // another item is there twice
	BadBirthDate      Kind = "BAD_BIRTH_DATE"     // not nine digits, or an unknown era
	NoSuchDay         Kind = "NO_SUCH_DAY"        // a birth date that no calendar has, as 31 February
	EraMismatch       Kind = "ERA_MISMATCH"       // a birth date outside of the era that it names
)

// The kinds of Fault that a status answer is refused for: the certificate's status stays untold.
const (
	StatusUnreadable       Kind = "STATUS_UNREADABLE"        // no CRL and no OCSP response
	StatusTooLarge         Kind = "STATUS_TOO_LARGE"         // above MaxCRL or MaxOCSP
	StatusUnsupported      Kind = "STATUS_UNSUPPORTED"       // delta, indirect, some reasons only, unknown critical extension
	StatusAlgorithm        Kind = "STATUS_ALGORITHM"         // signed by SHA-1 or something unknown
	StatusSignature        Kind = "STATUS_SIGNATURE"         // not signed by the issuer
	StatusResponder        Kind = "STATUS_RESPONDER"         // by a responder whom the issuer did not certify for it
	StatusRefused          Kind = "STATUS_REFUSED"           // the responder answered with an error
	StatusOtherIssuer      Kind = "STATUS_OTHER_ISSUER"      // about another issuer
	StatusOtherCertificate Kind = "STATUS_OTHER_CERTIFICATE" // about another serial number
	StatusScope            Kind = "STATUS_SCOPE"             // a list that does not cover the certificate
	StatusNonce            Kind = "STATUS_NONCE"             // without the nonce that was sent
	StatusNotYet           Kind = "STATUS_NOT_YET"           // from the future
	StatusStale            Kind = "STATUS_STALE"             // past its next update
)

// Kinds lists every Kind that a certificate is refused for, for tables that must cover all of them.
func Kinds() []Kind {
	return []Kind{Untrusted, Expired, NotYetValid, IsCA, KeyUsage, Policy, CriticalExtension, NoIdentity, NoName,
		AmbiguousName, AmbiguousIdentity, BadBirthDate, NoSuchDay, EraMismatch}
}

// StatusKinds lists every Kind that a status answer is refused for.
func StatusKinds() []Kind {
	return []Kind{StatusUnreadable, StatusTooLarge, StatusUnsupported, StatusAlgorithm, StatusSignature, StatusResponder, StatusRefused,
		StatusOtherIssuer, StatusOtherCertificate, StatusScope, StatusNonce, StatusNotYet, StatusStale}
}

// Fault is why a certificate or a status answer was refused. Detail is for the log: English, constant, without anything from the certificate.
type Fault struct {
	Kind   Kind
	Detail string
}

// Error implements error.
func (f Fault) Error() string { return "checking certificate: " + string(f.Kind) + ": " + f.Detail }

// KindOf returns the Kind of the first Fault in err's tree, or "" where there is none.
func KindOf(err error) Kind {
	var f Fault
	if errors.As(err, &f) {
		return f.Kind
	}
	return ""
}

// Faults returns every Fault that Check joined into err, in the order of the checks.
func Faults(err error) []Fault {
	if f, ok := err.(Fault); ok { //nolint:errorlint // the tree is walked by hand, node by node
		return []Fault{f}
	}
	var all []Fault
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			all = append(all, Faults(one)...)
		}
	} else if inner := errors.Unwrap(err); inner != nil {
		all = Faults(inner)
	}
	return all
}

func fault(kind Kind, detail string) error { return Fault{Kind: kind, Detail: detail} }
