// SPDX-License-Identifier: Apache-2.0

package kanji_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ininjo/poa/kanji"
)

func TestCompareAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, a, b string
		want       kanji.Result
		reasons    string
	}{
		{"width of digits", "東京都清瀬市観布子南１２－７－２０２", "東京都清瀬市観布子南12-7-202", kanji.MATCH, ""},
		{"chome, banchi and dashes", "東京都千代田区霞が関1-1-1", "東京都千代田区霞が関一丁目1番1号", kanji.MATCH, "ADDRESS_NOTATION"},
		{"all in kanji", "東京都港区三田１－４－２８", "東京都港区三田一丁目四番二十八号", kanji.MATCH, "ADDRESS_NOTATION"},
		{"banchi-no", "埼玉県川口市青木２番地の１", "埼玉県川口市青木2-1", kanji.MATCH, "ADDRESS_NOTATION"},
		{"banchi and no label", "京都府京都市中京区寺町通１２番地", "京都府京都市中京区寺町通12", kanji.MATCH, "ADDRESS_NOTATION"},
		{"a long-vowel sign between digits", "大阪府大阪市北区梅田１ー２ー３", "大阪府大阪市北区梅田1-2-3", kanji.MATCH, "ADDRESS_NOTATION"},
		{"a room with and without its word", "東京都清瀬市観布子南12-7-202", "東京都清瀬市観布子南12番7号202号室", kanji.MATCH, "ADDRESS_NOTATION"},
		{"an old form in a town", "東京都渋谷区恵比寿1-1", "東京都澁谷区恵比壽1-1", kanji.MATCH, "VARIANT_FORM@4 VARIANT_FORM@9"},

		{"digits in a ward (issue 185: 千代田)", "東京都千代田区千代田1-1", "東京都千代田区7000代田1-1", kanji.MISMATCH, ""},
		{"digits in a town (issue 185: 八重洲)", "東京都中央区八重洲1-2", "東京都中央区8重洲1-2", kanji.MISMATCH, ""},
		{"the town keeps its kanji", "東京都中央区八重洲二丁目２番１号", "東京都中央区八重洲2-2-1", kanji.MATCH, "ADDRESS_NOTATION"},
		{"digits in a building (issue 186: 二引ビル)", "東京都港区芝1-2-3二引ビル", "東京都港区芝1-2-32引ビル", kanji.MISMATCH, ""},
		{"the building keeps its kanji", "東京都港区芝一丁目２番３号二引ビル", "東京都港区芝1-2-3 二引ビル", kanji.MATCH, "ADDRESS_NOTATION"},
		{"a long vowel in a building", "東京都港区芝1-2-3コーポ芝", "東京都港区芝1-2-3 コーポ芝", kanji.MATCH, ""},
		{"a dash for the long vowel of a building", "東京都港区芝1-2-3コ-ポ芝", "東京都港区芝1-2-3コーポ芝", kanji.POSSIBLE, "DASH@2"},
		{"numbered towns", "東京都千代田区三番町６番地", "東京都千代田区三番町6", kanji.MATCH, "ADDRESS_NOTATION"},
		{"another numbered town", "東京都千代田区三番町6", "東京都千代田区四番町6", kanji.MISMATCH, ""},
		{"a town named for a number", "東京都港区麻布十番1-2-3", "東京都港区麻布十番一丁目2番3号", kanji.MATCH, "ADDRESS_NOTATION"},
		{"Roppongi", "東京都港区六本木6-10-1", "東京都港区六本木六丁目10番1号", kanji.MATCH, "ADDRESS_NOTATION"},
		{"jō of Sapporo", "北海道札幌市中央区北１条西２丁目", "北海道札幌市中央区北一条西2丁目", kanji.POSSIBLE, "NUMERAL"},

		{"the prefecture is missing", "東京都清瀬市観布子南12-7", "清瀬市観布子南12-7", kanji.POSSIBLE, "PREFECTURE_MISSING"},
		{"another prefecture", "東京都府中市本町1-1", "広島県府中市本町1-1", kanji.MISMATCH, ""},
		{"the county is missing", "長野県北安曇郡白馬村北城1", "長野県白馬村北城1", kanji.POSSIBLE, "COUNTY_MISSING"},
		{"a city whose name holds 郡", "福島県郡山市朝日1-23-7", "福島県山市朝日1-23-7", kanji.MISMATCH, ""},
		{"oaza is missing", "埼玉県川口市大字芝100番地", "埼玉県川口市芝100番地", kanji.POSSIBLE, "OAZA_MISSING"},
		{"aza is missing", "青森県弘前市大字石川字大仏1", "青森県弘前市石川大仏1", kanji.POSSIBLE, "OAZA_MISSING"},
		{"the municipality only", "東京都清瀬市観布子南12-7-202", "東京都清瀬市", kanji.POSSIBLE, "MUNICIPALITY_ONLY"},
		{"the ward only", "大阪府大阪市北区梅田1-2-3", "大阪府大阪市北区", kanji.POSSIBLE, "MUNICIPALITY_ONLY"},
		{"another municipality only", "東京都清瀬市観布子南12-7-202", "東京都町田市", kanji.MISMATCH, ""},
		{"both the municipality only", "東京都清瀬市", "東京都清瀬市", kanji.MATCH, ""},
		{"ケ and ヶ", "埼玉県さいたま市桜ケ丘1-1", "埼玉県さいたま市桜ヶ丘1-1", kanji.POSSIBLE, "KANA@10"},
		{"が and ヶ", "東京都千代田区霞が関1-1", "東京都千代田区霞ヶ関1-1", kanji.POSSIBLE, "KANA@9"},
		{"の and ノ and 之", "東京都千代田区丸の内1-1", "東京都千代田区丸ノ内1-1", kanji.POSSIBLE, "KANA@9"},
		{"ツ and ッ", "東京都新宿区四ツ谷1-1", "東京都新宿区四ッ谷1-1", kanji.POSSIBLE, "KANA@8"},
		{"the building on one side", "東京都港区芝1-2-3二引ビル5階", "東京都港区芝1-2-3", kanji.POSSIBLE, "BUILDING"},
		{"the room on one side", "東京都清瀬市観布子南12-7-202", "東京都清瀬市観布子南12番7号", kanji.POSSIBLE, "BUILDING"},
		{"another room", "東京都清瀬市観布子南12-7-202", "東京都清瀬市観布子南12-7-203", kanji.MISMATCH, "DIFFERENT"},
		{"another room of a building", "東京都港区芝1-2-3メゾン101", "東京都港区芝1-2-3メゾン102号室", kanji.MISMATCH, "DIFFERENT"},
		{"another number", "東京都港区芝1-2-3", "東京都港区芝1-2-4", kanji.MISMATCH, "DIFFERENT"},
		{"no number on one side", "東京都港区芝1-2-3", "東京都港区芝", kanji.MISMATCH, "DIFFERENT"},
		{"one number on one side", "東京都港区芝1-2", "東京都港区芝1", kanji.MISMATCH, "DIFFERENT"},
		{"the same numbers under other names", "東京都港区芝1丁目2番", "東京都港区芝1番2号", kanji.POSSIBLE, "NUMBER_LABELS"},
		{"digits that are joined", "東京都港区芝12-3", "東京都港区芝1-23", kanji.MISMATCH, "DIFFERENT"},
		{"another town", "東京都港区芝1-2-3", "東京都港区芝浦1-2-3", kanji.MISMATCH, "DIFFERENT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, got := range []kanji.Comparison{kanji.CompareAddress(c.a, c.b), kanji.CompareAddress(c.b, c.a)} {
				reasons := strings.Join(got.Reasons, " ")
				if got.Result != c.want || c.reasons != reasons && (c.want != kanji.MISMATCH || c.reasons != "") {
					t.Errorf("got %+v", got)
				}
			}
		})
	}
}

// TestHouseNumbersMatchHoweverWritten draws a number and writes it in two ways.
func TestHouseNumbersMatchHoweverWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		town := rapid.SampledFrom([]string{"東京都中央区八重洲", "東京都千代田区千代田", "東京都港区六本木", "京都府京都市中京区三条町"}).Draw(t, "town")
		n := rapid.SliceOfN(rapid.IntRange(1, 99), 3, 3).Draw(t, "numbers")
		ways := []string{
			digits(n[0]) + "-" + digits(n[1]) + "-" + digits(n[2]),
			digits(n[0]) + "丁目" + digits(n[1]) + "番" + digits(n[2]) + "号",
			inKanji(n[0]) + "丁目" + digits(n[1]) + "番地の" + digits(n[2]),
			inKanji(n[0]) + "丁目" + inKanji(n[1]) + "番" + inKanji(n[2]) + "号",
			wide(digits(n[0])) + "－" + wide(digits(n[1])) + "−" + wide(digits(n[2])),
		}
		a, b := rapid.SampledFrom(ways).Draw(t, "a"), rapid.SampledFrom(ways).Draw(t, "b")
		got := kanji.CompareAddress(town+a, town+b)
		conflict := strings.Contains(a+b, "番地の") && strings.Contains(a+b, "号") // 番地の2 has no label of its own
		if got.Result != kanji.MATCH && !conflict {
			t.Fatalf("%s and %s: %v", a, b, got)
		}
		n[rapid.IntRange(0, 2).Draw(t, "which")] += rapid.IntRange(1, 50).Draw(t, "more")
		other := digits(n[0]) + "-" + digits(n[1]) + "-" + digits(n[2])
		if got := kanji.CompareAddress(town+a, town+other); got.Result != kanji.MISMATCH {
			t.Fatalf("%s and %s: %v", a, other, got)
		}
	})
}

func digits(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return digits(n/10) + digits(n%10)
}

func inKanji(n int) string {
	ones := []string{"", "一", "二", "三", "四", "五", "六", "七", "八", "九"}
	switch {
	case n >= 100:
		return "百" + inKanji(n-100)
	case n >= 20:
		return ones[n/10] + "十" + ones[n%10]
	case n >= 10:
		return "十" + ones[n-10]
	}
	return ones[n]
}

func FuzzCompare(f *testing.F) {
	for _, seed := range [][3]string{
		{"黒桐　幹也", "00000", "黒桐幹也"}, {"東京都清瀬市観布子南１２－７－２０２", "", "東京都清瀬市観布子南十二番七号"}, {"\xff", "1", "（"}, {"大字字", "101", "一二三丁目番地"},
		{"ｶﾞ\u3099葛\U000E0100", "00000", "千千百十"}, {"", "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, cert, flags, register string) {
		for _, got := range []kanji.Comparison{kanji.CompareNameFlagged(cert, flags, register), kanji.CompareAddressFlagged(cert, flags, register)} {
			if got.Result == kanji.MATCH && strings.Contains(flags, "1") {
				t.Error("matched what is flagged")
			}
			if len(got.Reasons) > 20 {
				t.Error("reasons without end")
			}
		}
	})
}

func BenchmarkCompareAddress(b *testing.B) {
	for b.Loop() {
		kanji.CompareAddressFlagged("東京都清瀬市観布子南１２－７－２０２", strings.Repeat("0", 18), "東京都清瀬市観布子南十二番七号202号室")
	}
}
