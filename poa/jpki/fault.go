// SPDX-License-Identifier: Apache-2.0

package jpki

import "errors"

// Kind is the closed list of reasons for which a certificate is refused.
type Kind string

// The kinds of Fault.
const (
	Untrusted         Kind = "UNTRUSTED"          // no path to a pinned root at that instant
	Expired           Kind = "EXPIRED"            // after its period
	NotYetValid       Kind = "NOT_YET_VALID"      // before its period
	IsCA              Kind = "IS_CA"              // an authority's certificate
	KeyUsage          Kind = "KEY_USAGE"          // not for signing what one is bound by (nonRepudiation)
	Policy            Kind = "POLICY"             // issued under no policy that is taken
	NoIdentity        Kind = "NO_IDENTITY"        // name, address or birth date missing or unreadable
	AmbiguousIdentity Kind = "AMBIGUOUS_IDENTITY" // one of them is there twice
	BadBirthDate      Kind = "BAD_BIRTH_DATE"     // no date of the calendar, or not of its era

	StatusUnreadable Kind = "STATUS_UNREADABLE" // a CRL or OCSP response that is none, or of a form that is not taken
)

// Kinds lists every Kind, for tables that must cover all of them.
func Kinds() []Kind {
	return []Kind{Untrusted, Expired, NotYetValid, IsCA, KeyUsage, Policy, NoIdentity, AmbiguousIdentity, BadBirthDate}
}

// Fault is why a certificate was refused. Detail is for the log: English, constant, without anything from the certificate.
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
