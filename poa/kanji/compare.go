// SPDX-License-Identifier: Apache-2.0

package kanji

import (
	"strings"
	"unicode/utf8"
)

// Result is the outcome of a comparison. It has three values so that nothing is
// passed silently: what is neither equal nor different goes to a person.
type Result string

// The three outcomes of a comparison.
const (
	// MATCH says that both texts are the same for the machine.
	MATCH Result = "MATCH"
	// POSSIBLE says that a person has to decide.
	POSSIBLE Result = "POSSIBLE"
	// MISMATCH says that the texts differ.
	MISMATCH Result = "MISMATCH"
)

// Reason codes of a Comparison.
const (
	// ReasonSame goes with MATCH.
	ReasonSame = "SAME"
	// ReasonDifferent says that the texts differ after normalization.
	ReasonDifferent = "DIFFERENT"
	// ReasonEmpty says that a side is empty; two empty texts never match.
	ReasonEmpty = "EMPTY"
	// ReasonUnreadable says that a side is not UTF-8.
	ReasonUnreadable = "UNREADABLE"
	// ReasonSubstitute says that the certificate marks a character as a
	// substitute for one that it cannot hold.
	ReasonSubstitute = "SUBSTITUTE_CHARACTER"
	// ReasonFlags says that the certificate's substitute flags could not be read.
	ReasonFlags = "FLAGS_UNREADABLE"
)

// Comparison is the outcome of comparing two texts, with the code of its reason.
// It holds neither text, so that it can be recorded.
type Comparison struct {
	Result Result
	Reason string
}

// CompareName compares two names of a person or an organisation.
func CompareName(a, b string) Comparison { return compare(a, b) }

// CompareAddress compares two addresses. Until the issue on signatures the rule
// is that of names.
func CompareAddress(a, b string) Comparison { return compare(a, b) }

// CompareNameFlagged compares the name in a certificate with that of a register.
// flags is the certificate's list of substitute positions (OID
// 1.2.392.200149.8.5.5.2), one '0' or '1' for each character, or empty where the
// certificate has none. Any '1' means that the certificate's text is not what the
// resident register says: never a MATCH by machine.
func CompareNameFlagged(certName, flags, registerName string) Comparison {
	return compareFlagged(certName, flags, registerName)
}

// CompareAddressFlagged is CompareNameFlagged for addresses (OID
// 1.2.392.200149.8.5.5.6).
func CompareAddressFlagged(certAddress, flags, registerAddress string) Comparison {
	return compareFlagged(certAddress, flags, registerAddress)
}

func compareFlagged(cert, flags, register string) Comparison {
	plain := compare(cert, register)
	switch {
	case plain.Reason == ReasonEmpty || plain.Reason == ReasonUnreadable:
		return plain
	case strings.Trim(flags, "01") != "":
		return Comparison{POSSIBLE, ReasonFlags}
	case strings.Contains(flags, "1"):
		return Comparison{POSSIBLE, ReasonSubstitute}
	}
	return plain
}

func compare(a, b string) Comparison {
	if !utf8.ValidString(a) || !utf8.ValidString(b) {
		return Comparison{MISMATCH, ReasonUnreadable}
	}
	a, b = bare(a), bare(b)
	switch {
	case a == "" || b == "":
		return Comparison{MISMATCH, ReasonEmpty}
	case a == b:
		return Comparison{MATCH, ReasonSame}
	}
	return Comparison{MISMATCH, ReasonDifferent}
}
