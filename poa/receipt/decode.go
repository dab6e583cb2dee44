// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"encoding/json"
	"time"
)

// reader turns written values back and keeps the first fault.
type reader struct{ err error }

// Decode reads a payload that Encode wrote. Members that this version does not
// know are passed over, so that a newer receipt still verifies.
func Decode(payload []byte) (Claims, error) {
	var w wire
	if err := json.Unmarshal(payload, &w); err != nil {
		return Claims{}, fault(BadClaims, "payload")
	}
	r := &reader{}
	c := Claims{
		Issuer: w.Issuer, Recipient: w.Audience, IssuedAt: r.instant(w.IssuedAt, "issuedAt"),
		Question: Question{
			DelegationID: w.Question.DelegationID,
			At:           r.optional(w.Question.At, "question.at"), KnownAt: r.optional(w.Question.KnownAt, "question.knownAt"),
			DocumentSHA256:            orEmpty(w.Question.DocumentSHA256),
			DelegateCertificateSHA256: orEmpty(w.Question.DelegateCertificateSHA256),
			Nonce:                     orEmpty(w.Question.Nonce),
		},
		Answer:  r.answer(w.Answer),
		Version: w.Version, PolicyOID: orEmpty(w.Policy), EventID: orEmpty(w.EventID), LeafHash: orEmpty(w.LeafHash),
	}
	if r.err == nil && (w.Answer.Status == "" || w.IssuedSec != c.IssuedAt.Unix()) {
		r.err = fault(BadClaims, "answer.status or iat")
	}
	if r.err != nil {
		return Claims{}, r.err
	}
	return c, nil
}

func (r *reader) answer(w wireAnswer) Answer {
	a := Answer{
		Status: w.Status, Reason: orEmpty(w.Reason),
		AsOf: r.instant(w.AsOf, "answer.asOf"), KnownAt: r.instant(w.KnownAt, "answer.knownAt"),
		AnsweredAt:      r.instant(w.AnsweredAt, "answer.answeredAt"),
		DocumentMatches: w.DocumentMatches, DelegateMatches: w.DelegateMatches, FileCompared: w.FileCompared,
		ValidFrom: orEmpty(w.ValidFrom), ValidThrough: orEmpty(w.ValidThrough),
		SignatureVerifiedAt: r.optional(w.SignatureVerifiedAt, "answer.signatureVerifiedAt"),
	}
	if q := w.Qualification; q != nil {
		a.Qualification = &Qualification{q.Qualification, q.Standing, r.optional(q.VerifiedAt, "answer.qualification.verifiedAt")}
	}
	return a
}

func (r *reader) instant(s *string, where string) time.Time {
	if s == nil {
		r.fail(where)
		return time.Time{}
	}
	t, err := time.Parse(layout, *s)
	if err != nil {
		r.fail(where)
	}
	return t
}

func (r *reader) optional(s *string, where string) *time.Time {
	if s == nil {
		return nil
	}
	t := r.instant(s, where)
	return &t
}

func (r *reader) fail(where string) {
	if r.err == nil {
		r.err = fault(BadClaims, where)
	}
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
