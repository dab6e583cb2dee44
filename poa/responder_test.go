// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
	"ininjo/poa/receipt"
)

func TestAnswers(t *testing.T) {
	t.Parallel()
	t.Run("every status in its turn", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		future, d := o.accepted(from(5)), o.accepted()
		o.wantStatus(future, poa.StatusNotYetValid)
		_, err := o.registrar.Suspend(t.Context(), o.reception, suspend(future, poa.ReasonUnconfirmed, time.Time{}))
		must(t, err)
		o.wantStatus(future, poa.StatusSuspended) // before NOT_YET_VALID
		o.wantStatus(d, poa.StatusValid)
		last := d.ValidThrough.Ends()
		o.clock.Set(last.Add(-time.Microsecond))
		o.wantStatus(d, poa.StatusValid)
		o.clock.Set(last)
		o.wantStatus(d, poa.StatusExpired)
		o.wantStatus(future, poa.StatusExpired) // before SUSPENDED
		wantCode(t, o.revoke(d, time.Time{}), poa.CodeTermOver)
		o.wantStatus(poa.Delegation{ID: poa.NewDelegationID()}, poa.StatusUnknown)
	})
	t.Run("before its acceptance it is unknown, on its first day it is not yet known as valid", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.submitted()
		o.clock.Advance(time.Hour)
		d = o.accept(d)
		accepted := o.clock.Now()
		o.clock.Advance(time.Hour)
		for at, want := range map[time.Time]poa.ValidityStatus{accepted: poa.StatusValid, accepted.Add(-time.Microsecond): poa.StatusUnknown, d.ValidFrom.Begins(): poa.StatusUnknown} {
			if got := o.ask(poa.Question{DelegationID: string(d.ID), At: at}); got.Status != want || (got.Term != nil) != (want == poa.StatusValid) {
				t.Errorf("at %v it is %+v, want %s", at, got, want)
			}
		}
		if got := o.ask(poa.Question{DelegationID: string(d.ID), KnownAt: accepted.Add(-time.Microsecond)}); got.Status != poa.StatusUnknown {
			t.Errorf("as known before it was %s", got.Status)
		}
	})
	t.Run("what was recorded in one instant is all known in it", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.accepted()
		must(t, o.revoke(d, time.Time{}))
		got := o.ask(poa.Question{DelegationID: string(d.ID), At: o.clock.Now()})
		if got.Status != poa.StatusRevoked || got.Version != 2 {
			t.Errorf("got %+v", got.Standing)
		}
	})
}

func TestAnswersCompare(t *testing.T) {
	t.Parallel()
	t.Run("a file and a certificate in hand are compared", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.handIn(o.draft())
		draft := o.draftFile(d)
		file := sign(t, o.signer, draft)
		d, err := o.file(d, file)
		must(t, err)
		d = o.accept(d)
		digest := func(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }
		yes, no := true, false
		for _, row := range []struct {
			name                  string
			document, certificate string
			documentOK, delegate  *bool
		}{
			{"nothing", "", "", nil, nil},
			{"the file as filed", digest(file), "", &yes, nil},
			{"the content that was signed", digest(draft), "", &yes, nil},
			{"in capitals", strings.ToUpper(digest(file)), strings.ToUpper(digest(o.delegate.Certificate.Raw)), &yes, &yes},
			{"another file", digest([]byte("another")), "", &no, nil},
			{"the delegate's certificate", "", digest(o.delegate.Certificate.Raw), nil, &yes},
			{"the representative's certificate", "", digest(o.signer.Certificate.Raw), nil, &no},
			{"nothing at all in it", digest(nil), strings.Repeat("00", 32), &no, &no},
		} {
			q := poa.Question{DelegationID: strings.ToLower(d.ID.Compact()), DocumentSHA256: row.document, DelegateCertificateSHA256: row.certificate}
			got := o.ask(q)
			if !cmp.Equal(got.DocumentMatches, row.documentOK) || !cmp.Equal(got.DelegateMatches, row.delegate) || got.DelegationID != string(d.ID) {
				t.Errorf("%s: %+v", row.name, got)
			}
		}
		unknown := o.ask(poa.Question{DelegationID: string(poa.NewDelegationID()), DocumentSHA256: digest(file)})
		if unknown.DocumentMatches == nil || *unknown.DocumentMatches {
			t.Error("an unknown delegation has this file")
		}
	})
	t.Run("a delegation that was never accepted does not show its file", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.submitted()
		got := o.ask(poa.Question{DelegationID: string(d.ID), DocumentSHA256: hex.EncodeToString(d.FileSHA256[:])})
		if got.Status != poa.StatusUnknown || *got.DocumentMatches || got.Term != nil || !got.SignatureVerifiedAt.IsZero() || got.Version != 0 {
			t.Errorf("got %+v", got)
		}
	})
}

func TestInquiriesAreAudited(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	d := o.accepted()
	before := o.counts()
	const mistyped = "secret text of somebody"
	answers, err := o.responder.Ask(t.Context(), o.credential, []poa.Question{{DelegationID: string(d.ID), Nonce: "n-1"}, {DelegationID: mistyped}, {DelegationID: string(poa.NewDelegationID())}, {DelegationID: string(d.ID)}})
	must(t, err)
	if diff := cmp.Diff(map[string]int{"inquiries": 4}, o.grown(before)); diff != "" {
		t.Error(diff)
	}
	if a := answers[1]; a.Status != poa.StatusUnknown || a.Reason != poa.ReasonMistypedID || a.DelegationID != mistyped {
		t.Errorf("the mistyped one: %+v", a)
	}
	if answers[0].Status != poa.StatusValid || answers[3].Status != poa.StatusValid || answers[2].Reason != "" {
		t.Errorf("got %+v", answers)
	}
	if text := o.inquiries(); strings.Contains(text, mistyped) || !strings.Contains(text, answers[0].InquiryID) || !strings.Contains(text, "n-1") {
		t.Errorf("the audit holds %s", text)
	}
	if got, err := o.responder.Ask(t.Context(), o.credential, nil); len(got) > 0 || err != nil {
		t.Errorf("no question gives %v, %v", got, err)
	}
	if answers, err = o.responder.Ask(t.Context(), poa.Credential{AccountID: o.recipient.ID}, []poa.Question{{DelegationID: string(d.ID)}}); err != nil || answers[0].RecipientID != o.recipient.PartyID {
		t.Errorf("by a session: %v, %v", answers, err)
	}
}

// inquiries is the table as text.
func (o *office) inquiries() string {
	o.tb.Helper()
	return o.data.Text(o.tb, "SELECT json_agg(i)::text FROM inquiries i")
}

func TestReceipts(t *testing.T) {
	t.Parallel()
	t.Run("one verifies with the key set and says what was asked and answered", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.accepted()
		answer := o.ask(poa.Question{DelegationID: strings.ToLower(d.ID.Compact()), Nonce: "n-1", DocumentSHA256: hex.EncodeToString(d.FileSHA256[:])})
		compact, err := o.responder.Receipt(t.Context(), answer)
		must(t, err)
		claims, err := receipt.Verify(compact, o.jwks, receipt.TypReceipt)
		must(t, err)
		if claims.Recipient != o.recipient.PartyID || claims.Question.DelegationID != string(d.ID) || claims.Question.Nonce != "n-1" || claims.Answer.Status != "VALID" ||
			!claims.Answer.FileCompared || !*claims.Answer.DocumentMatches || claims.EventID != answer.InquiryID || *claims.Version != 1 || claims.PolicyOID != o.policy.PolicyOID ||
			claims.Answer.ValidThrough != d.ValidThrough.String() || claims.Issuer != o.policy.Issuer || !claims.IssuedAt.Equal(o.clock.Now()) || strings.Trim(claims.LeafHash, "0") == "" {
			t.Errorf("it says %+v", claims)
		}
		again, err := o.responder.Receipt(t.Context(), answer)
		must(t, err)
		second, err := receipt.Verify(again, o.jwks, receipt.TypReceipt)
		if diff := cmp.Diff(claims, second); diff != "" || err != nil {
			t.Errorf("signed again it says something else: %v %s", err, diff)
		}
	})
	t.Run("go-jose alone verifies it", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		compact, err := o.responder.Receipt(t.Context(), o.ask(poa.Question{DelegationID: "mistyped\u202e text"}))
		must(t, err)
		var set jose.JSONWebKeySet
		must(t, json.Unmarshal(o.jwks, &set))
		signed, err := jose.ParseSignedCompact(compact, []jose.SignatureAlgorithm{jose.ES256})
		must(t, err)
		payload, err := signed.Verify(set.Keys[0])
		must(t, err)
		if text := string(payload); strings.Contains(text, "mistyped") || !strings.Contains(text, "MISTYPED_ID") {
			t.Errorf("the payload of a mistyped ID is %s", text)
		}
	})
	t.Run("without a key the answer comes and the receipt does not", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		answer := o.ask(poa.Question{DelegationID: string(poa.NewDelegationID())})
		_, err := poa.NewResponder(o.clock, o.store, o.policy, nil).Receipt(t.Context(), answer)
		wantCode(t, err, poa.CodeSigningUnavailable)
	})
}

// TestContractOfAsker: an applicant neither asks nor watches.
func TestContractOfAsker(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.registration("applicant@example.jp")
	in.Filer = "申告　者"
	_, err := o.enrollment.RegisterRecipient(t.Context(), poa.Anonymous("ja"), in)
	must(t, err)
	applicant := o.signInByLink("applicant@example.jp")
	_, err = o.responder.Ask(t.Context(), poa.Credential{AccountID: applicant.ID}, []poa.Question{{DelegationID: string(poa.NewDelegationID())}})
	wantCode(t, err, poa.CodeForbidden)
	_, _, err = o.enrollment.CreateToken(t.Context(), applicant, poa.TokenInput{IdempotencyKey: newKey(), Name: "t", Scope: poa.ScopeAll, ExpiresInDays: 1})
	wantCode(t, err, poa.CodeForbidden)
	_, err = o.notifier.Watch(t.Context(), applicant, poa.WatchInput{IdempotencyKey: newKey(), DelegationID: string(o.accepted().ID)})
	wantCode(t, err, poa.CodeForbidden)
	_, err = o.notifier.CreateEndpoint(t.Context(), applicant, poa.EndpointInput{IdempotencyKey: newKey(), URL: "https://example.jp/"}, anyURL{})
	wantCode(t, err, poa.CodeForbidden)
}
