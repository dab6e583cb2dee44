// SPDX-License-Identifier: Apache-2.0

package status

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"ininjo/server/outside/webhook"
)

// door is the one way out: bounded, without redirects, to public addresses and those that the operator allows.
type door struct {
	http     *http.Client
	allowed  []webhook.Allowance
	attempts int
	backoff  time.Duration
}

func newDoor(allowed []webhook.Allowance, timeout, backoff time.Duration, attempts int, roots *x509.CertPool) *door {
	d := &door{allowed: allowed, attempts: attempts, backoff: backoff}
	dialer := &net.Dialer{Timeout: timeout, ControlContext: webhook.Guard(allowed)}
	d.http = &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{Proxy: nil, DialContext: dialer.DialContext, DisableCompression: true, ForceAttemptHTTP2: true,
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}, TLSHandshakeTimeout: timeout,
			MaxResponseHeaderBytes: 16 << 10, MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second},
	}
	return d
}

// checkURL takes https, and http to an allowed private address; with plain also http to anywhere, for what is signed
// and says nothing of whom is asked about.
func (d *door) checkURL(text string, plain bool) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return errors.New("the address must be https:// and a host, with or without a path")
	}
	target, err := netip.ParseAddrPort(u.Host)
	switch {
	case u.Scheme == "https", u.Scheme == "http" && (plain || err == nil && webhook.Covered(d.allowed, target)):
		return nil
	case u.Scheme == "http":
		return errors.New("the address must be https://; http:// goes to an allowed private address alone")
	}
	return errors.New("the address must be https://")
}

var (
	errTooLarge  = errors.New("the answer is too large")
	errMalformed = errors.New("the answer is not of the documented form")
)

// errand is one request and what its answer may be.
type errand struct {
	method, url string
	body        []byte
	header      map[string]string
	limit       int64 // of the answer, in bytes
	once        bool  // never sent twice: the other side counts
	anyStatus   bool  // an answer of any status below 500 but 429 is wanted, not an error
}

// reply is an answer within its bound.
type reply struct {
	status      int
	contentType string
	body        []byte
}

// statusError is an answer with a status that was not wanted.
type statusError struct{ status int }

// Error names the status.
func (e *statusError) Error() string { return "answered " + strconv.Itoa(e.status) }

// send carries an errand out, again after a wait where that is safe and may help. ctx bounds it all.
func (d *door) send(ctx context.Context, e errand) (reply, error) {
	var last error
	for attempt := range d.attempts {
		if attempt > 0 && !pause(ctx, d.backoff<<(attempt-1)) {
			break
		}
		answer, err := d.exchange(ctx, e)
		if err == nil {
			return answer, nil
		}
		if last = err; e.once || !passing(err) {
			break
		}
	}
	return reply{}, last
}

// pause waits half to one and a half of a time; false where ctx ended before.
func pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait/2 + rand.N(wait)) //nolint:gosec // a wait is no secret
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// passing reports whether the same errand may succeed at once: after a broken connection or a 5xx.
func passing(err error) bool {
	var s *statusError
	switch {
	case errors.Is(err, webhook.ErrNotAllowed), errors.Is(err, errTooLarge), errors.Is(err, errMalformed), errors.Is(err, errSlow), errors.Is(err, context.Canceled):
		return false
	case errors.As(err, &s):
		return s.status >= 500
	}
	return true
}

func (d *door) exchange(ctx context.Context, e errand) (reply, error) {
	request, err := http.NewRequestWithContext(ctx, e.method, e.url, bytes.NewReader(e.body))
	if err != nil {
		return reply{}, errMalformed
	}
	request.Header.Set("User-Agent", "ininjo")
	for name, value := range e.header {
		request.Header.Set(name, value)
	}
	answer, err := d.http.Do(request)
	if err != nil {
		return reply{}, bare(err)
	}
	defer answer.Body.Close()
	wanted := answer.StatusCode == http.StatusOK ||
		e.anyStatus && answer.StatusCode >= 400 && answer.StatusCode < 500 && answer.StatusCode != http.StatusTooManyRequests
	if !wanted {
		return reply{}, &statusError{answer.StatusCode}
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, e.limit+1))
	if err != nil {
		return reply{}, bare(err)
	}
	if int64(len(body)) > e.limit {
		return reply{}, errTooLarge
	}
	return reply{answer.StatusCode, answer.Header.Get("Content-Type"), body}, nil
}

var errSlow = errors.New("no answer in time")

// bare is an error of the network without the address.
func bare(err error) error {
	var network *url.Error
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(err, webhook.ErrNotAllowed):
		return webhook.ErrNotAllowed
	case errors.As(err, &certificate):
		return errors.New("the other side's TLS certificate is not trusted")
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return errSlow
	case errors.Is(err, context.Canceled):
		return context.Canceled
	}
	return errors.New("the connection failed")
}
