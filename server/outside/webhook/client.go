// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"ininjo/jobs"
	"ininjo/poa"
)

const (
	// deadline bounds the whole exchange: resolving, connecting, TLS, sending
	// and reading.
	deadline = 10 * time.Second
	// keptBody is how much of an answer is read and kept; maxHeader bounds its
	// headers.
	keptBody  = 4 << 10
	maxHeader = 16 << 10
)

// Config says where the client may connect to and how.
type Config struct {
	// Allowed are private targets that the operator allows; plain HTTP goes to
	// them alone.
	Allowed []Allowance
	// Resolver finds addresses; nil means the system's.
	Resolver Resolver
	// Roots are the only ones trusted; nil means the system's.
	Roots *x509.CertPool
	// Deadline bounds an exchange; zero means 10 s.
	Deadline time.Duration
	// Clock is the machine's, for answers that name an instant; nil means the
	// system's.
	Clock poa.Clock
}

// Resolver finds the addresses of a name. *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Client posts webhooks. It is safe for concurrent use.
type Client struct {
	config Config
	// secure connects by TLS to public and allowed targets, plain without TLS
	// to allowed ones.
	secure *http.Client
	plain  *http.Client
	// identified are those that show a client certificate.
	identified identities
}

var _ jobs.Poster = (*Client)(nil)

// NewClient returns a client.
func NewClient(c Config) *Client {
	if c.Resolver == nil {
		c.Resolver = net.DefaultResolver
	}
	if c.Deadline == 0 {
		c.Deadline = deadline
	}
	if c.Clock == nil {
		c.Clock = poa.SystemClock{}
	}
	client := &Client{config: c}
	client.secure = client.over(client.mayConnect, nil)
	client.plain = client.over(client.allowance, nil)
	return client
}

// Close ends idle connections.
func (c *Client) Close() {
	c.secure.CloseIdleConnections()
	c.plain.CloseIdleConnections()
	c.identified.close()
}

// over makes a client that connects to where it may and shows a certificate
// where it has one.
func (c *Client) over(may func(netip.AddrPort) bool, shown *tls.Certificate) *http.Client {
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.config.Roots}
	if shown != nil {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return shown, nil }
	}
	d := &dialer{lookup: c.lookup, may: may, deadline: c.config.Deadline}
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  nil,
			DialContext:            d.dial,
			DisableCompression:     true,
			ForceAttemptHTTP2:      true,
			TLSClientConfig:        config,
			TLSHandshakeTimeout:    c.config.Deadline,
			MaxResponseHeaderBytes: maxHeader,
			MaxIdleConnsPerHost:    64, // as many posts may be under way to one endpoint
			MaxIdleConns:           1024,
			IdleConnTimeout:        30 * time.Second,
		},
	}
}

func (c *Client) lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	addresses, err := c.config.Resolver.LookupNetIP(ctx, "ip", host)
	if err == nil && len(addresses) == 0 {
		return nil, &net.DNSError{Err: "no address", IsNotFound: true}
	}
	return addresses, err
}

// mayConnect allows public addresses at ports of the web, and what the operator allowed.
func (c *Client) mayConnect(target netip.AddrPort) bool {
	return Public(target.Addr()) && webPort(target.Port()) || c.allowance(target)
}

func (c *Client) allowance(target netip.AddrPort) bool {
	return Covered(c.config.Allowed, target)
}

// Post posts a webhook and tells what became of it. What the endpoint answers
// is read up to 4 kB.
func (c *Client) Post(ctx context.Context, r jobs.Request) jobs.Response {
	ctx, cancel := context.WithTimeout(ctx, c.config.Deadline)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return jobs.Response{Error: jobs.PostInvalid}
	}
	request.Header = r.Header.Clone()
	client, err := c.clientFor(request.URL, r.ClientCertificate)
	if err != nil {
		return jobs.Response{Error: jobs.PostInvalid}
	}
	answer, err := client.Do(request)
	if err != nil {
		return jobs.Response{Error: code(err)}
	}
	defer answer.Body.Close()
	return c.read(answer)
}

// clientFor picks the client of a scheme and a certificate.
func (c *Client) clientFor(u *url.URL, shown *jobs.ClientCertificate) (*http.Client, error) {
	switch {
	case u.User != nil || u.Scheme != "https" && u.Scheme != "http":
		return nil, ErrNotAllowed
	case u.Scheme == "http":
		return c.plain, nil
	case shown != nil:
		return c.identified.client(*shown, func(pair *tls.Certificate) *http.Client { return c.over(c.mayConnect, pair) })
	}
	return c.secure, nil
}

// read reads the beginning of an answer. Only its status counts: after 2xx the
// endpoint has the notice, however its body goes on.
func (c *Client) read(answer *http.Response) jobs.Response {
	r := jobs.Response{Status: answer.StatusCode, RetryAfter: retryAfter(answer.Header, c.config.Clock.Now())}
	r.Body, _ = io.ReadAll(io.LimitReader(answer.Body, keptBody))
	if answer.StatusCode < 200 || answer.StatusCode >= 300 {
		r.Error = jobs.PostStatus
	}
	return r
}
