// SPDX-License-Identifier: Apache-2.0

package status

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"ininjo/poa"
	"ininjo/poa/jpki"
)

// maxAhead is how far an authority's clock may be ahead of ours, as poa/jpki has it.
const maxAhead = 5 * time.Minute

// errOutdated says that a newer list than this one was seen, by this process or another.
var errOutdated = errors.New("a newer list than this one was seen before")

// list returns the list of a place, from the last time where that may be used again. Whether another process has seen
// a newer one is asked each time, so that what was revoked since never comes back.
func (s *Source) list(ctx context.Context, p Place, q poa.StatusQuestion) (*jpki.CRL, error) {
	key := "crl " + p.File + p.URL + " " + string(q.RootSHA256[:]) + string(q.Issuer.RawSubjectPublicKeyInfo)
	stamp, err := p.stamp()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	last, ok := s.lists[key]
	s.mu.Unlock()
	if ok && last.good(q.At) && last.stamp == stamp {
		if err := s.newest(ctx, last.value, q.At); !errors.Is(err, errOutdated) {
			return last.value, err
		}
	}
	list, err := once(ctx, s, key, func(ctx context.Context) (*jpki.CRL, error) { return s.fetchList(ctx, p, q, key, stamp) })
	if err != nil {
		return nil, err
	}
	return list, s.newest(ctx, list, q.At)
}

// fetchList fetches a list and keeps it.
func (s *Source) fetchList(ctx context.Context, p Place, q poa.StatusQuestion, key, stamp string) (*jpki.CRL, error) {
	der, err := s.fetch(ctx, p)
	if err != nil {
		return nil, err
	}
	list, err := jpki.ReadCRL(der, q.Issuer)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// An older list is a replay, or a copy that lags behind: what was revoked since must not come back.
	if last, ok := s.lists[key]; ok && !q.At.Before(last.came) && last.value.ThisUpdate().After(list.ThisUpdate()) {
		list = last.value
	}
	s.lists[key] = kept[*jpki.CRL]{value: list, came: q.At, until: s.until(q.At, list.NextUpdate()), stamp: stamp}
	return list, nil
}

// newest wants a list to be the newest that any process has seen, and remembers it. One from the future is refused by
// whoever reads it, and must not stand in the way of those to come.
func (s *Source) newest(ctx context.Context, list *jpki.CRL, at time.Time) error {
	if s.config.Memory == nil || list.ThisUpdate().After(at.Add(maxAhead)) {
		return nil
	}
	outdated, err := s.config.Memory.SeenRevocationList(ctx, list.Series(), list.Number(), list.ThisUpdate())
	switch {
	case err != nil:
		return fmt.Errorf("comparing with the newest list: %w", err)
	case outdated:
		return errOutdated
	}
	return nil
}

// stamp is what a file looks like from outside, so that a new one is read at once.
func (p Place) stamp() (string, error) {
	if p.File == "" {
		return "", nil
	}
	info, err := os.Stat(p.File)
	switch {
	case err != nil:
		return "", errors.New("the list's file cannot be read")
	case !info.Mode().IsRegular():
		return "", errors.New("the list's file is no regular file")
	case info.Size() > jpki.MaxCRL*2: // PEM is a third longer
		return "", errTooLarge
	}
	return fmt.Sprint(info.ModTime().UnixNano(), info.Size()), nil
}

// fetch returns a list in DER, from a file or over HTTP.
func (s *Source) fetch(ctx context.Context, p Place) ([]byte, error) {
	if p.File != "" {
		content, err := os.ReadFile(p.File)
		if err != nil {
			return nil, errors.New("the list's file cannot be read")
		}
		return fromPEM(content), nil
	}
	answer, err := s.door.send(ctx, errand{method: http.MethodGet, url: p.URL, limit: jpki.MaxCRL,
		header: map[string]string{"Accept": "application/pkix-crl, application/octet-stream"}})
	if err != nil {
		return nil, err
	}
	return fromPEM(answer.body), nil
}

// fromPEM takes a list out of PEM; what is none stays as it is, for the parser to refuse.
func fromPEM(content []byte) []byte {
	if !bytes.HasPrefix(content, []byte("-----BEGIN ")) {
		return content
	}
	block, rest := pem.Decode(content)
	if block == nil || block.Type != "X509 CRL" || len(bytes.TrimSpace(rest)) > 0 {
		return content
	}
	return block.Bytes
}
