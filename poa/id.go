// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
)

// crockford is Douglas Crockford's base 32 alphabet: no I, L, O or U.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// delegationIDLength is 24 random characters (120 bits) and one check character.
const delegationIDLength = 25

// DelegationID is a 電子委任状ID: 24 random characters of Crockford's base 32
// and one check character, written in five groups of five. The zero value is
// no ID. It is made by [NewDelegationID] or [ParseDelegationID] only.
type DelegationID string

// NewDelegationID draws a fresh ID from the system's source of randomness.
func NewDelegationID() DelegationID {
	var raw [24]byte
	rand.Read(raw[:]) // never fails since Go 1.24
	symbols := make([]byte, delegationIDLength)
	for i, b := range raw {
		symbols[i] = b & 31
	}
	symbols[24] = checkSymbol(symbols[:24])
	return formatID(symbols)
}

// ParseDelegationID reads an ID in any case, with or without hyphens and
// spaces, with I and L for 1 and O for 0 as Crockford reads them. It reports
// false where a character is foreign, the length is not 25 or the check
// character does not fit: the ID was mistyped.
func ParseDelegationID(s string) (DelegationID, bool) {
	if len(s) > 64 {
		return "", false
	}
	symbols, ok := readCrockford(s, delegationIDLength)
	if !ok || checkSymbol(symbols[:24]) != symbols[24] {
		return "", false
	}
	return formatID(symbols), true
}

// readCrockford reads so many symbols of base 32 as values, in any case, with or
// without hyphens and spaces, I and L as 1 and O as 0.
func readCrockford(text string, length int) ([]byte, bool) {
	symbols := make([]byte, 0, length)
	for _, r := range strings.ToUpper(text) {
		switch r {
		case '-', ' ', '\u3000':
			continue
		case 'I', 'L':
			r = '1'
		case 'O':
			r = '0'
		}
		at := strings.IndexRune(crockford, r)
		if at < 0 || len(symbols) == length {
			return nil, false
		}
		symbols = append(symbols, byte(at))
	}
	return symbols, len(symbols) == length
}

// Compact returns the 25 characters without hyphens.
func (id DelegationID) Compact() string { return strings.ReplaceAll(string(id), "-", "") }

func formatID(symbols []byte) DelegationID {
	var b strings.Builder
	for i, s := range symbols {
		if i > 0 && i%5 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(crockford[s])
	}
	return DelegationID(b.String())
}

// checkSymbol makes the weighted sum over GF(32) zero: weights α^i from the
// left, the check character last with α^24. Since α is primitive, the weights
// differ, so every single substitution and every swap is found.
func checkSymbol(symbols []byte) byte {
	sum, weight := byte(0), byte(1)
	for _, s := range symbols {
		sum ^= gfMultiply(s, weight)
		weight = gfMultiply(weight, 2)
	}
	return gfMultiply(sum, gfInverse(weight))
}

// gfMultiply multiplies in GF(32) with x⁵+x²+1.
func gfMultiply(a, b byte) byte {
	var product byte
	for range 5 {
		if b&1 == 1 {
			product ^= a
		}
		b >>= 1
		a <<= 1
		if a&32 != 0 {
			a ^= 0b100101
		}
	}
	return product
}

// gfInverse is a^30, since a^31 = 1 for every a but 0.
func gfInverse(a byte) byte {
	inverse := byte(1)
	for range 30 {
		inverse = gfMultiply(inverse, a)
	}
	return inverse
}

// Prefixes of the service's own IDs: a node's ID tells its type.
const (
	PrefixDelegator  = "dgr_"
	PrefixDelegate   = "dgt_"
	PrefixRecipient  = "rcp_"
	PrefixStaff      = "stf_"
	PrefixAccount    = "acc_"
	PrefixToken      = "tok_"
	PrefixEndpoint   = "whe_"
	PrefixDelivery   = "whd_"
	PrefixEvent      = "evt_"
	PrefixInquiry    = "inq_"
	PrefixTerms      = "trm_"
	PrefixMail       = "eml_"
	PrefixLink       = "lnk_"
	PrefixChallenge  = "chl_"
	PrefixSuspension = "sus_"
	PrefixAddress    = "adr_"
	PrefixRegister   = "cnf_"
)

var idEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID draws an opaque ID of 26 characters (128 bits) behind a prefix.
func NewID(prefix string) string {
	var raw [16]byte
	rand.Read(raw[:])
	return prefix + idEncoding.EncodeToString(raw[:])
}

// IsID reports whether s has the prefix and the shape of [NewID].
func IsID(s, prefix string) bool {
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok || len(rest) != 26 {
		return false
	}
	_, err := idEncoding.DecodeString(rest)
	return err == nil
}
