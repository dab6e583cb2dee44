// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
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
	var symbols [delegationIDLength]byte
	if !readCrockford(s, symbols[:]) || checkSymbol(symbols[:24]) != symbols[24] {
		return "", false
	}
	return formatID(symbols[:]), true
}

// readCrockford reads as many symbols of base 32 as there is room for, as values, in
// any case, with or without hyphens and spaces, I and L as 1 and O as 0.
func readCrockford(text string, symbols []byte) bool {
	n := 0
	for _, r := range text {
		if r >= utf8.RuneSelf {
			if r = unicode.ToUpper(r); r == '\u3000' {
				continue
			}
		}
		if r >= utf8.RuneSelf || crockfordValues[r] == foreign || crockfordValues[r] < passedOver && n == len(symbols) {
			return false
		}
		if crockfordValues[r] < passedOver {
			symbols[n] = crockfordValues[r]
			n++
		}
	}
	return n == len(symbols)
}

// foreign marks a character that stands in no ID, passedOver one that separates.
const (
	foreign    = 0xff
	passedOver = 0xfe
)

// crockfordValues are the values of ASCII's characters.
var crockfordValues = func() (values [utf8.RuneSelf]byte) {
	for c := range values {
		values[c] = foreign
		upper := unicode.ToUpper(rune(c))
		switch upper {
		case '-', ' ':
			values[c] = passedOver
			continue
		case 'I', 'L':
			upper = '1'
		case 'O':
			upper = '0'
		}
		if at := strings.IndexRune(crockford, upper); at >= 0 {
			values[c] = byte(at)
		}
	}
	return values
}()

// Compact returns the 25 characters without hyphens.
func (id DelegationID) Compact() string { return strings.ReplaceAll(string(id), "-", "") }

func formatID(symbols []byte) DelegationID {
	b := make([]byte, 0, delegationIDLength+4)
	for i, s := range symbols {
		if i > 0 && i%5 == 0 {
			b = append(b, '-')
		}
		b = append(b, crockford[s])
	}
	return DelegationID(b)
}

// checkSymbol makes the weighted sum over GF(32) zero: weights α^i from the
// left, the check character last with α^24. Since α is primitive, the weights
// differ, so every single substitution and every swap is found.
func checkSymbol(symbols []byte) byte {
	sum, weight := byte(0), byte(1)
	for _, s := range symbols {
		sum ^= gfProducts[s][weight]
		weight = gfProducts[weight][2]
	}
	return gfProducts[sum][gfInverses[weight]]
}

// gfProducts and gfInverses are the tables of GF(32).
var (
	gfProducts = func() (products [32][32]byte) {
		for a := range products {
			for b := range products[a] {
				products[a][b] = gfMultiply(byte(a), byte(b))
			}
		}
		return products
	}()
	gfInverses = func() (inverses [32]byte) {
		for a := range inverses {
			inverses[a] = gfInverse(byte(a))
		}
		return inverses
	}()
)

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
	return formatRaw(prefix, raw)
}

func formatRaw(prefix string, raw [16]byte) string {
	var room [48]byte // prefixes are short
	return string(idEncoding.AppendEncode(append(room[:0], prefix...), raw[:]))
}

// NewInquiryID draws an inquiry's ID: its first 48 bits are the milliseconds of
// its instant, the next ten the microseconds of that, the other 70 are random. So
// IDs come in about the order of their instants, and the inquiries' one index
// grows at its end alone. Who sees the ID has seen the instant.
func NewInquiryID(at time.Time) string {
	var random inquiryRandom
	rand.Read(random[:])
	return inquiryID(at, random)
}

// inquiryRandom is what an inquiry's ID takes from the source of randomness.
type inquiryRandom [9]byte

func inquiryID(at time.Time, random inquiryRandom) string {
	var raw [16]byte
	copy(raw[7:], random[:])
	micros := uint64(at.UnixMicro())
	binary.BigEndian.PutUint64(raw[:8], micros/1000<<16|micros%1000<<6|uint64(raw[7]&0x3f))
	return formatRaw(PrefixInquiry, raw)
}

// FirstInquiryID is not after any ID of an inquiry of the instant or later, and
// after those of all earlier milliseconds.
func FirstInquiryID(at time.Time) string {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], uint64(at.UnixMilli())<<16)
	return formatRaw(PrefixInquiry, raw)
}

// LeastInquiryID is the least ID that [NewInquiryID] draws in the instant's
// microsecond. IDs of the first days have no microseconds: for them there is
// [FirstInquiryID].
func LeastInquiryID(at time.Time) string { return inquiryID(at, inquiryRandom{}) }

// BeginsWithInstant reports whether an inquiry's ID begins with its instant, to the
// microsecond.
func BeginsWithInstant(id string, at time.Time) bool {
	return LeastInquiryID(at) <= id && id < LeastInquiryID(at.Add(time.Microsecond))
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
