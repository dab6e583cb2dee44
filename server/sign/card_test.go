// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"strings"
	"testing"
)

func TestTriesLeftAreToldBeforeThePINIsAsked(t *testing.T) {
	t.Parallel()
	const jpki = "JPKI (Digital Signature PIN)"
	for name, test := range map[string]struct {
		card    Card
		told    string
		refused string
		last    bool
	}{
		"all of JPKI's":           {Card{Label: jpki}, "5 回", "", false},
		"fewer of JPKI's":         {Card{Label: jpki, Tries: Tries{Low: true}}, "2～4 回", "", false},
		"the last":                {Card{Label: jpki, Tries: Tries{Low: true, Last: true}}, "1 回", "last-try", false},
		"the last, wanted":        {Card{Label: jpki, Tries: Tries{Low: true, Last: true}}, "1 回", "", true},
		"none":                    {Card{Label: jpki, Tries: Tries{Blocked: true}}, "ロック", "pin-locked", true},
		"another card":            {Card{Label: "Token"}, "間違いは記録されていません", "", false},
		"another card, one wrong": {Card{Label: "Token", Tries: Tries{Low: true}}, "減っています", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if told := test.card.TriesLeft("ja"); !strings.Contains(told, test.told) {
				t.Errorf("told %q", told)
			}
			if err := test.card.mayTry(test.last); test.refused == "" && err != nil || test.refused != "" && !isProblem(err, test.refused) {
				t.Errorf("got %v, want %q", err, test.refused)
			}
		})
	}
}

func TestPINsThatCannotBeRightAreNotSent(t *testing.T) {
	t.Parallel()
	signing, other := Card{Label: "JPKI (Digital Signature PIN)", PINMin: 4, PINMax: 63}, Card{Label: "Token", PINMin: 4, PINMax: 8}
	for pin, want := range map[string]string{"ABC12": "pin-length", "ABC123": "", "abc123": "pin-lower", "ＡＢＣ": "pin-lower", "ABCDEFGH12345678": "", "ABCDEFGH123456789": "pin-length", "": "pin-length"} {
		if err := signing.checkPIN([]byte(pin)); want == "" && err != nil || want != "" && !isProblem(err, want) {
			t.Errorf("JPKI, %q: got %v, want %q", pin, err, want)
		}
	}
	for pin, want := range map[string]string{"abc": "pin-length", "abcd": "", "123456789": "pin-length"} {
		if err := other.checkPIN([]byte(pin)); want == "" && err != nil || want != "" && !isProblem(err, want) {
			t.Errorf("%q: got %v, want %q", pin, err, want)
		}
	}
	if err := (Card{Label: "JPKI (Digital Signature PIN)", Pinpad: true}).checkPIN(nil); err != nil {
		t.Errorf("a PIN pad: %v", err)
	}
}

func TestTheSigningSlotIsPicked(t *testing.T) {
	t.Parallel()
	authentication, signing := Card{Slot: 0, Label: "JPKI (User Authentication PIN)", Certificates: []CardCertificate{{ID: "01"}}}, Card{Slot: 1, Label: "JPKI (Digital Signature PIN)"}
	empty, full := Card{Slot: 5, Label: "Token"}, Card{Slot: 6, Label: "Token", Certificates: []CardCertificate{{ID: "01"}}}
	for name, test := range map[string]struct {
		cards []Card
		slot  int
		want  uint
		err   string
	}{
		"JPKI's signing slot":   {[]Card{authentication, signing}, -1, 1, ""},
		"the slot that is said": {[]Card{authentication, signing}, 0, 0, ""},
		"the one with a key":    {[]Card{empty, full}, -1, 6, ""},
		"the only one":          {[]Card{empty}, -1, 5, ""},
		"two of them":           {[]Card{full, full}, -1, 0, "which-card"},
		"none":                  {nil, -1, 0, "no-card"},
		"another slot":          {[]Card{full}, 9, 0, "no-slot"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := pickCard(test.cards, test.slot)
			if test.err != "" && !isProblem(err, test.err) || test.err == "" && (err != nil || got.Slot != test.want) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestTheTokenIsKeptSafe(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://poa.example": "", "https://poa.example/below/": "", "http://127.0.0.1:8080": "", "http://localhost:8080": "", "http://[::1]:1": "",
		"http://poa.example": "service-plain", "http://127.0.0.1.evil.example": "service-plain", "ftp://poa.example": "service-url", "poa.example": "service-url", "https://user:secret@poa.example": "service-url",
	} {
		if _, err := newService(address, "token", "ja"); want == "" && err != nil || want != "" && !isProblem(err, want) {
			t.Errorf("%s: got %v, want %q", address, err, want)
		}
	}
}
