// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"fmt"
	"time"
)

// JST is Japan Standard Time, UTC+9 without summer time since 1951. Terms are
// days of Japan's calendar (design.md, rule 2).
var JST = time.FixedZone("JST", 9*60*60)

// Date is a day of the Gregorian calendar, without a time of day or a zone.
// The zero Date is no date.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads a date written YYYY-MM-DD and refuses days that do not exist.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("parsing date: want YYYY-MM-DD")
	}
	return Date{t.Year(), t.Month(), t.Day()}, nil
}

// DateOf returns the day in Japan at the instant t.
func DateOf(t time.Time) Date {
	y, m, d := t.In(JST).Date()
	return Date{y, m, d}
}

// String returns YYYY-MM-DD, or "" for the zero Date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	if uint(d.Year) > 9999 || uint(d.Month) > 12 || uint(d.Day) > 31 { // nobody's date, and slow
		return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
	}
	b := [10]byte{4: '-', 7: '-'}
	digits(b[:4], d.Year)
	digits(b[5:7], int(d.Month))
	digits(b[8:], d.Day)
	return string(b[:])
}

// digits fills b with the last digits of n.
func digits(b []byte, n int) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
}

// IsZero reports whether d is no date.
func (d Date) IsZero() bool { return d == Date{} }

// Begins returns the first instant of the day in Japan, in UTC.
func (d Date) Begins() time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, JST).UTC()
}

// Ends returns the first instant after the day in Japan, in UTC: a term that
// runs through d holds before this instant and no longer at it. A day of JST has
// 24 hours.
func (d Date) Ends() time.Time { return d.Begins().Add(24 * time.Hour) }

// AddDays returns the day n days after d.
func (d Date) AddDays(n int) Date {
	t := time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC)
	return Date{t.Year(), t.Month(), t.Day()}
}

// addYears returns the same day n years later; of 29 February in a year
// without one, 1 March.
func (d Date) addYears(n int) Date {
	t := time.Date(d.Year+n, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
	return Date{t.Year(), t.Month(), t.Day()}
}

// Before reports whether d is an earlier day than other.
func (d Date) Before(other Date) bool { return d.Begins().Before(other.Begins()) }

// MarshalText writes YYYY-MM-DD.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads YYYY-MM-DD, and no text as the zero Date.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	v, err := ParseDate(string(b))
	if err != nil {
		return err
	}
	*d = v
	return nil
}
