// SPDX-License-Identifier: Apache-2.0

package webhook_test

import (
	"context"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/jobs"
	"ininjo/server/outside/webhook"
)

// names is a resolver that answers each lookup with the next list of
// addresses, and the last one for ever.
type names struct {
	answers [][]string
	asked   atomic.Int64
}

func (n *names) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	i := min(int(n.asked.Add(1)), len(n.answers)) - 1
	if i < 0 {
		return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
	}
	var found []netip.Addr
	for _, text := range n.answers[i] {
		found = append(found, netip.MustParseAddr(text))
	}
	return found, nil
}

func resolving(answers ...[]string) *names { return &names{answers: answers} }

func serve(t *testing.T, handle http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewTLSServer(handle)
	t.Cleanup(s.Close)
	return s
}

func roots(s *httptest.Server) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return pool
}

func client(t *testing.T, c webhook.Config) *webhook.Client {
	t.Helper()
	made := webhook.NewClient(c)
	t.Cleanup(made.Close)
	return made
}

func allow(t *testing.T, texts ...string) []webhook.Allowance {
	t.Helper()
	var all []webhook.Allowance
	for _, text := range texts {
		a, err := webhook.ParseAllowance(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, a)
	}
	return all
}

func post(t *testing.T, c *webhook.Client, address string) jobs.Response {
	t.Helper()
	return c.Post(t.Context(), jobs.Request{URL: address, Header: http.Header{"Webhook-Id": {"msg_1"}, "User-Agent": {"Ininjo/test"}}, Body: []byte(`{"a":1}`)})
}

func port(s *httptest.Server) string {
	u, _ := url.Parse(s.URL)
	return u.Port()
}

func TestPost(t *testing.T) {
	t.Parallel()
	var seen http.Header
	var body []byte
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header.Clone()
		body, _ = io.ReadAll(r.Body)
		_, _ = io.WriteString(w, "thank you")
	})
	c := client(t, webhook.Config{Allowed: allow(t, "127.0.0.1:"+port(s)), Roots: roots(s)})
	if diff := cmp.Diff(jobs.Response{Status: 200, Body: []byte("thank you")}, post(t, c, s.URL+"/hook")); diff != "" {
		t.Error(diff)
	}
	if string(body) != `{"a":1}` || seen.Get("Webhook-Id") != "msg_1" || seen.Get("User-Agent") != "Ininjo/test" || seen.Get("Accept-Encoding") != "" {
		t.Errorf("received %q with %v", body, seen)
	}
}

func TestPostAnswers(t *testing.T) {
	t.Parallel()
	for name, each := range map[string]struct {
		handle http.HandlerFunc
		want   jobs.Response
	}{
		"error of the server": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, jobs.Response{Status: 500, Error: jobs.PostStatus, Body: []byte{}}},
		"gone":                {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(410) }, jobs.Response{Status: 410, Error: jobs.PostStatus, Body: []byte{}}},
		"huge body":           {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 8<<20)) }, jobs.Response{Status: 200, Body: make([]byte, 4096)}},
		"huge header":         {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Big", strings.Repeat("a", 1<<20)) }, jobs.Response{Error: jobs.PostTooLarge}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, each.handle)
			c := client(t, webhook.Config{Allowed: allow(t, "127.0.0.1:"+port(s)), Roots: roots(s)})
			if diff := cmp.Diff(each.want, post(t, c, s.URL)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPostFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	var reached atomic.Bool
	target := serve(t, func(http.ResponseWriter, *http.Request) { reached.Store(true) })
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, target.URL, http.StatusTemporaryRedirect)
	})
	c := client(t, webhook.Config{Allowed: allow(t, "127.0.0.0/8"), Roots: roots(s)})
	if got := post(t, c, s.URL); got.Status != http.StatusTemporaryRedirect || got.Error != jobs.PostStatus || reached.Load() {
		t.Errorf("got %d %s, target reached %t", got.Status, got.Error, reached.Load())
	}
}

func TestPostEnds(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	c := client(t, webhook.Config{Allowed: allow(t, "127.0.0.1"), Roots: roots(s), Deadline: 100 * time.Millisecond})
	if got := post(t, c, s.URL); got.Error != jobs.PostTimeout {
		t.Errorf("an endpoint that hangs gave %q", got.Error)
	}
}

func TestPostFails(t *testing.T) {
	t.Parallel()
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	here := webhook.Config{Allowed: allow(t, "127.0.0.1"), Roots: roots(s)}
	named := func(n *names) webhook.Config { return webhook.Config{Resolver: n, Roots: roots(s)} }
	for name, each := range map[string]struct {
		config  webhook.Config
		address string
		want    string
	}{
		"nobody listens":        {here, "https://" + gone.Addr().String(), jobs.PostRefused},
		"unknown certificate":   {webhook.Config{Allowed: here.Allowed}, s.URL, jobs.PostTLS},
		"plain HTTP spoken":     {here, strings.Replace(s.URL, "https:", "http:", 1), jobs.PostStatus},
		"name not found":        {named(resolving()), "https://nowhere.example/", jobs.PostDNS},
		"loopback":              {webhook.Config{Roots: roots(s)}, s.URL, jobs.PostNotAllowed},
		"loopback by name":      {named(resolving([]string{"127.0.0.1"})), "https://evil.example:" + port(s), jobs.PostNotAllowed},
		"loopback in IPv6":      {webhook.Config{}, "https://[::ffff:127.0.0.1]:" + port(s), jobs.PostNotAllowed},
		"loopback as a number":  {webhook.Config{Resolver: resolving([]string{"127.0.0.1"})}, "https://2130706433:" + port(s), jobs.PostNotAllowed},
		"metadata of a cloud":   {webhook.Config{}, "https://169.254.169.254/latest", jobs.PostNotAllowed},
		"another port":          {webhook.Config{Allowed: allow(t, "127.0.0.1:1")}, s.URL, jobs.PostNotAllowed},
		"a port of mail":        {webhook.Config{}, "https://1.1.1.1:25/", jobs.PostNotAllowed},
		"plain HTTP, public":    {webhook.Config{}, "http://1.1.1.1/", jobs.PostNotAllowed},
		"file":                  {webhook.Config{}, "file:///etc/passwd", jobs.PostInvalid},
		"user in the address":   {here, "https://user:secret@127.0.0.1/", jobs.PostInvalid},
		"no address":            {here, "::", jobs.PostInvalid},
		"all addresses private": {named(resolving([]string{"10.0.0.1", "fd00::1", "::1"})), "https://evil.example", jobs.PostNotAllowed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := post(t, client(t, each.config), each.address); got.Error != each.want {
				t.Errorf("got %d %q, want %q", got.Status, got.Error, each.want)
			}
		})
	}
}

// A name that is public when it is checked and private when it is dialled.
func TestRebinding(t *testing.T) {
	t.Parallel()
	var reached atomic.Bool
	s := serve(t, func(http.ResponseWriter, *http.Request) { reached.Store(true) })
	resolver := resolving([]string{"8.8.8.8"}, []string{"127.0.0.1"})
	c := client(t, webhook.Config{Resolver: resolver, Roots: roots(s)})
	u, err := url.Parse("https://rebinding.example:" + port(s))
	if err != nil {
		t.Fatal(err)
	}
	if !c.Allowed(t.Context(), u) {
		t.Error("a public address was not allowed")
	}
	if got := post(t, c, u.String()); got.Error != jobs.PostNotAllowed || reached.Load() {
		t.Errorf("got %q, reached %t", got.Error, reached.Load())
	}
}

func TestAllowed(t *testing.T) {
	t.Parallel()
	public, mixed := []string{"8.8.8.8", "2606:4700::1111"}, []string{"8.8.8.8", "10.0.0.1"}
	for address, each := range map[string]struct {
		addresses []string
		want      bool
	}{
		"https://partner.example/hook":       {public, true},
		"https://partner.example:8443/hook":  {public, true},
		"https://partner.example:25/":        {public, false},
		"https://partner.example:0/":         {public, false},
		"https://partner.example:70000/":     {public, false},
		"https://mixed.example/":             {mixed, false},
		"http://partner.example/":            {public, false},
		"http://127.0.0.1:9000/hook":         {nil, true},
		"https://127.0.0.1:9000/hook":        {nil, true},
		"http://127.0.0.1:9001/hook":         {nil, false},
		"https://[fd00::1]/":                 {nil, false},
		"https://[::1]:9000/":                {nil, false},
		"https://nowhere.example/":           {nil, false},
		"https://user@partner.example/":      {public, false},
		"ftp://partner.example/":             {public, false},
		"https:///hook":                      {public, false},
		"http://internal.example:9000/hook":  {[]string{"127.0.0.1"}, true},
		"http://internal2.example:9000/hook": {[]string{"127.0.0.1", "8.8.8.8"}, false},
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			u, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			resolver := resolving()
			if each.addresses != nil {
				resolver = resolving(each.addresses)
			}
			c := client(t, webhook.Config{Allowed: allow(t, "127.0.0.1:9000"), Resolver: resolver})
			if got := c.Allowed(t.Context(), u); got != each.want {
				t.Errorf("got %t", got)
			}
		})
	}
}
