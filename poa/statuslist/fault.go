// SPDX-License-Identifier: Apache-2.0

package statuslist

// FaultKind says what is wrong with a status list.
type FaultKind string

// The kinds of Fault. What concerns the signature is a fault of package receipt.
const (
	// BadClaims says that the payload is not that of a status list.
	BadClaims FaultKind = "BAD_CLAIMS"
	// BadList says that the entries cannot be read, or are not 2^20 of two bits.
	BadList FaultKind = "BAD_LIST"
	// KeyPeriod says that the list was issued outside its key's period.
	KeyPeriod FaultKind = "KEY_PERIOD"
)

// Fault is the error of this package for what others handed in.
type Fault struct {
	Kind  FaultKind
	Where string
}

// Error gives the kind and the place.
func (f *Fault) Error() string { return "status list: " + string(f.Kind) + " at " + f.Where }

func fault(kind FaultKind, where string) error { return &Fault{Kind: kind, Where: where} }
