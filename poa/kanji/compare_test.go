// SPDX-License-Identifier: Apache-2.0

package kanji_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ininjo/poa/kanji"
)

func TestCompareName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, a, b string
		want       kanji.Comparison
	}{
		{"a space between family and given name", "黒桐　幹也", "黒桐幹也", kanji.Comparison{Result: kanji.MATCH, Reason: kanji.ReasonSame}},
		{"full width and half width", "ＡＢＣ株式会社", "ABC 株式会社", kanji.Comparison{Result: kanji.MATCH, Reason: kanji.ReasonSame}},
		{"a compatibility ideograph", "\uFA19田", "神田", kanji.Comparison{Result: kanji.MATCH, Reason: kanji.ReasonSame}},
		{"a Kangxi radical", "⼆宮", "二宮", kanji.Comparison{Result: kanji.MATCH, Reason: kanji.ReasonSame}},
		{"a variation selector", "葛\U000E0100城", "葛城", kanji.Comparison{Result: kanji.MATCH, Reason: kanji.ReasonSame}},
		{"a variant of a character", "髙橋", "高橋", kanji.Comparison{Result: kanji.MISMATCH, Reason: kanji.ReasonDifferent}},
		{"case", "Abc", "ABC", kanji.Comparison{Result: kanji.MISMATCH, Reason: kanji.ReasonDifferent}},
		{"two empty names", " ", "", kanji.Comparison{Result: kanji.MISMATCH, Reason: kanji.ReasonEmpty}},
		{"bytes that are no text", "a\xff", "a\xfe", kanji.Comparison{Result: kanji.MISMATCH, Reason: kanji.ReasonUnreadable}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, kanji.CompareName(c.a, c.b)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCompareAddress(t *testing.T) {
	t.Parallel()
	got := kanji.CompareAddress("東京都清瀬市観布子南１２－７－２０２", "東京都清瀬市観布子南12-7-202")
	if got.Result != kanji.MATCH {
		t.Errorf("width of digits: got %v", got)
	}
	got = kanji.CompareAddress("東京都千代田区1-1", "東京都千代田区1丁目1番")
	if got.Result != kanji.MISMATCH {
		t.Errorf("another way of writing: got %v", got)
	}
}

func TestCompareFlagged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, cert, flags, register string
		want                        kanji.Comparison
	}{
		{"no flags", "山田　太郎", "", "山田太郎", kanji.Comparison{Result: kanji.MATCH, Reason: kanji.ReasonSame}},
		{"no character replaced", "山田　太郎", "00000", "山田太郎", kanji.Comparison{Result: kanji.MATCH, Reason: kanji.ReasonSame}},
		{"one character replaced", "山田　太郎", "10000", "山田太郎", kanji.Comparison{Result: kanji.POSSIBLE, Reason: kanji.ReasonSubstitute}},
		{"one replaced and different", "山田　太郎", "10000", "〇田太郎", kanji.Comparison{Result: kanji.POSSIBLE, Reason: kanji.ReasonSubstitute}},
		{"flags that are none", "山田　太郎", "0x000", "山田太郎", kanji.Comparison{Result: kanji.POSSIBLE, Reason: kanji.ReasonFlags}},
		{"nothing to compare with", "山田　太郎", "10000", "", kanji.Comparison{Result: kanji.MISMATCH, Reason: kanji.ReasonEmpty}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, kanji.CompareNameFlagged(c.cert, c.flags, c.register)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.want, kanji.CompareAddressFlagged(c.cert, c.flags, c.register)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCompareProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		if kanji.CompareName(a, b) != kanji.CompareName(b, a) {
			t.Fatal("comparison depends on the order of its sides")
		}
		if r := kanji.CompareName(a, a+"\u3000"); r.Result != kanji.MATCH && r.Reason != kanji.ReasonEmpty {
			t.Fatalf("a name differs from itself: %v", r)
		}
		flags := rapid.StringMatching(`[01]*1[01]*`).Draw(t, "flags")
		if kanji.CompareNameFlagged(a, flags, a).Result == kanji.MATCH {
			t.Fatal("a flagged name was matched by machine")
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
