// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"ininjo/poa/poatest"
)

func newTestThrottle(t *testing.T, perSecond float64, trusted ...string) (*throttle, *poatest.Clock) {
	t.Helper()
	clock := poatest.NewClock(time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))
	var prefixes []netip.Prefix
	for _, text := range trusted {
		prefixes = append(prefixes, netip.MustParsePrefix(text))
	}
	often, err := newThrottle(clock, perSecond, prefixes, newMetrics())
	if err != nil {
		t.Fatal(err)
	}
	return often, clock
}

func requestFrom(remote string, forwarded ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/sign-in", nil)
	r.RemoteAddr = remote
	r.Header["X-Forwarded-For"] = forwarded
	return r
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	often, clock := newTestThrottle(t, 0.5)
	one, other := requestFrom("192.0.2.1:1000"), requestFrom("192.0.2.2:1000")
	for i := range anonymousBurst {
		if wait := often.wait(one); wait != 0 {
			t.Fatalf("request %d waits for %v", i, wait)
		}
	}
	for range 3 { // asking too early costs nothing
		if wait := often.wait(one); wait != 2*time.Second {
			t.Errorf("waits for %v", wait)
		}
	}
	if wait := often.wait(other); wait != 0 {
		t.Errorf("another client waits for %v", wait)
	}
	metrics := httptest.NewRecorder()
	often.metrics.handler().ServeHTTP(metrics, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	wantText(t, metrics.Body.String(), "\nininjo_rate_limited_total 3\n")
	clock.Set(clock.Now().Add(2 * time.Second))
	if first, second := often.wait(one), often.wait(one); first != 0 || second != 2*time.Second {
		t.Errorf("after the wait: %v, %v", first, second)
	}
	clock.Set(clock.Now().Add(24 * time.Hour))
	for range anonymousBurst {
		often.wait(one)
	}
	if often.wait(one) == 0 {
		t.Error("a day's rest gave more than the burst")
	}
}

func TestThrottleForgetsClients(t *testing.T) {
	t.Parallel()
	often, _ := newTestThrottle(t, 1)
	for i := range rememberedClients + 10 {
		often.wait(requestFrom(fmt.Sprintf("10.%d.%d.1:9", i/256, i%256)))
	}
	if kept := often.clients.Len(); kept != rememberedClients {
		t.Errorf("%d clients are remembered", kept)
	}
}

func TestThrottleSwitchedOff(t *testing.T) {
	t.Parallel()
	often, _ := newTestThrottle(t, 0)
	for range 10 * anonymousBurst {
		if often.wait(requestFrom("192.0.2.1:1")) != 0 {
			t.Fatal("somebody waits")
		}
	}
}

func TestThrottleLetsTokensPass(t *testing.T) {
	t.Parallel()
	often, _ := newTestThrottle(t, 1)
	bearer, query, bare := requestFrom("192.0.2.1:1"), requestFrom("192.0.2.1:1"), requestFrom("192.0.2.1:1")
	bearer.Header.Set("Authorization", "Bearer x")
	query.Method = http.MethodGet
	for range 2 * anonymousBurst {
		often.anonymousWait(bare)
	}
	if often.anonymousWait(bare) == 0 || often.anonymousWait(bearer) != 0 || often.anonymousWait(query) != 0 {
		t.Error("the wrong ones wait")
	}
	often.reads = true // anyone may ask for validity, by GET as well
	if often.anonymousWait(query) == 0 || often.anonymousWait(bearer) != 0 {
		t.Error("who asks by GET without a token does not wait")
	}
}

func TestClientOfRequest(t *testing.T) {
	t.Parallel()
	proxies := []string{"10.0.0.0/8", "2001:db8:ffff::/48"}
	for name, c := range map[string]struct {
		remote    string
		forwarded []string
		want      string
	}{
		"IPv4":                              {"192.0.2.7:1", nil, "192.0.2.7/32"},
		"IPv4 in IPv6":                      {"[::ffff:192.0.2.7]:1", nil, "192.0.2.7/32"},
		"IPv6 counts by subscriber":         {"[2001:db8:1:2:3:4:5:6]:1", nil, "2001:db8:1:2::/64"},
		"a zone":                            {"[fe80::1%eth0]:1", nil, "fe80::/64"},
		"a stranger's word":                 {"192.0.2.7:1", []string{"198.51.100.1"}, "192.0.2.7/32"},
		"a proxy's word":                    {"10.1.1.1:1", []string{"198.51.100.1"}, "198.51.100.1/32"},
		"a proxy's word over IPv6":          {"[2001:db8:ffff::1]:1", []string{"2001:db8:1:2::9"}, "2001:db8:1:2::/64"},
		"what the client made up":           {"10.1.1.1:1", []string{"203.0.113.5, 198.51.100.1"}, "198.51.100.1/32"},
		"a made-up header line":             {"10.1.1.1:1", []string{"203.0.113.5", "198.51.100.1"}, "198.51.100.1/32"},
		"a made-up proxy":                   {"10.1.1.1:1", []string{"10.9.9.9, 198.51.100.1"}, "198.51.100.1/32"},
		"two proxies":                       {"10.1.1.1:1", []string{"203.0.113.5, 198.51.100.1,10.2.2.2"}, "198.51.100.1/32"},
		"proxies alone":                     {"10.1.1.1:1", []string{"10.2.2.2"}, "10.2.2.2/32"},
		"a proxy that says nothing":         {"10.1.1.1:1", nil, "10.1.1.1/32"},
		"a proxy that says what is no word": {"10.1.1.1:1", []string{"198.51.100.1, unknown"}, "10.1.1.1/32"},
		"a port":                            {"10.1.1.1:1", []string{"198.51.100.1:4711"}, "198.51.100.1/32"},
		"brackets":                          {"10.1.1.1:1", []string{"[2001:db8::1]"}, "2001:db8::/64"},
		"no address":                        {"@", []string{"198.51.100.1"}, "invalid Prefix"},
	} {
		often, _ := newTestThrottle(t, 1, proxies...)
		if got := clientOfRequest(requestFrom(c.remote, c.forwarded...), often.trusted); got.String() != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestTooOften wants every way in for anonymous callers to be bounded together,
// and nothing else.
func TestTooOften(t *testing.T) {
	t.Parallel()
	p, base := serving(t, nil, "--data-dir", freshHome(t), "--anonymous-rate", "0.01", "--trusted-proxies", "127.0.0.0/8")
	defer p.stop(t)
	c := clientOf(t, base, "")
	from := func(client string) http.Header { return http.Header{"X-Forwarded-For": {client}} }
	const flood = "198.51.100.1"
	mutation := `{"query":"mutation($input: RegisterRecipientInput!) { registerRecipient(input: $input) { errors { code } } }"}`
	graphQL := func(client string) answer {
		header := from(client)
		header.Set("Content-Type", "application/json")
		return do(t, c, http.MethodPost, "/graphql", header, mutation)
	}
	post := func(client, path, language string) answer {
		header := from(client)
		header.Set("Content-Type", "application/x-www-form-urlencoded")
		header.Set("Sec-Fetch-Site", "same-origin")
		header.Set("Accept-Language", language)
		return do(t, noRedirect(c), http.MethodPost, path, header, url.Values{"email": {"a@example.jp"}, "password": {"x"}}.Encode())
	}
	for i := range anonymousBurst {
		if got := graphQL(flood); got.status == http.StatusTooManyRequests {
			t.Fatalf("request %d was too early", i)
		}
	}
	t.Run("GraphQL", func(t *testing.T) {
		got := graphQL(flood)
		if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") == "" || !strings.Contains(string(got.body), `"code":"RATE_LIMITED"`) || strings.Contains(string(got.body), `"data"`) {
			t.Errorf("%d %v %s", got.status, got.header, got.body)
		}
	})
	for _, path := range []string{"/sign-in", "/register/delegator", "/register/recipient", "/l/x", "/l/x/challenge", "/l/x/decline"} {
		t.Run(path, func(t *testing.T) {
			for language, word := range map[string]string{"ja": "秒後に", "en": "You can try again in "} {
				got := post(flood, path, language)
				if seconds := got.header.Get("Retry-After"); got.status != http.StatusTooManyRequests || seconds == "" || !strings.Contains(string(got.body), word) || !strings.Contains(string(got.body), seconds) {
					t.Errorf("%d %v", got.status, got.header)
				}
			}
			if got := post("198.51.100.2", path, "ja"); got.status == http.StatusTooManyRequests {
				t.Error("another client is refused")
			}
		})
	}
	t.Run("reading goes on", func(t *testing.T) {
		for _, path := range []string{"/", "/sign-in", "/healthz", "/repository", "/graphql?query={__typename}"} {
			if got := get(t, c, path, from(flood)); got.status != http.StatusOK {
				t.Errorf("%s answered %d", path, got.status)
			}
		}
	})
}

func TestRateLimitRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ flag, want string }{
		"a negative rate": {"--anonymous-rate=-1", "--anonymous-rate"},
		"no number":       {"--anonymous-rate=NaN", "--anonymous-rate"},
		"no prefix":       {"--trusted-proxies=proxy", "trusted-proxies"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantText(t, refused(t, nil, "serve", "--data-dir", freshHome(t), c.flag), c.want)
		})
	}
}
