// SPDX-License-Identifier: Apache-2.0

package timestamp

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"ininjo/poa"
	"ininjo/poa/cms"
)

const (
	defaultTimeout = 10 * time.Second
	maxReply       = 128 << 10 // as poa/cms reads at most; a token with its path has some 10 kB
	maxHeader      = 16 << 10
	nonceBits      = 128
	// maxSkew is how far a stamp's time may be from our clock: an authority whose clock is wrong, or one that
	// stamps ahead, must be noticed while another one can still be asked.
	maxSkew = 5 * time.Minute
)

// Config says whom to ask and whom to believe.
type Config struct {
	// URLs are the authorities, http:// or https://, asked in this order until one answers well. A token is
	// signed and holds nothing secret, so many authorities answer over http:// only.
	URLs []string
	// Roots are the pinned roots of the authorities.
	Roots *x509.CertPool
	// Timeout bounds each question to one authority; zero means 10 s.
	Timeout time.Duration
	// Policies are the authorities' policies (object identifiers) that are taken; none means any.
	Policies []string
	// Proxy is an HTTP proxy; none is used where it is nil, whatever the environment says.
	Proxy *url.URL
	Clock poa.Clock
}

// Client asks for time stamps. It is safe for concurrent use.
type Client struct {
	config Config
	http   *http.Client
}

// NewClient returns a client.
func NewClient(c Config) (*Client, error) {
	if len(c.URLs) == 0 || c.Roots == nil || c.Clock == nil || c.Timeout < 0 {
		return nil, errors.New("making time stamp client: authorities, their pinned roots and a clock are needed")
	}
	for i, text := range c.URLs {
		if err := checkURL(text); err != nil {
			return nil, fmt.Errorf("time stamp authority %d: %w", i+1, err)
		}
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	return &Client{config: c, http: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{Proxy: http.ProxyURL(c.Proxy), DialContext: (&net.Dialer{Timeout: c.Timeout}).DialContext,
			TLSHandshakeTimeout: c.Timeout, DisableCompression: true, ForceAttemptHTTP2: true, MaxResponseHeaderBytes: maxHeader,
			MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second},
	}}, nil
}

func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("the address must be http:// or https:// with a host, without a password")
	}
	return nil
}

// Stamp returns a token (DER) over digest, verified with its path, from the first authority that gives one. The error
// tells what went wrong at each of them; the caller tries again later.
func (c *Client) Stamp(ctx context.Context, digest []byte, hash crypto.Hash) (token []byte, err error) {
	var failed []error
	for i, address := range c.config.URLs {
		token, err := c.ask(ctx, address, digest, hash)
		if err == nil {
			return token, nil
		}
		failed = append(failed, fmt.Errorf("authority %d: %w", i+1, err))
		if ctx.Err() != nil {
			break
		}
	}
	return nil, fmt.Errorf("asking for a time stamp: %w", errors.Join(failed...))
}

// ask asks one authority, with a number of its own: an answer to another question is none.
func (c *Client) ask(ctx context.Context, address string, digest []byte, hash crypto.Hash) ([]byte, error) {
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), nonceBits))
	if err != nil {
		return nil, fmt.Errorf("drawing nonce: %w", err)
	}
	request, err := cms.NewTimeStampRequest(digest, hash, nonce)
	if err != nil {
		return nil, err
	}
	reply, err := c.post(ctx, address, request)
	if err != nil {
		return nil, err
	}
	token, err := cms.ReadTimeStampResponse(reply, digest, hash, nonce)
	if err != nil {
		return nil, err
	}
	stamp, err := cms.VerifyTimeStamp(token, digest, hash, c.config.Roots)
	if err != nil {
		return nil, err
	}
	if len(c.config.Policies) > 0 && !slices.Contains(c.config.Policies, stamp.Policy) {
		return nil, errors.New("the stamp is given under another policy")
	}
	if skew := stamp.Time.Sub(c.config.Clock.Now()).Abs(); skew > maxSkew {
		return nil, errors.New("the stamp's time is more than 5 minutes from our clock")
	}
	return token, nil
}

// post returns the answer's body. Errors name no address: it may hold a subscriber's number.
func (c *Client) post(ctx context.Context, address string, request []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	question, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(request))
	if err != nil {
		return nil, errors.New("the question cannot be put")
	}
	question.Header.Set("Content-Type", "application/timestamp-query")
	question.Header.Set("Accept", "application/timestamp-reply")
	question.Header.Set("User-Agent", "")
	answer, err := c.http.Do(question)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, errors.New("no answer came in time")
	case err != nil:
		return nil, errors.New("no answer came")
	}
	defer answer.Body.Close()
	kind, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	switch {
	case answer.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("the answer has status %d", answer.StatusCode)
	case err != nil || kind != "application/timestamp-reply":
		return nil, errors.New("the answer is no time stamp reply")
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxReply+1))
	switch {
	case err != nil:
		return nil, errors.New("the answer broke off")
	case len(body) > maxReply:
		return nil, errors.New("the answer is too large")
	}
	return body, nil
}
