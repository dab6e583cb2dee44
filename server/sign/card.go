// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"unicode"
)

// Card is a token in a slot. OpenSC shows each PIN of a card as a slot of its own.
type Card struct {
	Module string
	Slot   uint
	Label  string
	Reader string
	// PINMin and PINMax bound the PIN's length, in characters.
	PINMin, PINMax int
	// Pinpad: the PIN is typed on the reader itself.
	Pinpad bool
	Tries  Tries
	// Certificates are those that are seen without a PIN. Of a JPKI card none is: the certificate holds name and
	// address, so that the card asks for the PIN first.
	Certificates []CardCertificate
}

// CardCertificate is a certificate on a card.
type CardCertificate struct {
	ID     string // CKA_ID, in hex
	Label  string
	Holder string
}

// Tries is what a card tells of the tries left. PKCS #11 knows no number: it tells of a wrong one before (Low), of
// the last one (Last) and of none (Blocked).
type Tries struct{ Low, Last, Blocked bool }

// JPKI says whether the slot is that of a signing certificate of an Individual Number Card (署名用電子証明書).
func (c Card) JPKI() bool {
	return strings.Contains(c.Label, "JPKI") && strings.Contains(strings.ToLower(c.Label), "sign")
}

// TriesLeft says in words how many are left. JPKI's signature PIN has five.
func (c Card) TriesLeft(t Texts) string {
	switch {
	case c.Tries.Blocked:
		return t.T("tries.none")
	case c.Tries.Last:
		return t.T("tries.one")
	case c.Tries.Low && c.JPKI():
		return t.T("tries.low-jpki")
	case c.Tries.Low:
		return t.T("tries.low")
	case c.JPKI():
		return t.T("tries.all-jpki")
	}
	return t.T("tries.all")
}

// checkPIN refuses what cannot be right before the card counts it as a try.
func (c Card) checkPIN(pin []byte) error {
	if c.Pinpad {
		return nil
	}
	shortest, longest := c.PINMin, c.PINMax
	if c.JPKI() {
		shortest, longest = 6, 16
	}
	if len(pin) < shortest || longest > 0 && len(pin) > longest || len(pin) == 0 {
		return wrong("pin-length", "min", number(max(shortest, 1)), "max", number(longest))
	}
	if c.JPKI() && strings.ContainsFunc(string(pin), func(r rune) bool { return unicode.IsLower(r) || r > unicode.MaxASCII }) {
		return wrong("pin-lower")
	}
	return nil
}

// mayTry refuses a blocked card, and the last try unless the person wants it knowingly.
func (c Card) mayTry(lastTry bool) error {
	switch {
	case c.Tries.Blocked:
		return wrong("pin-locked")
	case c.Tries.Last && !lastTry:
		return wrong("last-try")
	}
	return nil
}

// modulePaths are OpenSC's usual places.
func modulePaths() []string {
	switch runtime.GOOS {
	case "windows":
		return []string{`C:\Program Files\OpenSC Project\OpenSC\pkcs11\opensc-pkcs11.dll`, `C:\Windows\System32\opensc-pkcs11.dll`}
	case "darwin":
		return []string{"/Library/OpenSC/lib/opensc-pkcs11.so", "/opt/homebrew/lib/opensc-pkcs11.so", "/usr/local/lib/opensc-pkcs11.so"}
	}
	return []string{"/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so", "/usr/lib/aarch64-linux-gnu/opensc-pkcs11.so", "/usr/lib64/opensc-pkcs11.so",
		"/usr/lib64/pkcs11/opensc-pkcs11.so", "/usr/lib/opensc-pkcs11.so", "/usr/lib/pkcs11/opensc-pkcs11.so", "/usr/local/lib/opensc-pkcs11.so"}
}

// findModule gives the module that is asked for, or the first of OpenSC's places that has one.
func findModule(wanted string) (string, error) {
	if wanted != "" {
		if !there(wanted) {
			return "", wrong("missing", "name", wanted)
		}
		return wanted, nil
	}
	for _, path := range modulePaths() {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", wrong("no-module")
}

// pickCard takes the slot that is asked for, or the only one that comes into question: JPKI's signing slot before
// others, slots with a certificate before those without.
func pickCard(cards []Card, slot int) (Card, error) {
	if len(cards) == 0 {
		return Card{}, wrong("no-card")
	}
	for _, question := range []func(Card) bool{
		func(c Card) bool { return slot >= 0 && c.Slot == uint(slot) },
		func(c Card) bool { return slot < 0 && c.JPKI() },
		func(c Card) bool { return slot < 0 && len(c.Certificates) > 0 },
		func(Card) bool { return slot < 0 },
	} {
		var found []Card
		for _, c := range cards {
			if question(c) {
				found = append(found, c)
			}
		}
		if len(found) == 1 {
			return found[0], nil
		}
		if len(found) > 1 {
			return Card{}, wrong("which-card")
		}
	}
	return Card{}, wrong("no-slot", "slot", number(slot))
}

func number(n int) string { return strconv.Itoa(n) }
