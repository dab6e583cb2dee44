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
	"time"

	"ininjo/jobs"
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
	client := &Client{config: c}
	client.secure = client.over(client.mayConnect)
	client.plain = client.over(client.allowance)
	return client
}

// Close ends idle connections.
func (c *Client) Close() {
	c.secure.CloseIdleConnections()
	c.plain.CloseIdleConnections()
}

func (c *Client) over(may func(netip.AddrPort) bool) *http.Client {
	d := &dialer{lookup: c.lookup, may: may, deadline: c.config.Deadline}
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  nil,
			DialContext:            d.dial,
			DisableCompression:     true,
			ForceAttemptHTTP2:      true,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.config.Roots},
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

// mayConnect allows public addresses, and what the operator allowed.
func (c *Client) mayConnect(target netip.AddrPort) bool {
	return Public(target.Addr()) || c.allowance(target)
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
	client := c.secure
	switch {
	case request.URL.User != nil || request.URL.Scheme != "https" && request.URL.Scheme != "http":
		return jobs.Response{Error: jobs.PostInvalid}
	case request.URL.Scheme == "http":
		client = c.plain
	}
	answer, err := client.Do(request)
	if err != nil {
		return jobs.Response{Error: code(err)}
	}
	defer answer.Body.Close()
	return read(answer)
}

// read reads the beginning of an answer. Only its status counts: after 2xx the
// endpoint has the notice, however its body goes on.
func read(answer *http.Response) jobs.Response {
	r := jobs.Response{Status: answer.StatusCode}
	r.Body, _ = io.ReadAll(io.LimitReader(answer.Body, keptBody))
	if answer.StatusCode < 200 || answer.StatusCode >= 300 {
		r.Error = jobs.PostStatus
	}
	return r
}
