// SPDX-License-Identifier: Apache-2.0

package jpki_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"ininjo/poa/jpki"
)

func TestParseBirthDate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"Showa":                      {"319800217", "1980-02-17"},
		"Reiwa":                      {"520190501", "2019-05-01"},
		"Heisei":                     {"419890108", "1989-01-08"},
		"Taisho":                     {"219260101", "1926-01-01"},
		"Meiji":                      {"119120730", "1912-07-30"},
		"era unknown":                {"019800217", "1980-02-17"},
		"year of a change, old era":  {"419890107", "1989-01-07"},
		"leap day":                   {"319800229", "1980-02-29"},
		"leap day of unknown year":   {"300000229", "XXXX-02-29"},
		"all but the era unknown":    {"400000000", "XXXX-XX-XX"},
		"all unknown":                {"000000000", "XXXX-XX-XX"},
		"day unknown":                {"319800200", "1980-02-XX"},
		"month and day unknown":      {"319800000", "1980-XX-XX"},
		"month unknown":              {"319800031", "1980-XX-31"},
		"13th month":                 {"319801301", ""},
		"30 February":                {"319800230", ""},
		"29 February, no leap year":  {"319810229", ""},
		"31 April":                   {"319800431", ""},
		"32nd of an unknown month":   {"319800032", ""},
		"unknown era digit":          {"619800217", ""},
		"year before its era":        {"319250101", ""},
		"year after its era":         {"319900101", ""},
		"eight digits":               {"19800217", ""},
		"ten digits":                 {"3198002170", ""},
		"empty":                      {"", ""},
		"sign":                       {"-19800217", ""},
		"full-width digits":          {"３１９", ""},
		"letter":                     {"31980021x", ""},
		"year zero is unknown, fits": {"100000101", "XXXX-01-01"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := jpki.ParseBirthDate(test.text)
			if test.want == "" {
				if jpki.KindOf(err) != jpki.BadBirthDate {
					t.Errorf("got %v, %v", got, err)
				}
				return
			}
			if err != nil || got.String() != test.want {
				t.Errorf("got %v, %v, want %s", got, err, test.want)
			}
		})
	}
}

func TestEveryDayOfShowaIsRead(t *testing.T) {
	t.Parallel()
	first := time.Date(1926, 12, 25, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		day := first.AddDate(0, 0, rapid.IntRange(0, 22660).Draw(t, "days"))
		got, err := jpki.ParseBirthDate("3" + day.Format("20060102"))
		if err != nil {
			t.Fatal(err)
		}
		year, month, date, known := got.Date()
		if !known || got.Era() != jpki.Showa || !time.Date(year, time.Month(month), date, 0, 0, 0, 0, time.UTC).Equal(day) {
			t.Fatalf("got %v for %v", got, day)
		}
	})
}
