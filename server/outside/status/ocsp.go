// SPDX-License-Identifier: Apache-2.0

package status

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"net/http"

	"ininjo/poa"
	"ininjo/poa/jpki"
)

// nonceSize is within what every responder takes (RFC 8954: up to 32 bytes).
const nonceSize = 16

// askResponder asks an OCSP responder, or uses its last answer where that still holds.
func (s *Source) askResponder(ctx context.Context, p Place, q poa.StatusQuestion) (jpki.StatusAnswer, error) {
	digest := sha256.Sum256(q.Certificate.Raw)
	key := "ocsp " + p.URL + " " + string(q.RootSHA256[:]) + string(digest[:])
	if last, ok := s.answers.Get(key); ok && last.good(q.At) {
		return last.value, nil
	}
	return once(ctx, s, key, func(ctx context.Context) (jpki.StatusAnswer, error) {
		answer, err := s.respond(ctx, p, q)
		if err == nil && answer.Standing != jpki.Unknown && !answer.NextUpdate.IsZero() {
			s.answers.Add(key, kept[jpki.StatusAnswer]{value: answer, came: q.At, until: s.until(q.At, answer.NextUpdate)})
		}
		return answer, err
	})
}

func (s *Source) respond(ctx context.Context, p Place, q poa.StatusQuestion) (jpki.StatusAnswer, error) {
	nonce := make([]byte, nonceSize)
	rand.Read(nonce)
	request, err := jpki.NewOCSPRequest(q.Certificate, q.Issuer, nonce)
	if err != nil {
		return jpki.StatusAnswer{}, err
	}
	// A responder writes nothing down for us: asking twice is safe.
	answer, err := s.door.send(ctx, errand{method: http.MethodPost, url: p.URL, body: request, limit: jpki.MaxOCSP,
		header: map[string]string{"Content-Type": "application/ocsp-request", "Accept": "application/ocsp-response"}})
	if err != nil {
		return jpki.StatusAnswer{}, err
	}
	told, err := jpki.CheckOCSP(answer.body, q.Certificate, q.Issuer, nonce, q.At)
	if s.config.NonceOptional && jpki.KindOf(err) == jpki.StatusNonce && !jpki.HasNonce(answer.body) {
		told, err = jpki.CheckOCSP(answer.body, q.Certificate, q.Issuer, nil, q.At)
	}
	if jpki.KindOf(err) == jpki.StatusNonce && !jpki.HasNonce(answer.body) {
		err = errors.Join(err, errors.New("the responder repeats no nonce: see --status-nonce"))
	}
	return told, err
}
