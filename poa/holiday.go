// SPDX-License-Identifier: Apache-2.0

package poa

import "time"

// The years that the list of holidays covers.
const (
	HolidaysFrom    = 2026
	HolidaysThrough = 2027
)

// holidays are Japan's national holidays, with the substitute holidays and the
// days between two of them, of the years HolidaysFrom to HolidaysThrough. From
// the Act on National Holidays (国民の祝日に関する法律) and the days of the two
// equinoxes that the Cabinet Office announces each February for the year after.
// Beyond the list only weekends are kept free: the desk says so in time.
var holidays = map[Date]bool{
	{2026, time.January, 1}: true, {2026, time.January, 12}: true, {2026, time.February, 11}: true, {2026, time.February, 23}: true,
	{2026, time.March, 20}: true, {2026, time.April, 29}: true, {2026, time.May, 3}: true, {2026, time.May, 4}: true,
	{2026, time.May, 5}: true, {2026, time.May, 6}: true, {2026, time.July, 20}: true, {2026, time.August, 11}: true,
	{2026, time.September, 21}: true, {2026, time.September, 22}: true, {2026, time.September, 23}: true, {2026, time.October, 12}: true,
	{2026, time.November, 3}: true, {2026, time.November, 23}: true,

	{2027, time.January, 1}: true, {2027, time.January, 11}: true, {2027, time.February, 11}: true, {2027, time.February, 23}: true,
	{2027, time.March, 21}: true, {2027, time.March, 22}: true, {2027, time.April, 29}: true, {2027, time.May, 3}: true,
	{2027, time.May, 4}: true, {2027, time.May, 5}: true, {2027, time.July, 19}: true, {2027, time.August, 11}: true,
	{2027, time.September, 20}: true, {2027, time.September, 23}: true, {2027, time.October, 11}: true, {2027, time.November, 3}: true,
	{2027, time.November, 23}: true,
}

// HolidaysEnd reports whether business days that are counted now may fall
// beyond the list of holidays.
func HolidaysEnd(now time.Time) bool {
	return DateOf(now).AddDays(31).Year > HolidaysThrough
}

// IsBusinessDay reports whether d is a day on which the desk is open: no
// Saturday, Sunday or national holiday, and not 29 December to 3 January (年末年始,
// ours, after the days on which administrative organs rest).
func (d Date) IsBusinessDay() bool {
	if weekday := d.Begins().In(JST).Weekday(); weekday == time.Saturday || weekday == time.Sunday {
		return false
	}
	restful := d.Month == time.December && d.Day >= 29 || d.Month == time.January && d.Day <= 3
	return !restful && !holidays[d]
}

// dueAt is the end of the n-th business day after the day of an instant.
func dueAt(from time.Time, n int) time.Time {
	day := DateOf(from)
	for n > 0 {
		day = day.AddDays(1)
		if day.IsBusinessDay() {
			n--
		}
	}
	return day.Ends()
}
