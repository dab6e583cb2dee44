// SPDX-License-Identifier: Apache-2.0

package kanji_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ininjo/poa/kanji"
	"ininjo/poa/locale"
)

func TestCompareName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, a, b string
		want       kanji.Result
		reasons    string // joined by a space
	}{
		{"a space between family and given name", "黒桐　幹也", "黒桐幹也", kanji.MATCH, ""},
		{"a no-break space", "黒桐\u00A0幹也", "黒桐　幹也", kanji.MATCH, ""},
		{"full width and half width", "ＡＢＣ株式会社", "ABC 株式会社", kanji.MATCH, ""},
		{"half-width kana", "ｶﾞﾝﾀﾞﾑ", "ガンダム", kanji.MATCH, ""},
		{"a compatibility ideograph", "\uFA19田", "神田", kanji.MATCH, ""},
		{"a Kangxi radical", "⼆宮", "二宮", kanji.MATCH, ""},
		{"a variation selector", "葛\U000E0100城", "葛城", kanji.MATCH, ""},
		{"dashes of other widths", "ジャン‐ポール", "ジャン－ポール", kanji.MATCH, ""},
		{"高 with a ladder", "髙橋", "高橋", kanji.MATCH, "VARIANT_FORM@1"},
		{"﨑", "山﨑", "山崎", kanji.MATCH, "VARIANT_FORM@2"},
		{"𠮷", "𠮷田", "吉田", kanji.MATCH, "VARIANT_FORM@1"},
		{"德", "德川　家康", "徳川家康", kanji.MATCH, "VARIANT_FORM@1"},
		{"澤 and 沢", "澤田", "沢田", kanji.MATCH, "VARIANT_FORM@1"},
		{"濱 and 浜", "濱口", "浜口", kanji.MATCH, "VARIANT_FORM@1"},
		{"邊 and 辺", "渡邊", "渡辺", kanji.MATCH, "VARIANT_FORM@2"},
		{"齋 and 斎", "齋藤", "斎藤", kanji.MATCH, "VARIANT_FORM@1"},
		{"齊 and 斉", "齊藤", "斉藤", kanji.MATCH, "VARIANT_FORM@1"},
		{"several old forms", "廣澤 眞壽", "広沢真寿", kanji.MATCH, "VARIANT_FORM@1 VARIANT_FORM@2 VARIANT_FORM@3 VARIANT_FORM@4"},
		{"a pair that the list of names joins", "檜山", "桧山", kanji.MATCH, "VARIANT_FORM@1"},
		{"鷗 and 鴎", "森鷗外", "森鴎外", kanji.MATCH, "VARIANT_FORM@2"},
		{"邉 and 辺", "渡邉", "渡辺", kanji.POSSIBLE, "RELATED_CHARACTER@2"},
		{"邉 and 邊", "渡邉", "渡邊", kanji.POSSIBLE, "RELATED_CHARACTER@2"},
		{"斎 and 斉 are two characters", "斎藤", "斉藤", kanji.POSSIBLE, "RELATED_CHARACTER@1"},
		{"齋 and 斉", "齋藤", "斉藤", kanji.POSSIBLE, "RELATED_CHARACTER@1"},
		{"齋 and 齊", "齋藤", "齊藤", kanji.POSSIBLE, "RELATED_CHARACTER@1"},
		{"嶋 and 島", "嶋田", "島田", kanji.POSSIBLE, "RELATED_CHARACTER@1"},
		{"濵 and 浜", "濵口", "浜口", kanji.POSSIBLE, "RELATED_CHARACTER@1"},
		{"冨 and 富", "冨田", "富田", kanji.POSSIBLE, "RELATED_CHARACTER@1"},
		{"栁 and 柳", "栁田", "柳田", kanji.POSSIBLE, "RELATED_CHARACTER@1"},
		{"two characters that are both written 弁", "辨慶", "辯慶", kanji.POSSIBLE, "RELATED_CHARACTER@1"},
		{"a related character and a form of one", "德嵜", "徳崎", kanji.POSSIBLE, "VARIANT_FORM@1 RELATED_CHARACTER@2"},
		{"a form of 駆, and what is related to another form of it", "驅田", "駈田", kanji.POSSIBLE, "RELATED_CHARACTER@1"},
		{"small and large kana", "キッコーマン", "キツコーマン", kanji.POSSIBLE, "KANA@2"},
		{"hiragana and katakana", "さくら", "サクラ", kanji.POSSIBLE, "KANA@1 KANA@2 KANA@3"},
		{"capitals", "Anna Maria", "ANNA MARIA", kanji.POSSIBLE, "LETTER_CASE@2 LETTER_CASE@3 LETTER_CASE@4 LETTER_CASE@6 LETTER_CASE@7 LETTER_CASE@8 LETTER_CASE@9"},
		{"a dash for a long vowel", "ジョ-ンズ", "ジョーンズ", kanji.POSSIBLE, "DASH@3"},
		{"a mark of repetition", "佐々木", "佐佐木", kanji.POSSIBLE, "REPETITION_MARK@2"},
		{"a former name in brackets", "山田［田中］花子", "山田花子", kanji.POSSIBLE, "NAME_IN_BRACKETS"},
		{"a former name on both sides", "山田（田中）花子", "山田(田中) 花子", kanji.MATCH, ""},
		{"a former name that is another", "山田（田中）花子", "鈴木花子", kanji.MISMATCH, "NAME_IN_BRACKETS DIFFERENT@1 DIFFERENT@2"},
		{"another person", "山田太郎", "山田次郎", kanji.MISMATCH, "DIFFERENT@3"},
		{"another person with an old form", "澤田太郎", "沢田次郎", kanji.MISMATCH, "VARIANT_FORM@1 DIFFERENT@3"},
		{"a character more", "山田太郎", "山田太", kanji.MISMATCH, "DIFFERENT"},
		{"ガ and ケ in a name", "ガン", "ケン", kanji.MISMATCH, "DIFFERENT@1"},
		{"two empty names", " ", "", kanji.MISMATCH, "EMPTY"},
		{"bytes that are no text", "a\xff", "a\xfe", kanji.MISMATCH, "UNREADABLE"},
		{"a text without end", strings.Repeat("山", kanji.MaxRunes+1), strings.Repeat("山", kanji.MaxRunes+1), kanji.MISMATCH, "TOO_LONG"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, got := range []kanji.Comparison{kanji.CompareName(c.a, c.b), kanji.CompareName(c.b, c.a)} {
				if got.Result != c.want || strings.Join(got.Reasons, " ") != c.reasons {
					t.Errorf("got %+v", got)
				}
			}
		})
	}
}

func TestReasonsNeverHoldTheTexts(t *testing.T) {
	t.Parallel()
	got := kanji.CompareName(strings.Repeat("山田", 40), strings.Repeat("鈴木", 40))
	if len(got.Reasons) != 20 || strings.ContainsAny(strings.Join(got.Reasons, ""), "山田鈴木") {
		t.Errorf("got %v", got)
	}
	want := []kanji.Difference{{Reason: kanji.ReasonVariant, Position: 1, A: "髙", B: "高"}, {Reason: kanji.ReasonDifferent, Position: 3, A: "太", B: "次"}}
	if diff := cmp.Diff(want, kanji.ExplainName("髙田　太郎", "00000", "高田次郎")); diff != "" {
		t.Error(diff)
	}
}

func TestCompareFlagged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, cert, flags, register string
		want                        kanji.Result
		reason                      string
	}{
		{"no flags", "山田　太郎", "", "山田太郎", kanji.MATCH, kanji.ReasonSame},
		{"no character replaced", "山田　太郎", "00000", "山田太郎", kanji.MATCH, kanji.ReasonSame},
		{"one character replaced", "山田　太郎", "10000", "山田太郎", kanji.POSSIBLE, kanji.ReasonSubstitute},
		{"one replaced and different there", "〓田　太郎", "10000", "𠮟田太郎", kanji.POSSIBLE, kanji.ReasonSubstitute},
		{"one replaced and different elsewhere", "〓田　太郎", "10000", "𠮟田次郎", kanji.MISMATCH, kanji.ReasonDifferent},
		{"one replaced, of another length", "〓田　太郎", "10000", "田太郎", kanji.MISMATCH, kanji.ReasonDifferent},
		{"the space replaced", "山田　太郎", "00100", "山田太郎", kanji.POSSIBLE, kanji.ReasonSubstitute},
		{"a selector between", "葛\U000E0100城　〓", "00001", "葛城太", kanji.POSSIBLE, kanji.ReasonSubstitute},
		{"flags that are none", "山田　太郎", "0x000", "山田太郎", kanji.POSSIBLE, kanji.ReasonFlags},
		{"too few flags", "山田　太郎", "000", "山田太郎", kanji.POSSIBLE, kanji.ReasonFlags},
		{"too few flags and another name", "山田　太郎", "000", "鈴木太郎", kanji.MISMATCH, kanji.ReasonDifferent},
		{"nothing to compare with", "山田　太郎", "10000", "", kanji.MISMATCH, kanji.ReasonEmpty},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, got := range []kanji.Comparison{kanji.CompareNameFlagged(c.cert, c.flags, c.register), kanji.CompareAddressFlagged(c.cert, c.flags, c.register)} {
				if got.Result != c.want || got.Reason != c.reason {
					t.Errorf("got %+v", got)
				}
			}
		})
	}
}

// names draws texts as registers hold them, with what makes them hard.
var names = rapid.StringOfN(rapid.RuneFrom([]rune("山田太郎髙高澤沢邉辺斎齋斉ァアｱガケヶーﾞ-Ａa1二丁目番地号のノ大字市区町村県東京都千代八重洲（） 　々")), 1, 14, -1)

func TestCompareProperties(t *testing.T) {
	t.Parallel()
	compare := map[string]func(a, b string) kanji.Comparison{"names": kanji.CompareName, "addresses": kanji.CompareAddress}
	for name, compare := range compare {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				text := rapid.OneOf(names, rapid.String())
				a, b := text.Draw(t, "a"), text.Draw(t, "b")
				if x, y := compare(a, b), compare(b, a); x.Result != y.Result || x.Reason != y.Reason {
					t.Fatalf("the order of the sides counts: %v, %v", x, y)
				}
				for _, other := range []string{a, a + "\u3000", "\u00A0" + a + "\U000E0101", wide(a)} {
					if r := compare(a, other); r.Result != kanji.MATCH && r.Reason != kanji.ReasonEmpty {
						t.Fatalf("a text differs from itself, as %+q: %v", other, r)
					}
				}
			})
		})
	}
}

// wide writes ASCII in full width.
func wide(s string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' && r <= '~' {
			return r + 0xFEE0
		}
		return r
	}, s)
}

func TestNothingFlaggedIsMatched(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := names.Draw(t, "a"), names.Draw(t, "b")
		n := utf8.RuneCountInString(a)
		flags := []byte(strings.Repeat("0", n))
		for range rapid.IntRange(1, n).Draw(t, "substitutes") {
			flags[rapid.IntRange(0, n-1).Draw(t, "at")] = '1'
		}
		for _, register := range []string{a, b} {
			if kanji.CompareNameFlagged(a, string(flags), register).Result == kanji.MATCH || kanji.CompareAddressFlagged(a, string(flags), register).Result == kanji.MATCH {
				t.Fatal("a flagged text was matched by machine")
			}
		}
		if flagged, plain := kanji.CompareNameFlagged(a, string(flags), b), kanji.CompareName(a, b); flagged.Result == kanji.MISMATCH && plain.Result != kanji.MISMATCH {
			t.Fatal("a flag makes what may match a mismatch")
		}
	})
}

// TestAnotherCharacterNeverMatches changes one character of a name into one of
// the ordinary ones.
func TestAnotherCharacterNeverMatches(t *testing.T) {
	t.Parallel()
	ordinary := rapid.SampledFrom([]rune("山田川木林森花子太郎次三四五六七八九春夏秋冬"))
	rapid.Check(t, func(t *rapid.T) {
		name := []rune(rapid.StringOfN(ordinary, 2, 8, -1).Draw(t, "name"))
		other := slices.Clone(name)
		at := rapid.IntRange(0, len(name)-1).Draw(t, "at")
		if other[at] = ordinary.Draw(t, "other"); other[at] == name[at] {
			return
		}
		if got := kanji.CompareName(string(name), string(other)); got.Result == kanji.MATCH {
			t.Fatalf("%s and %s match", string(name), string(other))
		}
		if got := kanji.CompareAddress("東京都"+string(name)+"町", "東京都"+string(other)+"町"); got.Result == kanji.MATCH {
			t.Fatalf("%s and %s match", string(name), string(other))
		}
	})
}

func TestFold(t *testing.T) {
	t.Parallel()
	if got := kanji.Fold("ＡＢＣ　ｶﾌﾞ 葛\U000E0100"); got != "abcカブ葛" {
		t.Errorf("got %q", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		once := kanji.Fold(s)
		if twice := kanji.Fold(once); twice != once {
			t.Fatalf("folding twice: %+q, once: %+q", twice, once)
		}
	})
}

func TestBigrams(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]string{
		"": nil, "　": nil, "森": {"森"}, "東京 都": {"東京", "京都"}, "ＡＡＡ": {"aa"},
	} {
		if diff := cmp.Diff(want, kanji.Bigrams(in)); diff != "" {
			t.Errorf("%q: %s", in, diff)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		all := kanji.Bigrams(rapid.String().Draw(t, "s"))
		seen := map[string]bool{}
		for _, pair := range all {
			if seen[pair] {
				t.Fatalf("%+q twice", pair)
			}
			seen[pair] = true
		}
	})
}

func TestEveryReasonHasItsTexts(t *testing.T) {
	t.Parallel()
	for _, reason := range kanji.Reasons() {
		for _, language := range locale.Languages {
			if !locale.Has(language, "comparison."+reason) {
				t.Errorf("%s has no text for %s", language, reason)
			}
		}
	}
}
