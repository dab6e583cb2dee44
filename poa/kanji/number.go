// SPDX-License-Identifier: Apache-2.0

package kanji

import (
	"strconv"
	"strings"
)

// maxKanjiNumber bounds the characters of a number in kanji: 千二百三十四.
const maxKanjiNumber = 9

// kanjiDigit returns the value of a digit or unit (十 10, 百 100, 千 1000), or -1.
func kanjiDigit(r rune) int {
	switch r {
	case '〇', '零':
		return 0
	case '十':
		return 10
	case '百':
		return 100
	case '千':
		return 1000
	}
	if at := strings.IndexRune("一二三四五六七八九", r); at >= 0 {
		return at/len("一") + 1
	}
	return -1
}

// kanjiNumber reads 二十三 and 二三 as 23. What is no number, as 十千, is not read.
func kanjiNumber(text []rune) (string, bool) {
	if len(text) == 0 || len(text) > maxKanjiNumber {
		return "", false
	}
	if !strings.ContainsAny(string(text), "十百千") {
		var digits strings.Builder
		for _, r := range text {
			digits.WriteString(strconv.Itoa(kanjiDigit(r)))
		}
		return trimZeros(digits.String()), true
	}
	total, pending, last := 0, 0, 10_000
	for _, r := range text {
		value := kanjiDigit(r)
		switch {
		case value >= 10 && value < last:
			total, pending, last = total+max(pending, 1)*value, 0, value
		case value >= 10 || pending > 0 || value == 0:
			return "", false
		default:
			pending = value
		}
	}
	return strconv.Itoa(total + pending), true
}
