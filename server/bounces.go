// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"log/slog"
	"net/http"

	"ininjo/poa"
	"ininjo/server/outside/mail"
)

// bounces takes reports of mail that did not arrive from the operator's mail
// server: POST, the message as it came, the secret as a bearer token.
type bounces struct {
	secret  [32]byte
	bounced func(context.Context, poa.Bounce) (poa.BounceOutcome, error)
	log     *slog.Logger
}

// maxTried bounds the addresses of a report that are looked at.
const maxTried = 5

// openBounces serves reports where the operator set a secret.
func (s *service) openBounces(mux *http.ServeMux) error {
	secret, set, err := s.config.bounceSecret()
	if err != nil || !set {
		return err
	}
	mux.Handle("POST /mail/bounces", &bounces{secret: secret, bounced: s.chapters.notifier.Bounced, log: s.log})
	return nil
}

// ServeHTTP answers 200 with what a report led to, 202 where a message is to be
// forgotten: a mail server that got it need not try again. 503 asks it to.
func (b *bounces) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token, _ := r.Context().Value(keyBearer).(string)
	given := sha256.Sum256([]byte(token))
	if subtle.ConstantTimeCompare(given[:], b.secret[:]) != 1 {
		w.Header().Set("WWW-Authenticate", "Bearer")
		plain(w, http.StatusUnauthorized, "UNAUTHENTICATED\n")
		return
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mail.MaxReport))
	if err != nil {
		plain(w, http.StatusRequestEntityTooLarge, "TOO_LARGE\n")
		return
	}
	report, err := mail.ParseReport(raw)
	if err != nil || report.Status == "" {
		plain(w, http.StatusAccepted, "IGNORED\n") // an automatic answer, or one that is only late
		return
	}
	outcome, err := b.record(r.Context(), report)
	switch {
	case errors.Is(err, poa.ErrNotFound):
		plain(w, http.StatusAccepted, "UNKNOWN\n")
	case err != nil:
		b.log.ErrorContext(r.Context(), "recording a report of mail", "cause", err)
		plain(w, http.StatusServiceUnavailable, "UNAVAILABLE\n")
	default:
		plain(w, http.StatusOK, string(outcome)+"\n")
	}
}

// record takes the first address that is a return path of ours.
func (b *bounces) record(ctx context.Context, report mail.Report) (poa.BounceOutcome, error) {
	err := error(poa.ErrNotFound)
	for _, to := range report.To[:min(len(report.To), maxTried)] {
		var outcome poa.BounceOutcome
		if outcome, err = b.bounced(ctx, poa.Bounce{ReturnPath: to, Status: report.Status}); err == nil || !errors.Is(err, poa.ErrNotFound) {
			return outcome, err
		}
	}
	return "", err
}
