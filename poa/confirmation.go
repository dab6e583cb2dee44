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

// Confirms reports whether a person who typed the text meant the thing of the
// name. Case, width, spaces and hyphens make no difference: it is a pause for
// thought, not a test of typing. An empty text confirms nothing.
func Confirms(typed, name string) bool {
	typed = folded(typed)
	return typed != "" && typed == folded(name)
}

func folded(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || r == '-' || r == 'ー' || r == '−' {
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
