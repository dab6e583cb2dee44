// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"ininjo/poa/receipt"
)

// MaxInquiries bounds how many delegations one question names.
const MaxInquiries = 100

// MaxAnonymousInquiries bounds it for who asks without an account.
const MaxAnonymousInquiries = 10

// Responder is chapter 5 of the operating rules: recipients ask whether a
// delegation is valid and are answered.
type Responder struct {
	office
	policy Policy
	signer receipt.Signer
	// allowances bound who asks; nil bounds nobody.
	allowances *Allowances
}

// NewResponder returns the chapter's rules. A nil signer answers without
// receipts: asking for one is then SIGNING_UNAVAILABLE.
func NewResponder(clock Clock, store Store, policy Policy, signer receipt.Signer) *Responder {
	return &Responder{office: office{clock, store}, policy: policy, signer: signer}
}

// Ask answers questions in their order, each for itself. The credential is
// checked, the delegations are read and the inquiries are audited in one
// statement; when Ask returns they are durable. An unknown ID is the answer
// UNKNOWN and takes the same way as any other. What it costs is taken out of the
// credential's allowance.
func (r *Responder) Ask(ctx context.Context, c Credential, questions []Question) ([]Answer, error) {
	if _, err := r.Admit(c, len(questions)); err != nil {
		return nil, err
	}
	return r.AskAdmitted(ctx, c, questions)
}

// AskAdmitted is Ask for a request that was admitted with all that it costs.
func (r *Responder) AskAdmitted(ctx context.Context, c Credential, questions []Question) ([]Answer, error) {
	if c == (Credential{}) || c.Anonymous && r.policy.Registration() != RegistrationNone {
		return nil, ErrUnauthenticated
	}
	bound := MaxInquiries
	if c.Anonymous {
		bound = MaxAnonymousInquiries
	}
	if len(questions) > bound {
		return nil, Faults{newFault(CodeTooMany, "delegationIds", "bound", fmt.Sprint(bound))}
	}
	if len(questions) == 0 {
		return nil, nil
	}
	now := r.clock.Now()
	inquiries, faults := inquiriesOf(questions, now)
	if len(faults) > 0 {
		return nil, faults
	}
	readings, err := r.store.Ask(ctx, c, inquiries)
	if err != nil {
		return nil, fmt.Errorf("asking for validity: %w", err)
	}
	answers := make([]Answer, len(questions))
	for i := range readings {
		if err := mayAsk(&readings[i]); err != nil {
			return nil, err
		}
		answers[i].fill(&inquiries[i], &questions[i], &readings[i])
	}
	r.allowances.guessed(c, answers)
	return answers, nil
}

// fill answers a question as it was asked.
func (a *Answer) fill(in *Inquiry, q *Question, r *Reading) {
	*a = answer(in.question(q), in, r)
	if in.Mistyped {
		a.DelegationID = q.DelegationID // to the asker alone: it is not kept
	}
}

// mayAsk wants a recipient under contract with a token for it, or one of whom
// nothing is asked. It says nothing of the delegation.
func mayAsk(r *Reading) error {
	if r.Asker.Kind == ActorAnonymous {
		return nil // the store knows such an asker for a credential without proof alone
	}
	if r.Asker.Kind == "" {
		return ErrUnauthenticated
	}
	if r.Asker.Kind != ActorRecipient || !r.Active || r.Scope == ScopeRead {
		return ErrForbidden
	}
	return nil
}

// inquiriesOf are the inquiries of one request; the faults are those of the first
// question that has any. The source of randomness is asked once.
func inquiriesOf(questions []Question, now time.Time) ([]Inquiry, Faults) {
	random := make([]byte, len(questions)*len(inquiryRandom{}))
	rand.Read(random) // never fails since Go 1.24
	inquiries := make([]Inquiry, len(questions))
	for i := range questions {
		id := inquiryID(now, inquiryRandom(random[i*len(inquiryRandom{}):]))
		if faults := inquiries[i].fill(&questions[i], id, now); len(faults) > 0 {
			return nil, faults
		}
	}
	return inquiries, nil
}

// fill makes the inquiry of a question.
func (in *Inquiry) fill(q *Question, inquiryID string, now time.Time) Faults {
	var faults Faults
	id, ok := ParseDelegationID(q.DelegationID)
	*in = Inquiry{ID: inquiryID, DelegationID: id, Mistyped: !ok, AnsweredAt: now, At: now, KnownAt: now, Nonce: q.Nonce}
	if !q.At.IsZero() {
		in.At, in.AtGiven, in.Historical = q.At.UTC().Truncate(time.Microsecond), true, true
	}
	if !q.KnownAt.IsZero() {
		in.KnownAt, in.KnownAtGiven, in.Historical = q.KnownAt.UTC().Truncate(time.Microsecond), true, true
	}
	if in.At.After(now) {
		faults.Add(CodeFuture, "at")
	}
	if in.KnownAt.After(now) {
		faults.Add(CodeFuture, "knownAt")
	}
	if utf8.RuneCountInString(q.Nonce) > 128 {
		faults.Add(CodeTooLong, "nonce", "bound", "128")
	} else if !printable(q.Nonce, "") {
		faults.Add(CodeForbiddenCharacter, "nonce")
	}
	in.DocumentSHA256 = digestOf(q.DocumentSHA256, "documentSha256", &faults)
	in.DelegateCertificateSHA256 = digestOf(q.DelegateCertificateSHA256, "delegateCertificateSha256", &faults)
	return faults
}

// question is the question as it is kept, so that its receipt can be signed
// again from the inquiry's row: IDs and digests in their one writing, a mistyped
// ID without its text.
func (in *Inquiry) question(q *Question) Question {
	return Question{DelegationID: string(in.DelegationID), At: exactly(q.At), KnownAt: exactly(q.KnownAt), Nonce: q.Nonce,
		DocumentSHA256: hexText(in.DocumentSHA256), DelegateCertificateSHA256: hexText(in.DelegateCertificateSHA256)}
}

func hexText(digest []byte) string {
	if len(digest) == 0 {
		return ""
	}
	return hex.EncodeToString(digest)
}

func digestOf(text, field string, faults *Faults) []byte {
	if text == "" {
		return nil
	}
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != 32 {
		faults.Add(CodeInvalid, field)
		return nil
	}
	return b
}

// answer is a pure function of the question, the instant and what was read, so
// that a receipt can be signed again later.
func answer(q Question, in *Inquiry, r *Reading) Answer {
	a := Answer{Question: q, DelegationID: string(in.DelegationID), AsOf: in.At, KnownAt: in.KnownAt, AnsweredAt: in.AnsweredAt, InquiryID: in.ID,
		RecipientID: r.Asker.PartyID, LeafHash: r.LeafHash}
	switch {
	case in.Mistyped:
		a.Standing = Standing{Status: StatusUnknown, Reason: ReasonMistypedID}
	case !in.Historical:
		a.standNow(in, r)
	case r.Found:
		a.Standing = StandingAt(r.Facts, r.Projection.Term, in.At, knowledge(q, r.Facts))
	default:
		a.Standing = Standing{Status: StatusUnknown}
	}
	known := a.Status != StatusUnknown
	if len(in.DocumentSHA256) > 0 {
		file, content := equal(in.DocumentSHA256, r.FileSHA256), equal(in.DocumentSHA256, r.ContentSHA256) // both, whichever fits
		matches := known && (file || content)
		a.DocumentMatches = &matches
	}
	if len(in.DelegateCertificateSHA256) > 0 {
		matches := known && equal(in.DelegateCertificateSHA256, r.DelegateCertificateSHA256)
		a.DelegateMatches = &matches
	}
	title := titleOf(q, in, r, a.AsOf) // of an unknown one as well, for its time
	if known {
		a.Term, a.SignatureVerifiedAt, a.Qualification = &r.Projection.Term, r.SignatureVerifiedAt, title
	}
	return a
}

// standNow judges what stands now. An unknown delegation is judged as a known one
// is before that is thrown away: the time of an answer tells nothing of IDs.
func (a *Answer) standNow(in *Inquiry, r *Reading) {
	asOf := r.Projection.notBefore(in.At)
	standing := r.Projection.StandingAt(asOf)
	if !r.Found {
		a.Standing = Standing{Status: StatusUnknown}
		return
	}
	a.AsOf, a.KnownAt, a.Standing = asOf, asOf, standing
}

// titleOf is how the delegate's title stands at the moment that is answered.
func titleOf(q Question, in *Inquiry, r *Reading, asOf time.Time) *QualificationStanding {
	if in.Historical {
		return r.Qualification.standing(TitleAt(r.Facts, r.Projection.Term, in.At, knowledge(q, r.Facts)))
	}
	return r.Qualification.standing(r.Projection.TitleAt(asOf))
}

// knowledge is the instant up to which facts count. Without a knownAt that is
// all that was read: what is recorded in one instant is a microsecond apart, and
// the clocks of two processes differ.
func knowledge(q Question, facts []Fact) time.Time {
	if !q.KnownAt.IsZero() || len(facts) == 0 {
		return q.KnownAt
	}
	return slices.MaxFunc(facts, func(a, b Fact) int { return a.RecordedAt.Compare(b.RecordedAt) }).RecordedAt
}

// equal compares digests in constant time; none equals nothing.
func equal(a, b []byte) bool { return len(b) > 0 && subtle.ConstantTimeCompare(a, b) == 1 }

// Receipt signs the answer as a 有効性確認回答書 (compact JWS).
func (r *Responder) Receipt(ctx context.Context, a Answer) (string, error) {
	compact, err := r.AppendReceipt(ctx, nil, &a)
	return string(compact), err
}

// AppendReceipt writes the receipt behind b, and b alone where it fails.
func (r *Responder) AppendReceipt(ctx context.Context, b []byte, a *Answer) ([]byte, error) {
	if r.signer == nil {
		return b, &Error{Code: CodeSigningUnavailable}
	}
	claims := r.claims(a)
	b, err := receipt.Append(ctx, b, r.signer, &claims)
	if err != nil {
		return b, &Error{Code: CodeSigningUnavailable, Cause: err}
	}
	return b, nil
}

// claims are those of an answer, which they point into.
func (r *Responder) claims(a *Answer) receipt.Claims {
	q := &a.Question
	c := receipt.Claims{Issuer: r.policy.Issuer, Recipient: a.RecipientID, IssuedAt: a.AnsweredAt, PolicyOID: r.policy.PolicyOID,
		EventID: a.InquiryID, LeafHash: hexOf(a.LeafHash),
		Question: receipt.Question{DelegationID: q.DelegationID, At: ifAny(&q.At), KnownAt: ifAny(&q.KnownAt), DocumentSHA256: q.DocumentSHA256,
			DelegateCertificateSHA256: q.DelegateCertificateSHA256, Nonce: q.Nonce},
		Answer: receipt.Answer{Status: string(a.Status), Reason: string(a.Reason), AsOf: a.AsOf, KnownAt: a.KnownAt, AnsweredAt: a.AnsweredAt,
			DocumentMatches: a.DocumentMatches, DelegateMatches: a.DelegateMatches, FileCompared: a.DocumentMatches != nil, SignatureVerifiedAt: ifAny(&a.SignatureVerifiedAt)}}
	if a.Version > 0 {
		c.Version = &a.Version
	}
	if a.Term != nil {
		c.Answer.ValidFrom, c.Answer.ValidThrough = a.Term.From.String(), a.Term.Through.String()
	}
	if t := a.Qualification; t != nil {
		c.Answer.Qualification = &receipt.Qualification{Qualification: string(t.Qualification), Standing: string(t.Standing), VerifiedAt: ifAny(&t.VerifiedAt)}
	}
	return c
}

func instant(t time.Time) *time.Time { return ifAny(&t) }

// ifAny is an instant where it stands, nil for none.
func ifAny(t *time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return t
}
