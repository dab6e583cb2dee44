// SPDX-License-Identifier: Apache-2.0

package webhook_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foxcpp/go-mockdns"

	"ininjo/jobs"
	"ininjo/poa"
	"ininjo/server/outside/webhook"
)

// short is long enough for an exchange on a busy machine and short enough to wait
// for.
const short = 2 * time.Second

// machine is the clock that crypto/tls compares certificates with.
var machine poa.SystemClock

// raw speaks TLS and then whatever it likes: a receiver that keeps no rules.
func raw(t *testing.T, answer func(net.Conn)) (address string, pool *x509.CertPool) {
	t.Helper()
	model := serve(t, nil)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: model.TLS.Certificates, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if request, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					_, _ = io.Copy(io.Discard, request.Body)
					answer(conn)
				}
			}()
		}
	}()
	return "https://" + l.Addr().String(), roots(model)
}

// endless writes the same for ever.
func endless(conn net.Conn, text string) {
	for {
		if _, err := io.WriteString(conn, text); err != nil {
			return
		}
	}
}

// untilClosed waits until the other side gives up.
func untilClosed(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

func TestReceiversThatKeepNoRules(t *testing.T) {
	t.Parallel()
	for name, each := range map[string]struct {
		answer func(net.Conn)
		status int
		want   string
	}{
		"closes without an answer": {func(net.Conn) {}, 0, jobs.PostRefused},
		"hangs":                    {untilClosed, 0, jobs.PostTimeout},
		"half a status line":       {func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 2") }, 0, jobs.PostRefused},
		"half a header": {func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Le")
		}, 0, jobs.PostRefused},
		"a header that comes drop by drop": {func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nX-A: b\r\n")
			untilClosed(c)
		}, 0, jobs.PostTimeout},
		"no HTTP": {func(c net.Conn) { _, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.2\r\n\r\n") }, 0, jobs.PostRefused},
		"an endless header": {func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nX-A: ")
			endless(c, strings.Repeat("a", 1024))
		}, 0, jobs.PostTooLarge},
		"endless headers": {func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			endless(c, "X-A: b\r\n")
		}, 0, jobs.PostTooLarge},
		"half a body, then the end": {func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
		}, 200, ""},
		"half a body, then nothing": {func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
			untilClosed(c)
		}, 200, ""},
		"an endless body": {func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 500 Oh\r\n\r\n")
			endless(c, strings.Repeat("a", 1024))
		}, 500, jobs.PostStatus},
		"endless chunks": {func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
			endless(c, "1\r\na\r\n")
		}, 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, pool := raw(t, each.answer)
			c := client(t, webhook.Config{Allowed: allow(t, "127.0.0.1"), Roots: pool, Deadline: short})
			started := machine.Now()
			got := post(t, c, address)
			if got.Status != each.status || got.Error != each.want || len(got.Body) > 4096 {
				t.Errorf("got %d %q with %d bytes", got.Status, got.Error, len(got.Body))
			}
			if took := machine.Now().Sub(started); took > 10*short {
				t.Errorf("it held us for %v", took)
			}
		})
	}
}

// Informational answers without end are an answer's header without end.
func TestEndlessInformation(t *testing.T) {
	t.Parallel()
	address, pool := raw(t, func(c net.Conn) { endless(c, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n") })
	c := client(t, webhook.Config{Allowed: allow(t, "127.0.0.1"), Roots: pool, Deadline: short})
	if got := post(t, c, address); got.Status != 0 || got.Error == "" {
		t.Errorf("got %d %q", got.Status, got.Error)
	}
}

// Nobody takes the connection: the handshake never begins.
func TestNobodyAccepts(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := client(t, webhook.Config{Allowed: allow(t, "127.0.0.1"), Deadline: 200 * time.Millisecond})
	if got := post(t, c, "https://"+l.Addr().String()); got.Error != jobs.PostTimeout {
		t.Errorf("got %d %q", got.Status, got.Error)
	}
}

// A compressed answer is kept as it came: a bomb does not go off.
func TestGzipBomb(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	if _, err := z.Write(make([]byte, 64<<20)); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	asked := make(chan string, 1)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Header.Get("Accept-Encoding")
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	})
	c := client(t, webhook.Config{Allowed: allow(t, "127.0.0.1"), Roots: roots(s)})
	got := post(t, c, s.URL)
	if got.Status != 200 || len(got.Body) != 4096 || !bytes.Equal(got.Body, bomb.Bytes()[:4096]) || <-asked != "" {
		t.Errorf("got %d %q with %d bytes", got.Status, got.Error, len(got.Body))
	}
}

// Every status from 200 to 599, over one connection: 2xx has the notice, all
// others have not, and none leads elsewhere.
func TestEveryStatus(t *testing.T) {
	t.Parallel()
	var reached atomic.Int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		status, _ := strconv.Atoi(r.URL.Path[1:])
		w.Header().Set("Location", "/200")
		w.WriteHeader(status)
	})
	c := client(t, webhook.Config{Allowed: allow(t, "127.0.0.1"), Roots: roots(s)})
	for status := 200; status <= 599; status++ {
		want := ""
		if status > 299 {
			want = jobs.PostStatus
		}
		if got := post(t, c, fmt.Sprintf("%s/%d", s.URL, status)); got.Status != status || got.Error != want {
			t.Errorf("%d gave %d %q", status, got.Status, got.Error)
		}
	}
	if n := reached.Load(); n != 400 {
		t.Errorf("%d requests for 400 posts", n)
	}
}

// issued makes a certificate with its key, signed by itself.
func issued(t *testing.T, change func(*x509.Certificate)) (tls.Certificate, jobs.ClientCertificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := machine.Now()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	change(template)
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, jobs.ClientCertificate{Chain: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		Key: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))}
}

func TestWrongCertificates(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*x509.Certificate){
		"of another name": func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"elsewhere.example"} },
		"that is over":    func(c *x509.Certificate) { c.NotAfter = c.NotBefore.Add(time.Minute) },
		"of tomorrow":     func(c *x509.Certificate) { c.NotBefore = c.NotAfter.Add(-time.Second) },
		"for clients":     func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shown, _ := issued(t, change)
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			s.TLS = &tls.Config{Certificates: []tls.Certificate{shown}, MinVersion: tls.VersionTLS12}
			s.StartTLS()
			t.Cleanup(s.Close)
			pool := x509.NewCertPool()
			pool.AddCert(shown.Leaf)
			c := client(t, webhook.Config{Allowed: allow(t, "127.0.0.1"), Roots: pool})
			if got := post(t, c, s.URL); got.Error != jobs.PostTLS {
				t.Errorf("got %d %q", got.Status, got.Error)
			}
		})
	}
}

// A client certificate is shown to who asks for it, over connections of its own.
func TestClientCertificate(t *testing.T) {
	t.Parallel()
	_, first := issued(t, func(c *x509.Certificate) { c.Subject.CommonName = "first" })
	_, second := issued(t, func(c *x509.Certificate) { c.Subject.CommonName = "second" })
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName)
	}))
	s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	s.StartTLS()
	t.Cleanup(s.Close)
	c := client(t, webhook.Config{Allowed: allow(t, "127.0.0.1"), Roots: roots(s)})
	show := func(shown *jobs.ClientCertificate) jobs.Response {
		return c.Post(t.Context(), jobs.Request{URL: s.URL, Header: http.Header{}, ClientCertificate: shown})
	}
	for range 2 {
		for name, each := range map[string]*jobs.ClientCertificate{"first": &first, "second": &second} {
			if got := show(each); got.Status != 200 || string(got.Body) != name {
				t.Errorf("%s: got %d %q %s", name, got.Status, got.Error, got.Body)
			}
		}
	}
	if got := show(nil); got.Error != jobs.PostTLS {
		t.Errorf("without one: %d %q", got.Status, got.Error)
	}
	if got := show(&jobs.ClientCertificate{Chain: first.Chain, Key: second.Key}); got.Error != jobs.PostInvalid {
		t.Errorf("with another's key: %d %q", got.Status, got.Error)
	}
	for range 70 { // more than are kept: the first is made anew
		_, other := issued(t, func(*x509.Certificate) {})
		show(&other)
	}
	if got := show(&first); string(got.Body) != "first" {
		t.Errorf("after many others: %d %q", got.Status, got.Error)
	}
	private := client(t, webhook.Config{Roots: roots(s)})
	if got := private.Post(t.Context(), jobs.Request{URL: s.URL, ClientCertificate: &first}); got.Error != jobs.PostNotAllowed {
		t.Errorf("with a certificate a private address is reached: %d %q", got.Status, got.Error)
	}
}

// names are asked of a name server in the test's process, over its protocol.
func nameServer(t *testing.T, zones map[string]mockdns.Zone) string {
	t.Helper()
	s, err := mockdns.NewServerWithLogger(zones, log.New(io.Discard, "", 0), false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s.LocalAddr().String()
}

// A name server that says something public to whoever checks, and something
// private to whoever dials.
func TestNamesThatChangeBetweenCheckAndDial(t *testing.T) {
	t.Parallel()
	var reached atomic.Bool
	s := serve(t, func(http.ResponseWriter, *http.Request) { reached.Store(true) })
	before := nameServer(t, map[string]mockdns.Zone{"rebinding.example.": {A: []string{"8.8.8.8"}, AAAA: []string{"2606:4700::1111"}}})
	for name, zone := range map[string]mockdns.Zone{
		"loopback":              {A: []string{"127.0.0.1"}},
		"loopback in IPv6":      {AAAA: []string{"::1"}},
		"loopback as NAT64":     {AAAA: []string{"64:ff9b::7f00:1"}},
		"loopback as IPv4 in 6": {AAAA: []string{"::ffff:127.0.0.1"}},
		"metadata of a cloud":   {A: []string{"169.254.169.254"}},
		"this host":             {A: []string{"0.0.0.0"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after := nameServer(t, map[string]mockdns.Zone{"rebinding.example.": zone})
			var changed atomic.Bool
			resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
				address := before
				if changed.Load() {
					address = after
				}
				return (&net.Dialer{}).DialContext(ctx, network, address)
			}}
			c := client(t, webhook.Config{Resolver: resolver, Roots: roots(s)})
			u, err := url.Parse("https://rebinding.example:" + port(s))
			if err != nil {
				t.Fatal(err)
			}
			if !c.Allowed(t.Context(), u) {
				t.Error("a public name was not allowed")
			}
			changed.Store(true)
			if c.Allowed(t.Context(), u) {
				t.Error("a private one was")
			}
			if got := post(t, c, u.String()); got.Error != jobs.PostNotAllowed || reached.Load() {
				t.Errorf("got %d %q, reached %t", got.Status, got.Error, reached.Load())
			}
		})
	}
}

// What the environment says of proxies is not asked.
func TestNoProxyOfTheEnvironment(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "https_proxy", "http_proxy"} {
		t.Setenv(name, "http://127.0.0.1:1")
	}
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	named := strings.Replace(s.URL, "127.0.0.1", "partner.example", 1)
	pool := roots(s)
	c := client(t, webhook.Config{Resolver: resolving([]string{"127.0.0.1"}), Allowed: allow(t, "127.0.0.1"), Roots: pool})
	if got := post(t, c, strings.Replace(named, "partner.example", "example.com", 1)); got.Status != 200 { // httptest's certificate is of example.com
		t.Errorf("got %d %q", got.Status, got.Error)
	}
}

// Forms of addresses that mean this machine to some readers.
func TestFormsOfAddresses(t *testing.T) {
	t.Parallel()
	s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("it was reached") })
	c := client(t, webhook.Config{Roots: roots(s)})
	for _, host := range []string{"127.0.0.1", "127.1", "0x7f000001", "2130706433", "017700000001", "0", "0.0.0.0", "[::]", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
		"[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]", "[fe80::1]", "localhost", "localhost.", "LOCALHOST", "ip6-localhost"} {
		address := "https://" + host + ":" + port(s) + "/"
		if u, err := url.Parse(address); err == nil && c.Allowed(t.Context(), u) {
			t.Errorf("%s is allowed", address)
		}
		if got := post(t, c, address); got.Error != jobs.PostNotAllowed && got.Error != jobs.PostDNS {
			t.Errorf("%s gave %d %q", address, got.Status, got.Error)
		}
	}
}
