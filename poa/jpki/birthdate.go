// SPDX-License-Identifier: Apache-2.0

package jpki

import (
	"fmt"
	"time"
)

// Era is the first digit of a birth date in a certificate.
type Era int

// The eras, as digits of the certificate.
const (
	EraUnknown Era = iota
	Meiji
	Taisho
	Showa
	Heisei
	Reiwa
)

// eraDays hold the first and last day of each era, as numbers YYYYMMDD. The day of a change in 1912 and 1926 belongs to both.
var eraDays = map[Era][2]int{
	EraUnknown: {0, 99991231}, Meiji: {18680125, 19120730}, Taisho: {19120730, 19261225}, Showa: {19261225, 19890107},
	Heisei: {19890108, 20190430}, Reiwa: {20190501, 99991231},
}

// BirthDate is 生年月日 as a certificate holds it: EYYYYMMDD, an era's digit and the Gregorian date, zeros for what is
// unknown (facts of the field 2.2). It is comparable; the zero value is wholly unknown.
type BirthDate struct {
	era              Era
	year, month, day int
}

// ParseBirthDate reads the nine digits. Its Fault never repeats them.
func ParseBirthDate(text string) (BirthDate, error) {
	if len(text) != 9 {
		return BirthDate{}, fault(BadBirthDate, "not nine digits")
	}
	number := 0
	for _, digit := range []byte(text) {
		if digit < '0' || digit > '9' {
			return BirthDate{}, fault(BadBirthDate, "not nine digits")
		}
		number = number*10 + int(digit-'0')
	}
	b := BirthDate{era: Era(number / 1e8), year: number / 1e4 % 1e4, month: number / 100 % 100, day: number % 100}
	days, ok := eraDays[b.era]
	switch {
	case !ok:
		return BirthDate{}, fault(BadBirthDate, "an unknown era")
	case b.month > 12 || b.day > b.longestDay():
		return BirthDate{}, fault(NoSuchDay, "no such day")
	case b.year != 0 && (b.number(12, 31) < days[0] || b.number(1, 1) > days[1]):
		return BirthDate{}, fault(EraMismatch, "outside of its era")
	}
	return b, nil
}

// number is the date as YYYYMMDD, with this month and day where they are unknown.
func (b BirthDate) number(month, day int) int {
	if b.month != 0 {
		month = b.month
	}
	if b.day != 0 {
		day = b.day
	}
	return b.year*1e4 + month*100 + day
}

// longestDay is the last day that the known parts allow: 31 in an unknown month, 29 February in an unknown year.
func (b BirthDate) longestDay() int {
	if b.month == 0 {
		return 31
	}
	year := b.year
	if year == 0 {
		year = 2000
	}
	return time.Date(year, time.Month(b.month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// Date returns the Gregorian date, 0 for an unknown part; known is true where all three are known.
func (b BirthDate) Date() (year, month, day int, known bool) {
	return b.year, b.month, b.day, b.year != 0 && b.month != 0 && b.day != 0
}

// Era returns the era that the certificate names.
func (b BirthDate) Era() Era { return b.era }

// Equal reports whether both say the same, the era included.
func (b BirthDate) Equal(other BirthDate) bool { return b == other }

// String returns the date as 1980-02-17, with X for unknown digits (ISO 8601-2: 1980-XX-XX).
func (b BirthDate) String() string {
	return part(b.year, 4) + "-" + part(b.month, 2) + "-" + part(b.day, 2)
}

func part(value, width int) string {
	if value == 0 {
		return "XXXX"[:width]
	}
	return fmt.Sprintf("%0*d", width, value)
}
