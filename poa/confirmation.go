// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"strings"
	"unicode"

	"ininjo/poa/kanji"
)

// CodeNotRepeated says that what was typed to confirm a destructive act is not
// the name of what the act is about.
const CodeNotRepeated Code = "NAME_NOT_REPEATED"

// Confirmed is the one rule for a name that is typed to confirm an act that cannot
// be taken back: REQUIRED at the field where nothing was typed, NAME_NOT_REPEATED
// where it was another.
func Confirmed(typed, name, field string) Faults {
	switch {
	case strings.TrimSpace(typed) == "":
		return Faults{newFault(CodeRequired, field)}
	case !Confirms(typed, name):
		return Faults{newFault(CodeNotRepeated, field)}
	}
	return nil
}

// Confirms reports whether a person who typed the text meant the thing of the
// name. Case, width and spaces make no difference: it is a pause for thought, not
// a test of typing. Every sign does: ビル is not ビール, nor a-b.example ab.example.
// An empty text confirms nothing.
func Confirms(typed, name string) bool {
	typed = folded(typed)
	return typed != "" && typed == folded(name)
}

func folded(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, kanji.NFKC(text))
}

// Word is what a person types to confirm an act on the delegation: the last
// group of its ID.
func (id DelegationID) Word() string {
	text := string(id)
	return text[strings.LastIndex(text, "-")+1:]
}
