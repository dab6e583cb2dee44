// SPDX-License-Identifier: Apache-2.0

package status

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"ininjo/poa"
	"ininjo/poa/jpki"
	"ininjo/server/outside/webhook"
)

// Config says whom to ask about the certificates of which pinned root, and how.
type Config struct {
	// Places are asked in their order until one can tell, by SHA-256 of the pinned root.
	Places map[[sha256.Size]byte][]Place
	// Allowed are private targets that the operator allows.
	Allowed []webhook.Allowance
	// Timeout bounds one question in all; zero means 10 s.
	Timeout time.Duration
	// MaxAge bounds how long an answer is used again, which it is never beyond its own next update; zero means 10 min.
	MaxAge time.Duration
	// NonceOptional takes OCSP responses that repeat no nonce; one with another nonce is refused all the same.
	NonceOptional bool
	// Attempts bounds the exchanges for one question at one place; zero means 3. Backoff is the wait after the first,
	// doubled each time; zero means 250 ms.
	Attempts int
	Backoff  time.Duration
	// Memory remembers lists for all processes; nil where this one is alone.
	Memory Memory
	// Clock tells by which instant answers are judged where a question names none.
	Clock poa.Clock
	// Roots are the only ones trusted for TLS; nil means the system's.
	Roots *x509.CertPool
	// Log is told why a source could not tell; nil for nobody.
	Log *slog.Logger
}

// Memory remembers the newest list of revoked certificates that any process has seen.
type Memory interface {
	// SeenRevocationList remembers a list, unless a newer one of its series was seen: then it reports so, and the
	// list must not be taken. A number of nil is that of a list without one.
	SeenRevocationList(ctx context.Context, series [sha256.Size]byte, number *big.Int, thisUpdate time.Time) (outdated bool, err error)
}

// withDefaults fills in what is zero.
func (c Config) withDefaults() (Config, error) {
	if c.Clock == nil {
		return c, errors.New("making status source: no clock was given")
	}
	c.Timeout, c.MaxAge, c.Backoff = orDefault(c.Timeout, 10*time.Second), orDefault(c.MaxAge, 10*time.Minute), orDefault(c.Backoff, 250*time.Millisecond)
	c.Attempts = orDefault(c.Attempts, 3)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

func orDefault[N int | time.Duration](n, otherwise N) N {
	if n <= 0 {
		return otherwise
	}
	return n
}

// Source asks CRLs and OCSP responders. It is safe for concurrent use.
type Source struct {
	config  Config
	door    *door
	flights singleflight.Group
	answers *lru.Cache[string, kept[jpki.StatusAnswer]] // of OCSP responders
	mu      sync.Mutex
	lists   map[string]kept[*jpki.CRL] // by place and issuer
}

// kept is an answer that may be used again: not before it came, and not at or after until.
type kept[T any] struct {
	value       T
	came, until time.Time
	stamp       string // of a file, what it looked like
}

func (k kept[T]) good(at time.Time) bool { return !at.Before(k.came) && at.Before(k.until) }

var _ poa.StatusSource = (*Source)(nil)

// maxAnswers bounds the answers that are kept, a few kilobytes each.
const maxAnswers = 4096

// NewSource returns a source; it fails where a place cannot be asked.
func NewSource(c Config) (*Source, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Source{config: c, door: newDoor(c.Allowed, c.Timeout, c.Backoff, c.Attempts, c.Roots), lists: map[string]kept[*jpki.CRL]{}}
	for _, places := range c.Places {
		for _, p := range places {
			if err := p.check(s.door); err != nil {
				return nil, fmt.Errorf("making status source: %w", err)
			}
		}
	}
	s.answers, err = lru.New[string, kept[jpki.StatusAnswer]](maxAnswers)
	if err != nil {
		return nil, fmt.Errorf("making status source: %w", err)
	}
	return s, nil
}

// Close ends idle connections.
func (s *Source) Close() { s.door.http.CloseIdleConnections() }

// ErrNoPlace says that nobody is set who could tell.
var ErrNoPlace = poa.ErrNoStatusSource

// Status asks the places of the question's root in turn. Implements poa.StatusSource.
func (s *Source) Status(ctx context.Context, q poa.StatusQuestion) (jpki.StatusAnswer, error) {
	places := s.config.Places[q.RootSHA256]
	if len(places) == 0 {
		return jpki.StatusAnswer{}, ErrNoPlace
	}
	if q.Certificate == nil || q.Issuer == nil {
		return jpki.StatusAnswer{}, errors.New("the question names no certificate or no issuer")
	}
	if q.At.IsZero() {
		q.At = s.config.Clock.Now()
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	var failed error
	for _, p := range places {
		answer, err := s.ask(ctx, p, q)
		if err == nil {
			return answer, nil
		}
		s.config.Log.Warn("the status of a certificate could not be told", "place", p.String(), "error", err)
		failed = errors.Join(failed, err)
	}
	return jpki.StatusAnswer{}, failed
}

func (s *Source) ask(ctx context.Context, p Place, q poa.StatusQuestion) (jpki.StatusAnswer, error) {
	if p.Kind == OCSP {
		return s.askResponder(ctx, p, q)
	}
	list, err := s.list(ctx, p, q)
	if err != nil {
		return jpki.StatusAnswer{}, err
	}
	return list.Check(q.Certificate, q.At)
}

// once lets one of several equal questions go out. It outlives whoever asked first, within its own time.
func once[T any](ctx context.Context, s *Source, key string, ask func(context.Context) (T, error)) (T, error) {
	result := s.flights.DoChan(key, func() (any, error) {
		alone, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.Timeout)
		defer cancel()
		return ask(alone)
	})
	var none T
	select {
	case r := <-result:
		if r.Err != nil {
			return none, r.Err
		}
		value, ok := r.Val.(T)
		if !ok {
			return none, errMalformed // keys of lists and responders never meet
		}
		return value, nil
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return none, errSlow
		}
		return none, ctx.Err()
	}
}

// until is the end of an answer's use: its own next update, or MaxAge, whichever comes first.
func (s *Source) until(came, next time.Time) time.Time {
	end := came.Add(s.config.MaxAge)
	if next.Before(end) {
		return next
	}
	return end
}
