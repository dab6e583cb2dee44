// SPDX-License-Identifier: Apache-2.0

package kanji

import (
	"slices"
	"strconv"
)

// Reason codes of a Comparison.
const (
	// ReasonSame goes with MATCH.
	ReasonSame = "SAME"
	// ReasonVariant says that characters are forms of one character by law or
	// standard; with MATCH.
	ReasonVariant = "VARIANT_FORM"
	// ReasonNotation says that a house number is written in another way; with
	// MATCH.
	ReasonNotation = "ADDRESS_NOTATION"

	// ReasonCase says that capitals and small letters differ; this and the
	// following go with POSSIBLE.
	ReasonCase = "LETTER_CASE"
	// ReasonKana says that kana differ in size or script (ケ ヶ が, ツ ッ, ノ の 之).
	ReasonKana = "KANA"
	// ReasonDash says that a dash stands for ー, or the reverse.
	ReasonDash = "DASH"
	// ReasonRepetition says that one side writes 々.
	ReasonRepetition = "REPETITION_MARK"
	// ReasonRelated says that characters stand for one another in names, though
	// no law or standard makes them one.
	ReasonRelated = "RELATED_CHARACTER"
	// ReasonFormerName says that one side has a name in brackets (旧氏).
	ReasonFormerName = "NAME_IN_BRACKETS"
	// ReasonPrefecture says that one side leaves the prefecture out.
	ReasonPrefecture = "PREFECTURE_MISSING"
	// ReasonCounty says that one side leaves the county (郡) out.
	ReasonCounty = "COUNTY_MISSING"
	// ReasonOaza says that one side leaves out 大字, 小字 or 字.
	ReasonOaza = "OAZA_MISSING"
	// ReasonNumeral says that a number in the name of a place is written in
	// another way (北1条, 北一条).
	ReasonNumeral = "NUMERAL"
	// ReasonLabels says that the numbers are the same but called differently
	// (1丁目2番 and 1番2号).
	ReasonLabels = "NUMBER_LABELS"
	// ReasonBuilding says that building or room differ or are on one side only.
	ReasonBuilding = "BUILDING"
	// ReasonMunicipality says that one side ends with the municipality, as the
	// register of companies does for representatives who asked for it (代表取締役等
	// 住所非表示措置, since 2024-10-01).
	ReasonMunicipality = "MUNICIPALITY_ONLY"
	// ReasonFlags says that the certificate's substitute flags could not be read.
	ReasonFlags = "FLAGS_UNREADABLE"
	// ReasonSubstitute says that the certificate marks a character as a
	// substitute for one that it cannot hold.
	ReasonSubstitute = "SUBSTITUTE_CHARACTER"

	// ReasonDifferent says that the texts differ; this and the following go with
	// MISMATCH.
	ReasonDifferent = "DIFFERENT"
	// ReasonEmpty says that a side is empty; two empty texts never match.
	ReasonEmpty = "EMPTY"
	// ReasonTooLong says that a side has more than MaxRunes characters.
	ReasonTooLong = "TOO_LONG"
	// ReasonUnreadable says that a side is not UTF-8.
	ReasonUnreadable = "UNREADABLE"
)

// reasons lists every code, lightest first.
var reasons = []string{
	ReasonSame, ReasonVariant, ReasonNotation,
	ReasonCase, ReasonKana, ReasonDash, ReasonRepetition, ReasonRelated, ReasonFormerName, ReasonPrefecture, ReasonCounty, ReasonOaza, ReasonNumeral, ReasonLabels,
	ReasonBuilding, ReasonMunicipality, ReasonFlags, ReasonSubstitute,
	ReasonDifferent, ReasonEmpty, ReasonTooLong, ReasonUnreadable,
}

// Reasons lists every code of a Comparison, lightest first.
func Reasons() []string { return slices.Clone(reasons) }

func weight(reason string) int { return slices.Index(reasons, reason) }

func resultOf(reason string) Result {
	switch w := weight(reason); {
	case w < weight(ReasonCase):
		return MATCH
	case w < weight(ReasonDifferent):
		return POSSIBLE
	}
	return MISMATCH
}

func (d Difference) code() string {
	if d.Position == 0 {
		return d.Reason
	}
	return d.Reason + "@" + strconv.Itoa(d.Position)
}
