// SPDX-License-Identifier: Apache-2.0

package kanji_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ininjo/poa/kanji"
)

func TestIsMyNumberLike(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{
		"123456789018": true,
		"番号は１２３４５６７８９０１８です。": true,
		"1234 5678 9018": true,
		"1234-5678-9018": true,
		"１２３４－５６７８－９０１８":          true,
		"1234−5678−9018":          true,
		"2026 1234 5678 9018":     true,
		"平成 31 1234-5678-9018":    true,
		"12345 123456789018 67":   true,
		"123456789012":            false, // check digit
		"1234567890180":           false, // longer run
		"0123456789018":           false,
		"1234  5678 9018":         false,
		"12-3456-7890-18":         false,
		"1234-5678-9018-3456":     false,
		"9876-1234-5678-9018":     false,
		"7-1234-5678-9018":        false, // a corporate number
		"7 1234 5678 9018":        false,
		"12345678901":             false,
		"":                        false,
		"東京都千代田区1-2-3":            false,
		"株式会社 法人番号 7000012050002": false,
	} {
		if got := kanji.IsMyNumberLike(in); got != want {
			t.Errorf("%q: got %v", in, got)
		}
	}
}

func TestIsMyNumberLikeFindsEvery(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		number := withCheckDigit(rapid.StringMatching(`[0-9]{11}`).Draw(t, "digits"))
		before := rapid.StringMatching(`[あ-ん、]{0,5}`).Draw(t, "before")
		after := rapid.StringMatching(`[あ-ん。]{0,5}`).Draw(t, "after")
		sep := rapid.SampledFrom([]string{"", "-", " ", "　", "－", "‐"}).Draw(t, "separator")
		text := before + number[:4] + sep + number[4:8] + sep + number[8:] + after
		if !kanji.IsMyNumberLike(text) {
			t.Fatalf("missed in %q", text)
		}
		if kanji.IsMyNumberLike(before + number + "0" + after) {
			t.Fatal("found inside a longer run")
		}
	})
}

// withCheckDigit computes the digit by the weights written out, as the order
// prints them.
func withCheckDigit(eleven string) string {
	sum := 0
	for i, weight := range []int{6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2} {
		sum += int(eleven[i]-'0') * weight
	}
	check := 11 - sum%11
	if check > 9 {
		check = 0
	}
	return fmt.Sprintf("%s%d", eleven, check)
}

func FuzzIsMyNumberLike(f *testing.F) {
	for _, seed := range []string{"", "123456789018", "1234-5678-9018", "７-1234 5678 9018", "\xff12345678901", "1234−5678"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		found := kanji.IsMyNumberLike(s)
		digits := strings.Count(digitsOnly(kanji.NFKC(s)), "")
		if found && digits <= 12 {
			t.Fatalf("found in fewer than twelve digits: %q", s)
		}
		if !kanji.IsMyNumberLike(s + "、123456789018") {
			t.Fatalf("a number after %q was missed", s)
		}
	})
}

func digitsOnly(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}
