// SPDX-License-Identifier: Apache-2.0

package houjin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"ininjo/poa"
)

const (
	// deadline bounds a question with all its attempts, attempt one of them.
	deadline = 6 * time.Second
	attempt  = 3 * time.Second
	// attempts are made at most; between them the client waits twice as long each
	// time, beginning with pause.
	attempts = 3
	pause    = 200 * time.Millisecond
	// perSecond and burst bound what the agency is asked for, of one process.
	perSecond = 2
	burst     = 10
	// remembered answers are given again for a while: a form of several steps asks
	// for the same number each time.
	remembered = 1000
	freshFor   = 10 * time.Minute
	maxHeader  = 16 << 10
)

// Config says whom to ask, and as whom.
type Config struct {
	// URL is the interface's address with its version, without a slash at its end.
	URL string
	// ID is the application ID (アプリケーションID).
	ID    string
	Clock poa.Clock
	// Deadline bounds a question, Attempt one try of it; zero means 6 s and 3 s.
	Deadline, Attempt time.Duration
}

// Client asks for corporate numbers. It is safe for concurrent use.
type Client struct {
	config Config
	http   *http.Client
	often  *rate.Limiter
	known  *lru.Cache[string, answer]
}

// answer is what was found of a number, or that nothing was.
type answer struct {
	published poa.PublishedCorporation
	found     bool
	at        time.Time
}

var _ poa.CorporateNumbers = (*Client)(nil)

// errBusy says that the agency was asked too often just now.
var errBusy = errors.New("too many questions just now")

// NewClient returns a client. The ID goes over TLS alone, but to this machine.
func NewClient(c Config) (*Client, error) {
	if err := checkURL(c.URL); err != nil {
		return nil, err
	}
	if c.ID == "" || len(c.ID) > 64 || c.Clock == nil {
		return nil, errors.New("an application ID of at most 64 characters and a clock are needed")
	}
	known, err := lru.New[string, answer](remembered)
	if err != nil {
		return nil, fmt.Errorf("making cache: %w", err)
	}
	if c.Deadline == 0 {
		c.Deadline = deadline
	}
	if c.Attempt == 0 {
		c.Attempt = attempt
	}
	client := &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{Proxy: nil, DialContext: (&net.Dialer{Timeout: c.Attempt}).DialContext, TLSHandshakeTimeout: c.Attempt,
			DisableCompression: true, ForceAttemptHTTP2: true, MaxResponseHeaderBytes: maxHeader, MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second},
	}
	return &Client{config: c, http: client, often: rate.NewLimiter(perSecond, burst), known: known}, nil
}

func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("the address must be https:// with a host and a path")
	}
	address, err := netip.ParseAddr(u.Hostname())
	local := err == nil && address.IsLoopback()
	if u.Scheme != "https" && !(u.Scheme == "http" && local) {
		return errors.New("the address must be https://: the application ID goes there")
	}
	return nil
}

// Find returns what is published of a number: poa.ErrNotFound where nothing is.
func (c *Client) Find(ctx context.Context, number string) (poa.PublishedCorporation, error) {
	now := c.config.Clock.Now()
	if a, ok := c.known.Get(number); ok && now.Sub(a.at) < freshFor && !now.Before(a.at) {
		return a.result()
	}
	ctx, cancel := context.WithTimeout(ctx, c.config.Deadline)
	defer cancel()
	published, err := c.ask(ctx, number)
	if err != nil && !errors.Is(err, poa.ErrNotFound) {
		return poa.PublishedCorporation{}, fmt.Errorf("asking for a corporate number: %w", err)
	}
	a := answer{published, err == nil, now}
	c.known.Add(number, a)
	return a.result()
}

func (a answer) result() (poa.PublishedCorporation, error) {
	if !a.found {
		return poa.PublishedCorporation{}, poa.ErrNotFound
	}
	return a.published, nil
}

// ask tries until an answer comes, or until another try makes no sense.
func (c *Client) ask(ctx context.Context, number string) (poa.PublishedCorporation, error) {
	wait := pause
	for try := 1; ; try++ {
		if !c.often.AllowN(c.config.Clock.Now(), 1) {
			return poa.PublishedCorporation{}, errBusy
		}
		published, again, err := c.once(ctx, number)
		if !again || try == attempts {
			return published, err
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return poa.PublishedCorporation{}, err
		case <-timer.C:
		}
		wait *= 2
	}
}

// once asks once; again tells that another try may go better.
func (c *Client) once(ctx context.Context, number string) (published poa.PublishedCorporation, again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.Attempt)
	defer cancel()
	query := url.Values{"id": {c.config.ID}, "number": {number}, "type": {"12"}, "history": {"0"}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.config.URL+"/num?"+query.Encode(), nil)
	if err != nil {
		return published, false, errors.New("the question cannot be put")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return published, true, errors.New("no answer came") // its text would hold the ID
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxReply+1))
	switch {
	case response.StatusCode == http.StatusTooManyRequests || response.StatusCode >= http.StatusInternalServerError:
		return published, true, fmt.Errorf("the answer has status %d", response.StatusCode)
	case response.StatusCode != http.StatusOK:
		return published, false, fmt.Errorf("the answer has status %d", response.StatusCode)
	case err != nil:
		return published, true, errors.New("the answer broke off")
	case len(body) > maxReply:
		return published, false, errors.New("the answer is too large")
	}
	published, err = parse(body, number)
	return published, false, err
}
