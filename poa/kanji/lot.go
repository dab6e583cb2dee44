// SPDX-License-Identifier: Apache-2.0

package kanji

import (
	"slices"
	"strings"
)

// lotNumber is one number of a house number, with what it is called.
type lotNumber struct {
	digits     string // without leading zeros
	label      string // 丁目, 番, 号, or nothing
	substitute bool
}

// labels are the words after a number, longest first, with what they mean: an
// empty one is only a sign between numbers.
var labels = []struct{ word, means string }{
	{"丁目の", "丁目"}, {"丁目-", "丁目"}, {"丁目", "丁目"}, {"番地の", "番"}, {"番地ノ", "番"}, {"番地之", "番"}, {"番地-", "番"}, {"番地", "番"}, {"番の", "番"}, {"番-", "番"}, {"号の", "号"}, {"号-", "号"},
	{"番", "番"}, {"号", "号"}, {"の", ""}, {"ノ", ""}, {"之", ""}, {"-", ""}, {"ー", ""},
}

// placeWords follow a number that belongs to the name of a place.
var placeWords = []string{"条", "線", "地割", "番町", "番丁", "番街", "番館", "丁町", "町", "区", "号線", "号地", "番外"}

// findLot finds the house number: the first number that a label or the end
// follows (kanji digits need a label), and all that labels join to it.
func findLot(list []glyph) (start int, lot []lotNumber, end int) {
	text := make([]rune, len(list))
	for i, g := range list {
		text[i] = g.r
	}
	for at := range text {
		if at > 0 && (isDigit(text[at-1]) || kanjiDigit(text[at-1]) >= 0) {
			continue // in the middle of a number, or of a word as 八重
		}
		if _, next := readNumber(text, at); next > at && beginsLot(text, at, next) {
			lot, end = readLot(list, text, at)
			return at, lot, end
		}
	}
	return len(list), nil, len(list)
}

// beginsLot reports whether the number from at to next may begin a house number.
func beginsLot(text []rune, at, next int) bool {
	rest := string(text[next:min(len(text), next+4)])
	if slices.ContainsFunc(placeWords, func(word string) bool { return strings.HasPrefix(rest, word) }) {
		return false
	}
	if isDigit(text[at]) {
		return true
	}
	if strings.HasPrefix(rest, "丁目") || strings.HasPrefix(rest, "番地") {
		return true
	}
	if !strings.HasPrefix(rest, "番") {
		return false
	}
	after, end := readNumber(text, next+1)
	return next+1 == len(text) || after != "" && (end == len(text) || text[end] == '号') // 十二番七号, not 麻布十番1丁目
}

// readLot reads number, label, number, and so on. A number that no label joins,
// and a kanji number that begins a word, are the building's.
func readLot(list []glyph, text []rune, at int) (lot []lotNumber, end int) {
	joined := true
	for joined {
		digits, next := readNumber(text, at)
		if next == at || len(lot) > 0 && !isDigit(text[at]) && beginsWord(text, next) {
			break
		}
		word, means := labelAt(text, next)
		number := lotNumber{digits: digits, label: means, substitute: hasSubstitute(list[at:next])}
		lot, end = append(lot, number), next
		joined = word != ""
		at = next + len([]rune(word))
		if means != "" {
			end = at
		}
	}
	return lot, end
}

// beginsWord reports whether a kanji number goes on as a word: 二引ビル.
func beginsWord(text []rune, next int) bool {
	word, _ := labelAt(text, next)
	return next < len(text) && word == ""
}

func labelAt(text []rune, at int) (word, means string) {
	rest := string(text[at:min(len(text), at+4)])
	if strings.HasPrefix(rest, "号室") {
		return "", ""
	}
	for _, l := range labels {
		if strings.HasPrefix(rest, l.word) {
			return l.word, l.means
		}
	}
	return "", ""
}

// readNumber reads digits, or a number in kanji, from at; next is at where there
// is none.
func readNumber(text []rune, at int) (digits string, next int) {
	next = at
	for next < len(text) && isDigit(text[next]) {
		next++
	}
	if next > at {
		return trimZeros(string(text[at:next])), next
	}
	for next < len(text) && kanjiDigit(text[next]) >= 0 {
		next++
	}
	digits, ok := kanjiNumber(text[at:next])
	if !ok {
		return "", at
	}
	return digits, next
}

func trimZeros(digits string) string {
	if trimmed := strings.TrimLeft(digits, "0"); trimmed != "" {
		return trimmed
	}
	return "0"
}

// lotDifferences compares the numbers in order.
func lotDifferences(a, b address) []Difference {
	pieces := func(reason string) []Difference { return []Difference{{Reason: reason, A: a.written, B: b.written}} }
	shorter := min(len(a.lot), len(b.lot))
	labelled := false
	var found []Difference
	for i := range shorter {
		x, y := a.lot[i], b.lot[i]
		switch {
		case x.substitute || y.substitute:
			found = pieces(ReasonSubstitute)
		case x.digits != y.digits:
			return pieces(ReasonDifferent)
		case x.label != y.label && x.label != "" && y.label != "":
			labelled = true
		}
	}
	switch {
	case len(a.lot) != len(b.lot):
		return append(found, roomOf(a, b, shorter)...)
	case labelled:
		return append(found, pieces(ReasonLabels)...)
	case a.written != b.written:
		return append(found, pieces(ReasonNotation)...)
	}
	return found
}

// roomOf judges a number that one side has more: behind two or more it may be
// the room, which registers leave out; else it is another place.
func roomOf(a, b address, shorter int) []Difference {
	reason := ReasonDifferent
	if shorter >= 2 {
		reason = ReasonBuilding
	}
	return []Difference{{Reason: reason, A: a.written, B: b.written}}
}
