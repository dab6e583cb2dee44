// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
	"ininjo/poa/poatest"
	"ininjo/server/outside/registry"
	"ininjo/server/outside/webhook"
)

var now = time.Date(2026, 6, 1, 3, 0, 0, 0, time.UTC)

// office is a registry in the test's process, asked over real HTTP.
type office struct {
	*httptest.Server
	client *registry.Client
	clock  *poatest.Clock

	mu    sync.Mutex
	asked int
	says  func(http.ResponseWriter, *http.Request)
}

func newOffice(t *testing.T, says func(http.ResponseWriter, *http.Request), change ...func(*registry.Config)) *office {
	t.Helper()
	o := &office{clock: poatest.NewClock(now), says: says}
	described := loadDescription(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/registrations/{number}", func(w http.ResponseWriter, r *http.Request) {
		for _, fault := range described.request(t, r) {
			t.Errorf("the request is not as described: %s", fault)
		}
		o.mu.Lock()
		o.asked++
		says := o.says
		o.mu.Unlock()
		says(w, r)
	})
	o.Server = httptest.NewServer(mux)
	t.Cleanup(o.Close)
	allowed, err := webhook.ParseAllowance(strings.TrimPrefix(o.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	config := registry.Config{Bodies: map[poa.Qualification]registry.Body{poa.TaxAccountant: {URL: o.URL, Token: "secret"}}, Allowed: []webhook.Allowance{allowed},
		Clock: o.clock, Timeout: 5 * time.Second, Backoff: time.Millisecond, Failures: 2, Pause: time.Minute}
	for _, c := range change {
		c(&config)
	}
	if o.client, err = registry.NewClient(config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.client.Close)
	return o
}

func (o *office) look(t *testing.T) (poa.RegistryAnswer, error) {
	t.Helper()
	return o.client.Look(t.Context(), poa.RegistryQuestion{Qualification: poa.TaxAccountant, Number: "123456", PerSecond: 100})
}

func (o *office) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.asked
}

func (o *office) say(says func(http.ResponseWriter, *http.Request)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.says = says
}

// registration is an answer; rest are its further members.
func registration(standing, rest string) string {
	return fmt.Sprintf(`{"number": "１２３４５６", "qualification": "CERTIFIED_PUBLIC_TAX_ACCOUNTANT", "standing": %q, "asOf": "2026-05-31T00:00:00Z"%s}`, standing, rest)
}

func body(text string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = fmt.Fprint(w, text)
	}
}

func status(code int, header ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	described := loadDescription(t)
	day := poa.Date{Year: 2026, Month: 5, Day: 1}
	asOf := time.Date(2026, 5, 31, 0, 0, 0, 0, time.UTC)
	for name, each := range map[string]struct {
		says string
		want poa.RegistryAnswer
	}{
		"found":     {registration("REGISTERED", `, "name": "佐藤　花子", "office": "佐藤税理士事務所", "new": [1]`), poa.RegistryAnswer{Standing: poa.SeenRegistered, Name: "佐藤　花子", Office: "佐藤税理士事務所"}},
		"suspended": {registration("SUSPENDED", `, "name": "佐藤　花子", "suspension": {"from": "2026-05-01", "until": null}`), poa.RegistryAnswer{Standing: poa.SeenSuspended, Name: "佐藤　花子", From: day}},
		"suspended for a time": {registration("SUSPENDED", `, "name": "佐藤　花子", "suspension": {"from": "2026-05-01", "until": "2026-05-01"}`),
			poa.RegistryAnswer{Standing: poa.SeenSuspended, Name: "佐藤　花子", From: day, Until: day}},
		"struck off": {registration("STRUCK_OFF", `, "name": "佐藤　花子", "struckOffOn": "2026-05-01"`), poa.RegistryAnswer{Standing: poa.SeenStruckOff, Name: "佐藤　花子", From: day}},
		"renamed":    {registration("REGISTERED", `, "name": "鈴木　花子"`), poa.RegistryAnswer{Standing: poa.SeenRegistered, Name: "鈴木　花子"}},
		"not found":  {registration("NOT_FOUND", ""), poa.RegistryAnswer{Standing: poa.SeenNotFound}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if faults := described.answer(t, []byte(each.says)); len(faults) > 0 {
				t.Errorf("the answer is not as described: %v", faults)
			}
			each.want.Number, each.want.AsOf = "１２３４５６", asOf
			got, err := newOffice(t, body(each.says)).look(t)
			if diff := cmp.Diff(each.want, got); diff != "" || err != nil {
				t.Errorf("%v: %s", err, diff)
			}
		})
	}
}

// wantSilent wants no answer, and how long to wait.
func wantSilent(t *testing.T, err error, wait time.Duration) {
	t.Helper()
	var silent *poa.RegistrySilent
	if !errors.As(err, &silent) || silent.RetryAfter != wait {
		t.Errorf("got %v, want silence for %s", err, wait)
	}
	if err != nil && (strings.Contains(err.Error(), "123456") || strings.Contains(err.Error(), "http") || strings.Contains(err.Error(), "花子")) {
		t.Errorf("the error tells too much: %v", err)
	}
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()
	huge := registration("REGISTERED", `, "name": "佐藤　花子", "x": "`+strings.Repeat("a", 70<<10)+`"`)
	for name, says := range map[string]func(http.ResponseWriter, *http.Request){
		"garbage":                      body("<html>花子</html>"),
		"huge":                         body(huge),
		"a page":                       func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, registration("NOT_FOUND", "")) },
		"another's number":             body(strings.Replace(registration("REGISTERED", `, "name": "佐藤　花子"`), "１２３４５６", "999999", 1)),
		"another qualification":        body(strings.Replace(registration("REGISTERED", `, "name": "佐藤　花子"`), "CERTIFIED_PUBLIC_TAX_ACCOUNTANT", "ATTORNEY", 1)),
		"no name":                      body(registration("REGISTERED", "")),
		"a suspension without its day": body(registration("SUSPENDED", `, "name": "佐藤　花子", "suspension": {}`)),
		"a state to come":              body(strings.Replace(registration("REGISTERED", `, "name": "佐藤　花子"`), "2026-05-31", "2026-07-01", 1)),
		"a standing of its own":        body(registration("RETIRED", `, "name": "佐藤　花子"`)),
		"redirect":                     status(http.StatusFound, "Location", "/elsewhere"),
		"unauthorised":                 status(http.StatusUnauthorized),
		"not there":                    status(http.StatusNotFound),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, says)
			_, err := o.look(t)
			wantSilent(t, err, 0)
			if o.count() != 1 {
				t.Errorf("asked %d times: it would be answered the same again", o.count())
			}
		})
	}
	t.Run("500 is tried again, then an answer is taken", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t, nil)
		o.say(func(w http.ResponseWriter, r *http.Request) {
			if o.count() < 3 {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			body(registration("NOT_FOUND", ""))(w, r)
		})
		if got, err := o.look(t); err != nil || got.Standing != poa.SeenNotFound || o.count() != 3 {
			t.Errorf("%v, %v after %d", got, err, o.count())
		}
	})
	t.Run("slow is given up in time", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
			func(c *registry.Config) { c.Timeout, c.Attempts = 50*time.Millisecond, 1 })
		_, err := o.look(t)
		wantSilent(t, err, 0)
	})
	t.Run("a private address is not dialled unless allowed", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t, body(registration("NOT_FOUND", "")))
		if _, err := registry.NewClient(registry.Config{Clock: o.clock, Bodies: map[poa.Qualification]registry.Body{poa.TaxAccountant: {URL: o.URL}}}); err == nil {
			t.Error("plain HTTP to an address that is not allowed was taken")
		}
		secure := strings.Replace(o.URL, "http://", "https://", 1)
		client, err := registry.NewClient(registry.Config{Clock: o.clock, Bodies: map[poa.Qualification]registry.Body{poa.TaxAccountant: {URL: secure}}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Look(t.Context(), poa.RegistryQuestion{Qualification: poa.TaxAccountant, Number: "1"})
		wantSilent(t, err, 0)
		if o.count() != 0 {
			t.Error("it was asked")
		}
	})
}

func TestPatience(t *testing.T) {
	t.Parallel()
	for name, each := range map[string]struct {
		says func(http.ResponseWriter, *http.Request)
		wait time.Duration
	}{
		"429":                  {status(http.StatusTooManyRequests, "Retry-After", "120"), 2 * time.Minute},
		"429 until an instant": {status(http.StatusTooManyRequests, "Retry-After", now.Add(time.Hour).Format(http.TimeFormat)), time.Hour},
		"503":                  {status(http.StatusServiceUnavailable, "Retry-After", "999999999"), 24 * time.Hour},
		"503 for ever":         {status(http.StatusServiceUnavailable, "Retry-After", "99999999999999999999999"), 24 * time.Hour},
	} {
		t.Run(name+" is honoured", func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, each.says)
			_, err := o.look(t)
			wantSilent(t, err, each.wait)
			_, err = o.look(t)
			wantSilent(t, err, each.wait)
			if o.count() != 1 {
				t.Errorf("asked %d times before its time", o.count())
			}
			o.say(body(registration("NOT_FOUND", "")))
			o.clock.Advance(each.wait)
			if _, err := o.look(t); err != nil {
				t.Errorf("in its time: %v", err)
			}
		})
	}
	t.Run("failures in a row open the circuit, one question tries it", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t, status(http.StatusTeapot))
		for range 4 {
			_, _ = o.look(t)
		}
		if got := o.client.States(); o.count() != 2 || got[0].State != "OPEN" || got[0].Failures != 2 {
			t.Errorf("asked %d times, %+v", o.count(), got)
		}
		o.clock.Advance(time.Minute)
		if got := o.client.States(); got[0].State != "HALF_OPEN" {
			t.Errorf("%+v", got)
		}
		_, _ = o.look(t)
		_, _ = o.look(t)
		if got := o.client.States(); o.count() != 3 || got[0].State != "OPEN" {
			t.Errorf("asked %d times, %+v", o.count(), got)
		}
		o.clock.Advance(time.Minute)
		o.say(body(registration("NOT_FOUND", "")))
		if _, err := o.look(t); err != nil || o.client.States()[0].State != "CLOSED" {
			t.Errorf("%v, %+v", err, o.client.States())
		}
	})
	t.Run("a rate that is used up puts the question off", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t, body(registration("NOT_FOUND", "")))
		question := poa.RegistryQuestion{Qualification: poa.TaxAccountant, Number: "123456", PerSecond: 0.01}
		if _, err := o.client.Look(t.Context(), question); err != nil {
			t.Fatal(err)
		}
		_, err := o.client.Look(t.Context(), question)
		var silent *poa.RegistrySilent
		if !errors.As(err, &silent) || silent.RetryAfter < time.Minute || o.count() != 1 {
			t.Errorf("%v after %d", err, o.count())
		}
	})
}
