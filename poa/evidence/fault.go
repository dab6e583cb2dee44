// SPDX-License-Identifier: Apache-2.0

package evidence

import "errors"

// FaultKind says why something is no record and no bundle.
type FaultKind string

// The kinds of Fault.
const (
	// TooLarge says that a bound is exceeded.
	TooLarge FaultKind = "TOO_LARGE"
	// Malformed says that it is not JSON of the known fields.
	Malformed FaultKind = "MALFORMED"
	// NotCanonical says that it is not written as Encode writes it: spaces, another
	// order, a field twice, a time in another zone.
	NotCanonical FaultKind = "NOT_CANONICAL"
	// UnknownVersion says that a newer program wrote it.
	UnknownVersion FaultKind = "UNKNOWN_VERSION"
	// Invalid says that a field is missing or has no value of its list.
	Invalid FaultKind = "INVALID"
	// Damaged says that a bundle's checksum does not fit.
	Damaged FaultKind = "DAMAGED"
)

// Fault is the error of this package. Where names the field; nothing that the
// record holds is ever in it.
type Fault struct {
	Kind  FaultKind
	Where string
}

// Error gives the kind and the place.
func (f *Fault) Error() string { return "evidence: " + string(f.Kind) + " at " + f.Where }

// KindOf returns the kind of the Fault in err's chain, or "".
func KindOf(err error) FaultKind {
	var f *Fault
	if errors.As(err, &f) {
		return f.Kind
	}
	return ""
}

func fault(kind FaultKind, where string) error { return &Fault{Kind: kind, Where: where} }
