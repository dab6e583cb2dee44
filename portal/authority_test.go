// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"sync"

	"ininjo/poa"
	"ininjo/poa/jpki"
	"ininjo/poa/poatest"
)

// authority is whom the service asks about certificates and for time stamps. As
// it stands nobody set it to be asked about certificates.
type authority struct {
	tsa   *poatest.TSA
	clock poa.Clock
	mode  poa.Mode

	mu       sync.Mutex
	standing jpki.Standing
	silent   bool
}

// says answers from now on; "" is as if nobody was to be asked.
func (a *authority) says(standing jpki.Standing) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.standing, a.silent = standing, false
}

// isSilent gives no answer from now on.
func (a *authority) isSilent() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.silent = true
}

// Status implements poa.StatusSource.
func (a *authority) Status(_ context.Context, q poa.StatusQuestion) (jpki.StatusAnswer, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.silent:
		return jpki.StatusAnswer{}, errors.New("no route to the responder")
	case a.standing == "":
		return jpki.StatusAnswer{}, poa.ErrNoStatusSource
	}
	answer := jpki.StatusAnswer{Standing: a.standing, Source: jpki.SourceOCSP, ProducedAt: q.At, ThisUpdate: q.At, Raw: []byte("answer")}
	if a.mode == poa.ModeSP {
		answer.Source, answer.VerificationID = jpki.SourcePlatform, "verification-1"
	}
	if a.standing == jpki.Revoked {
		answer.RevokedAt, answer.Reason = q.At, "keyCompromise"
	}
	return answer, nil
}

// Stamp implements poa.TimeStamper.
func (a *authority) Stamp(_ context.Context, digest []byte, hash crypto.Hash) ([]byte, error) {
	return a.tsa.Stamp(digest, hash, a.clock.Now())
}

// stampAll works off the jobs that stamp evidence.
func (w *world) stampAll() {
	w.tb.Helper()
	eachJob(w, func(job poa.StampEvidence) error { return w.registrar.StampEvidence(w.tb.Context(), job) })
}

// askAgain works off the jobs that ask for a status anew.
func (w *world) askAgain() {
	w.tb.Helper()
	eachJob(w, func(job poa.AskStatus) error {
		_, err := w.registrar.AskStatus(w.tb.Context(), job)
		return err
	})
}

func eachJob[J interface{ Kind() string }](w *world, do func(J) error) {
	w.tb.Helper()
	for _, each := range w.data.Jobs(w.tb) {
		var job J
		if each.Kind == job.Kind() {
			must(w.tb, json.Unmarshal([]byte(each.Args), &job))
			must(w.tb, do(job))
		}
	}
}

// vague is a person whose certificate has another form of a kana, and a character
// that stands for one that it cannot hold.
func (w *world) vague() *poatest.Signer {
	w.tb.Helper()
	person := signer
	person.Address = "東京都千代田区霞ヶ関１－１－１"
	return poatest.MustIssue(w.tb, w.ca, person, poatest.WithSubstitutes("00010", ""))
}
