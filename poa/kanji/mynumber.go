// SPDX-License-Identifier: Apache-2.0

package kanji

import "strings"

// myNumberDigits is the length of an individual number (個人番号).
const myNumberDigits = 12

// dashes are the characters that people write between groups of digits and that
// NFKC leaves apart.
const dashes = "-\u2010\u2012\u2013\u2014\u2015\u2212\u2500ー"

// IsMyNumberLike reports whether a free text holds what may be a My Number
// (マイナンバー): after NFKC twelve digits, in one piece or as 4-4-4 with single
// spaces or hyphens between, whose check digit fits. Storing one outside the
// purposes of the law is forbidden (番号法 20条), so the guard rather refuses a
// number too many. A longer run of digits does not count; neither does a run
// that hyphens join to more digits, nor a corporate number written 1-4-4-4.
func IsMyNumberLike(s string) bool {
	runes := []rune(NFKC(s))
	for i := range runes {
		if !isDigit(runes[i]) || i > 0 && isDigit(runes[i-1]) {
			continue
		}
		if plainNumber(runes, i) || groupedNumber(runes, i) {
			return true
		}
	}
	return false
}

// plainNumber looks for twelve digits in one piece from start, which has no
// digit before it.
func plainNumber(runes []rune, start int) bool {
	end := digitsEnd(runes, start)
	return end-start == myNumberDigits && checkDigitFits(runes[start:end])
}

// groupedNumber looks for 4-4-4 from start, which has no digit before it.
func groupedNumber(runes []rune, start int) bool {
	digits := make([]rune, 0, myNumberDigits)
	at := start
	for group := range 3 {
		if group > 0 {
			if at >= len(runes) || !isSeparator(runes[at]) {
				return false
			}
			at++
		}
		end := digitsEnd(runes, at)
		if end-at != 4 {
			return false
		}
		digits = append(digits, runes[at:end]...)
		at = end
	}
	return !joinedBefore(runes, start) && !joinedAfter(runes, at) && checkDigitFits(digits)
}

func joinedBefore(runes []rune, start int) bool {
	if start < 2 || !isDigit(runes[start-2]) || !isSeparator(runes[start-1]) {
		return false
	}
	alone := start == 2 || !isDigit(runes[start-3])
	return alone || isDash(runes[start-1])
}

func joinedAfter(runes []rune, end int) bool {
	return end+1 < len(runes) && isDash(runes[end]) && isDigit(runes[end+1])
}

func digitsEnd(runes []rune, at int) int {
	for at < len(runes) && isDigit(runes[at]) {
		at++
	}
	return at
}

// checkDigitFits applies the rule of the ministerial order on individual numbers:
// of the first eleven digits the n-th from the right weighs n+1 up to the sixth
// and n-5 after it.
func checkDigitFits(digits []rune) bool {
	sum := 0
	for n := 1; n < myNumberDigits; n++ {
		weight := n + 1
		if n > 6 {
			weight = n - 5
		}
		sum += int(digits[myNumberDigits-1-n]-'0') * weight
	}
	want := 0
	if rest := sum % 11; rest > 1 {
		want = 11 - rest
	}
	return int(digits[myNumberDigits-1]-'0') == want
}

func isDigit(r rune) bool     { return r >= '0' && r <= '9' }
func isDash(r rune) bool      { return strings.ContainsRune(dashes, r) }
func isSeparator(r rune) bool { return r == ' ' || isDash(r) }
