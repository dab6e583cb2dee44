// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"ininjo/poa"
	"ininjo/server/outside/circuit"
	"ininjo/server/outside/webhook"
)

// Body is a professional body's interface.
type Body struct {
	// URL is where /v1/registrations/ stands, without a slash at its end.
	URL string
	// Token is the bearer token, from a file; empty for none.
	Token string
}

// Config says which bodies are asked and how.
type Config struct {
	Bodies map[poa.Qualification]Body
	// Allowed are private targets that the operator allows; plain HTTP goes to
	// them alone.
	Allowed []webhook.Allowance
	// Timeout bounds one exchange; zero means 10 s.
	Timeout time.Duration
	// Attempts bounds the exchanges for one question; zero means 3. Backoff is the
	// wait after the first, doubled each time; zero means 250 ms.
	Attempts int
	Backoff  time.Duration
	// Failures in a row open a body's circuit for Pause; zero means 5 and 1 min.
	Failures int
	Pause    time.Duration
	// Clock is the machine's.
	Clock poa.Clock
	// Roots are the only ones trusted; nil means the system's.
	Roots *x509.CertPool
}

// Client asks registries. It is safe for concurrent use.
type Client struct {
	config Config
	bodies map[poa.Qualification]*body
	http   *http.Client
}

type body struct {
	Body
	limiter *rate.Limiter
	circuit *circuit.Circuit
}

var _ poa.Registry = (*Client)(nil)

// maxQueue is how long a question waits for the body's rate before it is put
// off.
const maxQueue = 2 * time.Second

// NewClient returns a client; it fails where an address is not https, or http to
// an allowed address.
func NewClient(c Config) (*Client, error) {
	if c.Clock == nil {
		return nil, errors.New("making registry client: no clock was given")
	}
	c.Timeout, c.Backoff, c.Pause = orDefault(c.Timeout, 10*time.Second), orDefault(c.Backoff, 250*time.Millisecond), orDefault(c.Pause, time.Minute)
	c.Attempts, c.Failures = orDefault(c.Attempts, 3), orDefault(c.Failures, 5)
	client := &Client{config: c, bodies: map[poa.Qualification]*body{}}
	for q, b := range c.Bodies {
		if !slices.Contains(poa.Qualifications, q) {
			return nil, fmt.Errorf("making registry client: %q is no qualification", q)
		}
		if err := client.checkURL(b.URL); err != nil {
			return nil, fmt.Errorf("making registry client: %s: %w", q, err)
		}
		b.URL = strings.TrimSuffix(b.URL, "/")
		client.bodies[q] = &body{Body: b, limiter: rate.NewLimiter(1, 1), circuit: circuit.New(c.Failures, c.Pause)}
	}
	dialer := &net.Dialer{Timeout: c.Timeout, ControlContext: webhook.Guard(client.config.Allowed)}
	client.http = &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{Proxy: nil, DialContext: dialer.DialContext, DisableCompression: true, ForceAttemptHTTP2: true,
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.Roots}, TLSHandshakeTimeout: c.Timeout,
			MaxResponseHeaderBytes: 16 << 10, MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second},
	}
	return client, nil
}

func orDefault[N int | time.Duration](n, otherwise N) N {
	if n <= 0 {
		return otherwise
	}
	return n
}

func (c *Client) checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("the address must be https:// and a host, with or without a path")
	}
	if u.Scheme == "https" {
		return nil
	}
	target, err := netip.ParseAddrPort(u.Host)
	if u.Scheme == "http" && err == nil && webhook.Covered(c.config.Allowed, target) {
		return nil
	}
	return errors.New("the address must be https://; http:// goes to an allowed private address alone")
}

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Connected lists the qualifications whose body can be asked.
func (c *Client) Connected() []poa.Qualification {
	var all []poa.Qualification
	for _, q := range poa.Qualifications {
		if c.bodies[q] != nil {
			all = append(all, q)
		}
	}
	return all
}

// States tells how each connection stands.
func (c *Client) States() []poa.RegistryState {
	var all []poa.RegistryState
	for _, q := range c.Connected() {
		state, failures := c.bodies[q].circuit.State(c.config.Clock.Now())
		all = append(all, poa.RegistryState{Qualification: q, State: state, Failures: failures})
	}
	return all
}

// Look asks for a registration. What went wrong is tried again with growing
// waits; what still does, or when the body says so, is [poa.RegistrySilent].
func (c *Client) Look(ctx context.Context, q poa.RegistryQuestion) (poa.RegistryAnswer, error) {
	b := c.bodies[q.Qualification]
	if b == nil {
		return poa.RegistryAnswer{}, &poa.RegistrySilent{Cause: errors.New("the body has no connector")}
	}
	if wait, ok := b.circuit.Allow(c.config.Clock.Now()); !ok {
		return poa.RegistryAnswer{}, &poa.RegistrySilent{RetryAfter: wait, Cause: errors.New("the body is not asked for now")}
	}
	var last error
	for attempt := range c.config.Attempts {
		if err := c.turn(ctx, b, q.PerSecond, attempt); err != nil {
			b.circuit.Release()
			return poa.RegistryAnswer{}, err
		}
		answer, err := c.exchange(ctx, b, q)
		if err == nil {
			b.circuit.Succeeded()
			return answer, nil
		}
		if last = err; !passing(err) {
			break
		}
	}
	return poa.RegistryAnswer{}, c.silent(b, last)
}

// turn waits for the backoff and for the body's rate.
func (c *Client) turn(ctx context.Context, b *body, perSecond float64, attempt int) error {
	if perSecond > 0 {
		b.limiter.SetLimit(rate.Limit(perSecond))
	}
	reserved := b.limiter.Reserve()
	wait := reserved.Delay()
	if attempt > 0 {
		backoff := c.config.Backoff << (attempt - 1)
		wait = max(wait, backoff/2+rand.N(backoff)) //nolint:gosec // a wait is no secret
	} else if wait > maxQueue {
		reserved.Cancel()
		return &poa.RegistrySilent{RetryAfter: wait, Cause: errors.New("the body's rate is used up")}
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for the registry: %w", ctx.Err())
	}
}

// statusError is an answer with another status than 200.
type statusError struct {
	status int
	// after is what the body says in Retry-After, zero where it says nothing.
	after time.Duration
}

// Error names the status.
func (e *statusError) Error() string { return "the registry answered " + strconv.Itoa(e.status) }

// passing reports whether the same question may be answered at once: a broken
// connection, a time-out, or a 5xx without word of when to come again.
func passing(err error) bool {
	var s *statusError
	switch {
	case errors.Is(err, errMalformed), errors.Is(err, webhook.ErrNotAllowed), errors.Is(err, context.Canceled):
		return false
	case errors.As(err, &s):
		return s.status >= 500 && s.after == 0
	}
	return true
}

// silent records the failure. A body that asks for patience (429) is no failure.
func (c *Client) silent(b *body, cause error) error {
	now := c.config.Clock.Now()
	var s *statusError
	silent := &poa.RegistrySilent{Cause: cause}
	if errors.As(cause, &s) && s.after > 0 {
		silent.RetryAfter = s.after
		b.circuit.Hold(now, s.after)
	}
	if errors.As(cause, &s) && s.status == http.StatusTooManyRequests {
		b.circuit.Release()
		return silent
	}
	b.circuit.Fail(now)
	return silent
}

// exchange asks once. Its errors hold neither address nor answer.
func (c *Client) exchange(ctx context.Context, b *body, q poa.RegistryQuestion) (poa.RegistryAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	address := b.URL + "/v1/registrations/" + url.PathEscape(q.Number) + "?" + url.Values{"qualification": {string(q.Qualification)}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return poa.RegistryAnswer{}, errMalformed
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "ininjo")
	if b.Token != "" {
		request.Header.Set("Authorization", "Bearer "+b.Token)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return poa.RegistryAnswer{}, bare(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return poa.RegistryAnswer{}, &statusError{answer.StatusCode, c.retryAfter(answer)}
	}
	if kind, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return poa.RegistryAnswer{}, errMalformed
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return poa.RegistryAnswer{}, bare(err)
	}
	return decode(text, q, c.config.Clock.Now())
}

// bare is an error of the network without the address, which holds the number.
func bare(err error) error {
	var network *url.Error
	switch {
	case errors.Is(err, webhook.ErrNotAllowed):
		return webhook.ErrNotAllowed
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return errors.New("the registry did not answer in time")
	case errors.Is(err, context.Canceled):
		return context.Canceled
	}
	return errors.New("the connection to the registry failed")
}

// maxRetryAfter bounds what a body may ask for.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads Retry-After of a 429 or a 503, in seconds or as a date.
func (c *Client) retryAfter(answer *http.Response) time.Duration {
	if answer.StatusCode != http.StatusTooManyRequests && answer.StatusCode != http.StatusServiceUnavailable {
		return 0
	}
	text := answer.Header.Get("Retry-After")
	wait := time.Duration(0)
	if seconds, err := strconv.Atoi(text); err == nil || errors.Is(err, strconv.ErrRange) { // out of range it is the nearest that there is
		wait = time.Duration(min(max(seconds, 0), int(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		wait = at.Sub(c.config.Clock.Now())
	}
	return min(max(wait, 0), maxRetryAfter)
}
