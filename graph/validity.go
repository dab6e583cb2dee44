// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"
	"time"

	"ininjo/graph/schema"
	"ininjo/poa"
)

// Validity asks whether a delegation is valid.
func (q *queryResolver) Validity(ctx context.Context, id string, at, knownAt *time.Time, document, certificate, nonce *string) (*schema.Validity, error) {
	answers, err := q.ask(ctx, poa.Question{DelegationID: id, At: given(at), KnownAt: given(knownAt), DocumentSHA256: given(document),
		DelegateCertificateSHA256: given(certificate), Nonce: given(nonce)})
	if err != nil {
		return nil, err
	}
	return &answers[0], nil
}

// Validities asks whether delegations are valid, each for itself.
func (q *queryResolver) Validities(ctx context.Context, ids []string) ([]schema.Validity, error) {
	return q.ask(ctx, each(ids, func(id string) poa.Question { return poa.Question{DelegationID: id} })...)
}

// ask puts questions with the credential as it was brought: it is checked in
// the statement that reads and audits, and nowhere before.
func (r *resolver) ask(ctx context.Context, questions ...poa.Question) ([]schema.Validity, error) {
	a, _ := ctx.Value(accessKey{}).(*access)
	answers, err := r.answers(ctx, a, questions...)
	shown := make([]schema.Validity, len(answers))
	for i := range answers {
		shown[i] = newValidity(&answers[i])
	}
	return shown, err
}

// answers asks for a request; nil is one that the transport does not know.
func (r *resolver) answers(ctx context.Context, a *access, questions ...poa.Question) ([]poa.Answer, error) {
	if a == nil {
		a = &access{credential: r.Credential(ctx)}
	}
	credential := a.credential
	if credential.Anonymous && r.Enrollment != nil && r.Enrollment.Registration() == poa.RegistrationNone {
		if err := a.boundAnonymous(len(questions)); err != nil {
			return nil, err
		}
	}
	return r.Responder.AskAdmitted(ctx, credential, questions)
}

// Receipt signs the answer.
func (v *validityResolver) Receipt(ctx context.Context, shown *schema.Validity) (*string, error) {
	compact, err := v.Responder.Receipt(ctx, *shown.Answer)
	return optional(compact), err
}

func newQualification(q *poa.QualificationStanding) *schema.QualificationStanding {
	if q == nil {
		return nil
	}
	return &schema.QualificationStanding{Qualification: q.Qualification, Standing: q.Standing, VerifiedAt: optional(q.VerifiedAt)}
}

// newValidity shows an answer, which it points into.
func newValidity(a *poa.Answer) schema.Validity {
	v := schema.Validity{DelegationID: a.DelegationID, Status: a.Status, Reason: a.Reason, AsOf: a.AsOf, KnownAt: a.KnownAt, AnsweredAt: a.AnsweredAt,
		InquiryID: a.InquiryID, DocumentMatches: a.DocumentMatches, DelegateMatches: a.DelegateMatches,
		SignatureVerifiedAt: a.SignatureVerifiedAt, Answer: a}
	if a.Term != nil {
		v.Qualification = newQualification(a.Qualification)
		v.ValidFrom, v.ValidThrough = a.Term.From, a.Term.Through
		if a.Version > 0 {
			v.Version = &a.Version
		}
	}
	return v
}
