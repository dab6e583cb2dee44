// SPDX-License-Identifier: Apache-2.0

package timestamp_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"ininjo/poa/cms"
	"ininjo/poa/poatest"
	"ininjo/server/outside/timestamp"
)

var instant = time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC)

var digest = sha256.Sum256([]byte("evidence"))

// authority is a TSA behind a real HTTP server.
func authority(t *testing.T, ca *poatest.CA, clock *poatest.Clock) (*poatest.TSA, string) {
	t.Helper()
	tsa := poatest.MustTSA(t, ca)
	server := httptest.NewServer(tsa.Handler(clock))
	t.Cleanup(server.Close)
	return tsa, server.URL + "/tsa?subscriber=1"
}

func client(t *testing.T, config timestamp.Config) *timestamp.Client {
	t.Helper()
	c, err := timestamp.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestStampReturnsAVerifiedToken(t *testing.T) {
	t.Parallel()
	clock := poatest.NewClock(instant)
	tsa, address := authority(t, poatest.MustCA(t, instant), clock)
	c := client(t, timestamp.Config{URLs: []string{address}, Roots: tsa.Roots(), Clock: clock, Policies: []string{poatest.TSAPolicy}})
	token, err := c.Stamp(t.Context(), digest[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	stamp, err := cms.VerifyTimeStamp(token, digest[:], crypto.SHA256, tsa.Roots())
	if err != nil || !stamp.Time.Equal(instant) {
		t.Errorf("stamped %v, %v", stamp.Time, err)
	}
}

func TestStampRefuses(t *testing.T) {
	t.Parallel()
	ca := poatest.MustCA(t, instant)
	for fault, want := range map[poatest.TSAFault]string{
		poatest.TSAWrongNonce:    string(cms.TimeStampNonce),
		poatest.TSAWrongImprint:  string(cms.TimeStampImprint),
		poatest.TSAExpired:       string(cms.TimeStampPeriod),
		poatest.TSAWrongUsage:    string(cms.TimeStampUsage),
		poatest.TSARefuses:       "timeNotAvailable",
		poatest.TSAGarbage:       string(cms.Malformed),
		poatest.TSASlow:          "in time",
		poatest.TSAServerError:   "status 503",
		poatest.TSARedirects:     "status 302",
		poatest.TSAWrongType:     "no time stamp reply",
		poatest.TSATooLarge:      "too large",
		poatest.TSAWithoutAnswer: "no answer came",
	} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			clock := poatest.NewClock(instant)
			bad, address := authority(t, ca, clock)
			bad.Do(fault)
			limit := 5 * time.Second
			if fault == poatest.TSASlow {
				limit = 50 * time.Millisecond
			}
			config := timestamp.Config{URLs: []string{address}, Roots: bad.Roots(), Timeout: limit, Clock: clock}
			token, err := client(t, config).Stamp(t.Context(), digest[:], crypto.SHA256)
			if token != nil || err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "subscriber") {
				t.Errorf("got %v, want %s", err, want)
			}
			_, second := authority(t, ca, clock)
			config.URLs = append(config.URLs, second)
			if _, err := client(t, config).Stamp(t.Context(), digest[:], crypto.SHA256); err != nil {
				t.Errorf("the second authority was not asked, or refused: %v", err)
			}
		})
	}
}

func TestStampRefusesWhatItsSettingsDoNotAllow(t *testing.T) {
	t.Parallel()
	ca, clock := poatest.MustCA(t, instant), poatest.NewClock(instant)
	tsa, address := authority(t, ca, clock)
	other := poatest.MustTSA(t, poatest.MustCA(t, instant, poatest.WithOwnKey()))
	ahead := poatest.NewClock(instant.Add(6 * time.Minute))
	for name, test := range map[string]struct {
		config timestamp.Config
		want   string
	}{
		"another root":           {timestamp.Config{Roots: other.Roots(), Clock: clock}, string(cms.TimeStampUntrusted)},
		"another policy":         {timestamp.Config{Roots: tsa.Roots(), Clock: clock, Policies: []string{"1.2.3"}}, "another policy"},
		"another time than ours": {timestamp.Config{Roots: tsa.Roots(), Clock: ahead}, "our clock"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.config.URLs = []string{address}
			if _, err := client(t, test.config).Stamp(t.Context(), digest[:], crypto.SHA256); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	t.Run("a caller that gave up", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		c := client(t, timestamp.Config{URLs: []string{address, address}, Roots: tsa.Roots(), Clock: clock})
		if _, err := c.Stamp(ctx, digest[:], crypto.SHA256); err == nil || strings.Contains(err.Error(), "authority 2") {
			t.Errorf("got %v", err)
		}
	})
}

// A proxy is used where one is set, and only there.
func TestStampGoesThroughTheProxyThatIsSet(t *testing.T) {
	t.Parallel()
	clock := poatest.NewClock(instant)
	tsa := poatest.MustTSA(t, poatest.MustCA(t, instant))
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Host != "tsa.invalid" {
			http.Error(w, "not asked as a proxy", http.StatusBadGateway)
			return
		}
		tsa.Handler(clock).ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	through, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, timestamp.Config{URLs: []string{"http://tsa.invalid/"}, Roots: tsa.Roots(), Clock: clock, Proxy: through})
	if _, err := c.Stamp(t.Context(), digest[:], crypto.SHA256); err != nil {
		t.Error(err)
	}
}

func TestNewClientRefusesWhatCannotBeMeant(t *testing.T) {
	t.Parallel()
	tsa, clock := poatest.MustTSA(t, poatest.MustCA(t, instant)), poatest.NewClock(instant)
	for name, config := range map[string]timestamp.Config{
		"no authority": {Roots: tsa.Roots(), Clock: clock},
		"no roots":     {URLs: []string{"https://tsa.example"}, Clock: clock},
		"no clock":     {URLs: []string{"https://tsa.example"}, Roots: tsa.Roots()},
		"ldap":         {URLs: []string{"ldap://tsa.example"}, Roots: tsa.Roots(), Clock: clock},
		"a password":   {URLs: []string{"https://a:b@tsa.example"}, Roots: tsa.Roots(), Clock: clock},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := timestamp.NewClient(config); err == nil {
				t.Error("taken")
			} else if errors.Unwrap(err) != nil && strings.Contains(err.Error(), "a:b") {
				t.Error("the password is in the error")
			}
		})
	}
}
