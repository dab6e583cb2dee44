// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"strings"
	"unicode"
)

// SpokenID writes an ID as it was typed or read out in the way that
// [ParseDelegationID] reads: full-width letters and figures as plain ones,
// capitals, without spaces and whatever was put between the groups; where 25
// characters are left, in five groups of five. It does not check anything.
func SpokenID(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r >= '！' && r <= '～' { // full-width forms stand in ASCII's order
			r -= '！' - '!'
		}
		if unicode.IsLetter(r) && r != 'ー' || unicode.IsDigit(r) {
			b.WriteRune(unicode.ToUpper(r))
			continue
		}
		if unicode.IsSpace(r) || unicode.In(r, unicode.Dash, unicode.Hyphen) || strings.ContainsRune("-ー－_.,・、。/−", r) {
			continue
		}
		b.WriteRune(r) // foreign: left for the check to find
	}
	plain := b.String()
	if len(plain) != delegationIDLength {
		return plain
	}
	groups := make([]string, 0, 5)
	for i := 0; i < delegationIDLength; i += 5 {
		groups = append(groups, plain[i:i+5])
	}
	return strings.Join(groups, "-")
}
