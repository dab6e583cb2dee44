// SPDX-License-Identifier: Apache-2.0

package webhook_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"ininjo/poa/poatest"
	"ininjo/server/outside/webhook"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	clock := poatest.NewClock(time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC))
	here := func(d time.Duration) string { return clock.Now().Add(d).Format(http.TimeFormat) }
	const none = "-" // no Date at all
	for name, each := range map[string]struct {
		header, date string
		want         time.Duration
	}{
		"nothing said":                       {"", none, 0},
		"seconds":                            {"120", none, 2 * time.Minute},
		"blanks around":                      {" 7 ", none, 7 * time.Second},
		"at once":                            {"0", none, 0},
		"a day":                              {"86400", none, 24 * time.Hour},
		"more than a day":                    {"86401", none, 24 * time.Hour},
		"more than any number holds":         {strings.Repeat("9", 40), none, 24 * time.Hour},
		"below zero":                         {"-5", none, 0},
		"with a sign":                        {"+5", none, 0},
		"a fraction":                         {"1.5", none, 0},
		"an instant by our clock":            {here(90 * time.Second), none, 90 * time.Second},
		"an instant by the endpoint's clock": {here(time.Hour), here(time.Hour - 30*time.Second), 30 * time.Second},
		"a Date that is none":                {here(time.Minute), "yesterday", time.Minute},
		"an instant gone by":                 {here(-time.Hour), none, 0},
		"an instant next year":               {here(365 * 24 * time.Hour), none, 24 * time.Hour},
		"an instant as RFC 850 wrote it":     {clock.Now().Add(time.Minute).Format("Monday, 02-Jan-06 15:04:05 GMT"), none, time.Minute},
		"words":                              {"soon", none, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Date"] = nil
				if each.date != none {
					w.Header().Set("Date", each.date)
				}
				if each.header != "" {
					w.Header().Set("Retry-After", each.header)
				}
				w.WriteHeader(http.StatusServiceUnavailable)
			})
			c := client(t, webhook.Config{Allowed: allow(t, "127.0.0.1:"+port(s)), Roots: roots(s), Clock: clock})
			if got := post(t, c, s.URL); got.RetryAfter != each.want || got.Status != 503 {
				t.Errorf("%q gave %v (%d %s), want %v", each.header, got.RetryAfter, got.Status, got.Error, each.want)
			}
		})
	}
}

// Whatever an endpoint writes, it is left alone for at most a day and for no time
// below zero; what is a number of seconds is taken as it is.
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "0", "120", "86401", "-5", "1.5", strings.Repeat("9", 40), "Thu, 26 Nov 2026 12:01:30 GMT", "Thursday, 26-Nov-26 12:01:30 GMT", "Thu Nov 26 12:01:30 2026", "Fri, 31 Dec 9999 23:59:59 GMT", "soon"} {
		f.Add(seed, "Thu, 26 Nov 2026 12:00:00 GMT")
		f.Add(seed, "")
	}
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text, date string) {
		got := webhook.RetryAfter(http.Header{"Retry-After": {text}, "Date": {date}}, now)
		if got < 0 || got > 24*time.Hour {
			t.Fatalf("%q at %q gave %s", text, date, got)
		}
		if seconds, err := strconv.ParseUint(text, 10, 16); err == nil && got != time.Duration(seconds)*time.Second {
			t.Errorf("%q gave %s", text, got)
		}
	})
}
