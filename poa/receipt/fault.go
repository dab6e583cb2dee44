// SPDX-License-Identifier: Apache-2.0

package receipt

// FaultKind says what is wrong with a receipt or a key.
type FaultKind string

// The kinds of Fault.
const (
	// TooLarge says that a JWS or a key set is over its bound.
	TooLarge FaultKind = "TOO_LARGE"
	// Malformed says that a JWS is not compact, not ES256 or not readable.
	Malformed FaultKind = "MALFORMED"
	// WrongType says that the header "typ" is another than the one wanted.
	WrongType FaultKind = "WRONG_TYPE"
	// UnknownKey says that the key set has no such key for this purpose.
	UnknownKey FaultKind = "UNKNOWN_KEY"
	// BadSignature says that the signature does not fit.
	BadSignature FaultKind = "BAD_SIGNATURE"
	// KeyPeriod says that the receipt was issued outside its key's period.
	KeyPeriod FaultKind = "KEY_PERIOD"
	// BadClaims says that the payload is not that of a receipt.
	BadClaims FaultKind = "BAD_CLAIMS"
	// BadKey says that a key is not one of P-256 or not readable.
	BadKey FaultKind = "BAD_KEY"
)

// Fault is the error of this package for what others handed in. Its text holds
// no part of the payload or of a key.
type Fault struct {
	Kind  FaultKind
	Where string
}

// Error gives the kind and the place.
func (f *Fault) Error() string { return "receipt: " + string(f.Kind) + " at " + f.Where }

func fault(kind FaultKind, where string) error { return &Fault{Kind: kind, Where: where} }
