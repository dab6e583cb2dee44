// SPDX-License-Identifier: Apache-2.0

package kanji

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// prefectures are Japan's, by which an address in a certificate begins.
var prefectures = strings.Fields("北海道 青森県 岩手県 宮城県 秋田県 山形県 福島県 茨城県 栃木県 群馬県 埼玉県 千葉県 東京都 神奈川県 新潟県 富山県 石川県 福井県 山梨県 長野県 岐阜県 静岡県 愛知県 三重県 滋賀県 京都府 大阪府 兵庫県 奈良県 和歌山県 鳥取県 島根県 岡山県 広島県 山口県 徳島県 香川県 愛媛県 高知県 福岡県 佐賀県 長崎県 熊本県 大分県 宮崎県 鹿児島県 沖縄県")

// address is an address in its three parts. Only lot is read as numbers: digits
// in names of towns (八重洲, 千代田) and buildings (二引ビル) are letters.
type address struct {
	prefecture, town []glyph
	lot              []lotNumber
	written          string // the house number as it stands there
	building         []glyph
}

func readAddress(list []glyph) address {
	var a address
	a.prefecture, list = cutPrefecture(list)
	start, lot, end := findLot(list)
	a.town, a.lot, a.building = list[:start], lot, list[end:]
	a.written = textOf(list[start:end])
	return a
}

func cutPrefecture(list []glyph) (prefecture, rest []glyph) {
	head := textOf(list[:min(len(list), 4)]) // none is longer
	for _, name := range prefectures {
		if n := utf8.RuneCountInString(name); strings.HasPrefix(head, name) && len(list) > n {
			return list[:n], list[n:]
		}
	}
	return nil, list
}

// addressDifferences compares part by part.
func addressDifferences(left, right []glyph) []Difference {
	a, b := readAddress(left), readAddress(right)
	var found []Difference
	switch {
	case len(a.prefecture) > 0 && len(b.prefecture) > 0:
		found = textDifferences(a.prefecture, b.prefecture, 0)
	case len(a.prefecture)+len(b.prefecture) > 0:
		found = append(found, Difference{Reason: ReasonPrefecture, A: textOf(a.prefecture), B: textOf(b.prefecture)})
	}
	if different(found) {
		return found
	}
	if short, ok := municipalityOnly(a, b); ok {
		return append(found, short...)
	}
	found = append(found, townDifferences(a.town, b.town, max(len(a.prefecture), len(b.prefecture)))...)
	return append(append(found, lotDifferences(a, b)...), buildingDifferences(a.building, b.building)...)
}

func different(found []Difference) bool { return outcome(found).Result == MISMATCH }

// municipalityOnly finds one side that ends with the municipality where the
// other goes on.
func municipalityOnly(a, b address) ([]Difference, bool) {
	short, long := a, b
	if len(short.town) > len(long.town) || len(short.lot) > 0 {
		short, long = b, a
	}
	n := len(short.town)
	if n == 0 || len(short.lot) > 0 || len(short.building) > 0 || n > len(long.town) || !strings.ContainsRune("市区町村", short.town[n-1].r) {
		return nil, false
	}
	if n == len(long.town) && len(long.lot) == 0 && len(long.building) == 0 {
		return nil, false // both end there
	}
	found := textDifferences(a.town[:n], b.town[:n], 0)
	if different(found) {
		return nil, false
	}
	return append([]Difference{{Reason: ReasonMunicipality, A: textOf(a.town[n:]) + a.written + textOf(a.building), B: textOf(b.town[n:]) + b.written + textOf(b.building)}}, found...), true
}

// townDifferences compares what stands left of the house number. Where the
// texts differ they are compared again without county, then without 大字 and 字,
// then with the numbers of 条, 線 and 地割 in digits.
func townDifferences(a, b []glyph, offset int) []Difference {
	plain := textDifferences(a, b, offset)
	if !different(plain) {
		return plain
	}
	for _, drop := range []struct {
		reason string
		from   func(list, other []glyph) []glyph
	}{{ReasonCounty, withoutCounty}, {ReasonOaza, func(list, _ []glyph) []glyph { return withoutOaza(list) }}, {ReasonNumeral, func(list, _ []glyph) []glyph { return withDigits(list) }}} {
		shortA, shortB := drop.from(a, b), drop.from(b, a)
		if slices.Equal(shortA, a) && slices.Equal(shortB, b) {
			continue
		}
		note := Difference{Reason: drop.reason, A: textOf(a), B: textOf(b)}
		if rest := textDifferences(shortA, shortB, 0); !different(rest) {
			return append([]Difference{note}, rest...)
		}
		a, b = shortA, shortB
	}
	return plain
}

// withoutCounty takes 郡 and what is before it away where the other has none:
// only before a town or village, so that 郡山市 keeps its name.
func withoutCounty(list, other []glyph) []glyph {
	at := slices.IndexFunc(list, func(g glyph) bool { return g.r == '郡' })
	if at < 1 || at+1 >= len(list) || slices.ContainsFunc(other, func(g glyph) bool { return g.r == '郡' }) {
		return list
	}
	if !strings.ContainsAny(textOf(list[at+1:]), "町村") {
		return list
	}
	return list[at+1:]
}

// withoutOaza takes 大字, 小字 and 字 away, but not the 字 of 文字 and 十字.
func withoutOaza(list []glyph) []glyph {
	var out []glyph
	for i := 0; i < len(list); i++ {
		r := list[i].r
		switch {
		case (r == '大' || r == '小') && i+1 < len(list) && list[i+1].r == '字':
			i++
		case r == '字' && i > 0 && !strings.ContainsRune("文十名赤数", list[i-1].r):
		default:
			out = append(out, list[i])
		}
	}
	return out
}

// withDigits writes the numbers of 条, 線 and 地割 in digits.
func withDigits(list []glyph) []glyph {
	text := []rune(textOf(list))
	var out []glyph
	for at := 0; at < len(list); {
		digits, next := readNumber(text, at)
		rest := string(text[next:min(len(text), next+2)])
		if next == at || !strings.HasPrefix(rest, "条") && !strings.HasPrefix(rest, "線") && rest != "地割" {
			next = max(next, at+1)
			out, at = append(out, list[at:next]...), next
			continue
		}
		marked := hasSubstitute(list[at:next])
		for _, r := range digits {
			out = append(out, glyph{r, marked})
		}
		at = next
	}
	return out
}

// buildingDifferences compares building and room: those that only one side
// has, or that are written differently, are for a person; other numbers in them
// are another door.
func buildingDifferences(a, b []glyph) []Difference {
	a, b = withoutRoomWord(a), withoutRoomWord(b)
	if len(a) == 0 && len(b) == 0 {
		return nil
	}
	found := textDifferences(a, b, 0)
	if len(a) > 0 && len(b) > 0 && !different(found) {
		return found
	}
	digitsA, digitsB := digitsIn(a), digitsIn(b)
	if digitsA != digitsB && digitsA != "" && digitsB != "" {
		return []Difference{{Reason: ReasonDifferent, A: textOf(a), B: textOf(b)}}
	}
	return []Difference{{Reason: ReasonBuilding, A: textOf(a), B: textOf(b)}}
}

// withoutRoomWord takes the word for a room off the end: 202号室 is 202.
func withoutRoomWord(list []glyph) []glyph {
	text := textOf(list)
	for _, word := range []string{"号室", "号", "室"} {
		before, found := strings.CutSuffix(text, word)
		if found && (before == "" || isDigit(rune(before[len(before)-1]))) {
			return list[:len(list)-len([]rune(word))]
		}
	}
	return list
}

func digitsIn(list []glyph) string {
	return strings.Join(strings.FieldsFunc(textOf(list), func(r rune) bool { return !isDigit(r) }), " ")
}
