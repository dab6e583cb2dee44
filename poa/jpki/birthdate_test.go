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
	tests := map[string]struct{ text, want string }{ // a Kind where it is refused
		"Showa":                      {"319800217", "1980-02-17"},
		"Reiwa":                      {"520190501", "2019-05-01"},
		"Heisei":                     {"419890108", "1989-01-08"},
		"Taisho":                     {"219260101", "1926-01-01"},
		"Meiji":                      {"119120730", "1912-07-30"},
		"era unknown":                {"019800217", "1980-02-17"},
		"Showa on Heisei's eve":      {"319890107", "1989-01-07"},
		"Heisei a day early":         {"419890107", "ERA_MISMATCH"},
		"Showa a day late":           {"319890108", "ERA_MISMATCH"},
		"Reiwa a day early":          {"520190430", "ERA_MISMATCH"},
		"day of change, old era":     {"219261225", "1926-12-25"},
		"day of change, new era":     {"319261225", "1926-12-25"},
		"Taisho before its month":    {"219120600", "ERA_MISMATCH"},
		"month unknown in a change":  {"419890000", "1989-XX-XX"},
		"31 February of an era date": {"319800231", "NO_SUCH_DAY"},
		"year of an unknown era":     {"018500101", "1850-01-01"},
		"leap day":                   {"319800229", "1980-02-29"},
		"leap day of unknown year":   {"300000229", "XXXX-02-29"},
		"all but the era unknown":    {"400000000", "XXXX-XX-XX"},
		"all unknown":                {"000000000", "XXXX-XX-XX"},
		"day unknown":                {"319800200", "1980-02-XX"},
		"month and day unknown":      {"319800000", "1980-XX-XX"},
		"month unknown":              {"319800031", "1980-XX-31"},
		"13th month":                 {"319801301", "NO_SUCH_DAY"},
		"30 February":                {"319800230", "NO_SUCH_DAY"},
		"29 February, no leap year":  {"319810229", "NO_SUCH_DAY"},
		"31 April":                   {"319800431", "NO_SUCH_DAY"},
		"32nd of an unknown month":   {"319800032", "NO_SUCH_DAY"},
		"unknown era digit":          {"619800217", "BAD_BIRTH_DATE"},
		"year before its era":        {"319250101", "ERA_MISMATCH"},
		"year after its era":         {"319900101", "ERA_MISMATCH"},
		"eight digits":               {"19800217", "BAD_BIRTH_DATE"},
		"ten digits":                 {"3198002170", "BAD_BIRTH_DATE"},
		"empty":                      {"", "BAD_BIRTH_DATE"},
		"sign":                       {"-19800217", "BAD_BIRTH_DATE"},
		"full-width digits":          {"３１９", "BAD_BIRTH_DATE"},
		"letter":                     {"31980021x", "BAD_BIRTH_DATE"},
		"year zero is unknown, fits": {"100000101", "XXXX-01-01"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := jpki.ParseBirthDate(test.text)
			if kind := jpki.KindOf(err); kind != "" {
				if string(kind) != test.want {
					t.Errorf("got %v, want %s", err, test.want)
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
		day := first.AddDate(0, 0, rapid.IntRange(0, 22659).Draw(t, "days"))
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
