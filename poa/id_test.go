// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ininjo/poa"
)

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

func TestDelegationID(t *testing.T) {
	t.Parallel()
	t.Run("a fresh ID reads back in any writing", func(t *testing.T) {
		t.Parallel()
		for range 200 {
			id := poa.NewDelegationID()
			for _, text := range []string{string(id), strings.ToLower(string(id)), id.Compact(), " " + strings.ReplaceAll(string(id), "-", " ")} {
				if got, ok := poa.ParseDelegationID(text); !ok || got != id {
					t.Fatalf("ParseDelegationID(%q) = %q, %v; want %q", text, got, ok, id)
				}
			}
		}
	})
	t.Run("the check character fits a computation by hand", func(t *testing.T) {
		t.Parallel()
		// 24 zeros sum to zero: the check character is 0. With a 1 in the first
		// place the check c must satisfy 1 + c·α^24 = 0, so c = α^-24 = α^7.
		// α^5 = α²+1, α^6 = α³+α, α^7 = α⁴+α² = 0b10100 = 20, Crockford's M.
		for _, text := range []string{"0000000000000000000000000", "100000000000000000000000M"} {
			if _, ok := poa.ParseDelegationID(text); !ok {
				t.Errorf("%s is refused", text)
			}
		}
	})
	t.Run("I, L and O are read as Crockford reads them", func(t *testing.T) {
		t.Parallel()
		if id, ok := poa.ParseDelegationID("ioooo-OOOOO-00000-00000-0000M"); !ok || id.Compact() != "100000000000000000000000M" {
			t.Errorf("got %q, %v", id, ok)
		}
	})
	t.Run("every single substitution and every swap is found", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(rt *rapid.T) {
			text := []byte(poa.NewDelegationID().Compact())
			i := rapid.IntRange(0, 24).Draw(rt, "place")
			if rapid.Bool().Draw(rt, "swap") {
				j := rapid.IntRange(0, 24).Draw(rt, "other")
				if text[i] == text[j] {
					return
				}
				text[i], text[j] = text[j], text[i]
			} else {
				c := crockford[rapid.IntRange(0, 31).Draw(rt, "symbol")]
				if text[i] == c {
					return
				}
				text[i] = c
			}
			if _, ok := poa.ParseDelegationID(string(text)); ok {
				rt.Fatalf("%s is taken", text)
			}
		})
	})
	t.Run("foreign characters and lengths are refused", func(t *testing.T) {
		t.Parallel()
		for _, text := range []string{"", "0", strings.Repeat("0", 24), strings.Repeat("0", 26), strings.Repeat("0", 24) + "U", "'; DROP TABLE delegations; --", strings.Repeat("-", 10000)} {
			if _, ok := poa.ParseDelegationID(text); ok {
				t.Errorf("%q is taken", text)
			}
		}
	})
}

func FuzzParseDelegationID(f *testing.F) {
	f.Add("0000000000000000000000000")
	f.Add("ioooo-OOOOO-00000-00000-0000M")
	f.Fuzz(func(t *testing.T, text string) {
		id, ok := poa.ParseDelegationID(text)
		if !ok {
			return
		}
		if again, ok := poa.ParseDelegationID(string(id)); !ok || again != id {
			t.Errorf("%q reads as %q, which reads as %q, %v", text, id, again, ok)
		}
	})
}

func TestSecret(t *testing.T) {
	t.Parallel()
	text, hash := poa.NewSecret("inj_test")
	other, otherHash := poa.NewSecret("inj_test")
	if text == other || hash == otherHash {
		t.Fatal("two secrets are the same")
	}
	if !poa.SecretWellFormed(text) {
		t.Errorf("a fresh secret is not well-formed")
	}
	broken := strings.Replace(text, text[20:21], map[bool]string{true: "a", false: "b"}[text[20] != 'a'], 1)
	if poa.SecretWellFormed(broken) || poa.SecretWellFormed(text[:len(text)-1]) || poa.SecretWellFormed("") {
		t.Errorf("a broken secret is well-formed")
	}
}

func TestCorporateNumber(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]bool{"7000012050002": true, "1180301018771": true, "2040001999902": true, // real ones and the specification's sample
		"7000012050003": false, "0000012050002": false, "700001205000": false, "70000120500022": false, "７００００１２０５０００２": false, "": false} {
		if got := poa.ValidCorporateNumber(number); got != want {
			t.Errorf("ValidCorporateNumber(%q) = %v", number, got)
		}
	}
}

// TestInquiryIDsComeInTheOrderOfTheirInstants to the microsecond, so that the
// audit's index grows at its end.
func TestInquiryIDsComeInTheOrderOfTheirInstants(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
	for i := range 3000 {
		earlier, later := at.Add(time.Duration(i)*time.Microsecond), at.Add(time.Duration(i+1)*time.Microsecond)
		if a, b := poa.NewInquiryID(earlier), poa.NewInquiryID(later); a >= b || poa.FirstInquiryID(earlier) > a {
			t.Fatalf("%s of %v is not before %s", a, earlier, b)
		}
	}
}
