// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
	"ininjo/poa/evidence"
	"ininjo/poa/jpki"
)

// TestAskedAgainByName: a filing of mode sp waits for a person, who accepts days
// later; by then the platform is asked by its own name of the certificate.
func TestAskedAgainByName(t *testing.T) {
	t.Parallel()
	named := func(a *jpki.StatusAnswer) {
		a.Source, a.VerificationID, a.CertificateID = jpki.SourcePlatform, "ver_1", "crt_1"
	}
	// atPlatform is a filing that a person must decide on, two days after it was filed.
	atPlatform := func(t *testing.T, more ...func(*jpki.StatusAnswer)) (*office, *source, poa.Delegation) {
		t.Helper()
		o, s := newAsking(t)
		o.registrar.Equip(poa.Verification{Status: s, Mode: poa.ModeSP})
		s.says(jpki.Good, append([]func(*jpki.StatusAnswer){named}, more...)...)
		d := o.handIn(o.draft())
		o.clock.Advance(time.Hour)
		changed := o.confirmation(o.delegator.PartyID) // REGISTER_CHANGED is for a person
		changed.RepresentativeTitle = "取締役社長"
		must(t, o.enrollment.Confirm(t.Context(), o.reception, changed))
		d = o.submit(d)
		o.clock.Advance(48 * time.Hour)
		return o, s, d
	}
	t.Run("good: it is accepted, and the answer is in the evidence", func(t *testing.T) {
		t.Parallel()
		o, s, d := atPlatform(t)
		var asked []poa.StatusQuestion
		says := s.answer
		s.answer = func(q poa.StatusQuestion) (jpki.StatusAnswer, error) {
			asked = append(asked, q)
			return says(q)
		}
		o.wantFiling(o.accept(d), poa.StateAccepted)
		if len(asked) != 1 || asked[0].CertificateID != "crt_1" || asked[0].Certificate != nil || asked[0].RootSHA256 == [32]byte{} {
			t.Errorf("asked %+v", asked)
		}
		if _, view := o.bundle(d, poa.EvidenceFiling); kindsOf(view) != "INTAKE STATUS DECISION" || view.Records[1].Record.Status[0].CertificateID != "crt_1" {
			t.Errorf("the evidence is %s", kindsOf(view))
		}
	})
	t.Run("revoked: nobody accepts, and nothing is stored but the event", func(t *testing.T) {
		t.Parallel()
		o, s, d := atPlatform(t)
		s.says(jpki.Revoked, named, revokedAt(o.clock.Now().Add(-72*time.Hour)))
		before := o.counts()
		if _, err := o.decide(d, true); codes(err) != string(poa.CodeCertificateRevoked) {
			t.Errorf("reception got %v", err)
		}
		if diff := cmp.Diff(map[string]int{"audit_events": 1}, o.grown(before)); diff != "" {
			t.Errorf("the refusal stored more: %s", diff)
		}
		o.wantFiling(d, poa.StateSubmitted)
	})
	t.Run("no answer: its word at the filing stands", func(t *testing.T) {
		t.Parallel()
		o, s, d := atPlatform(t)
		s.silent()
		o.wantFiling(o.accept(d), poa.StateAccepted)
	})
	t.Run("a refusal and a platform without names ask nobody", func(t *testing.T) {
		t.Parallel()
		for _, accept := range []bool{false, true} {
			o, s, d := atPlatform(t, func(a *jpki.StatusAnswer) {
				if accept {
					a.CertificateID = ""
				}
			})
			asked := s.asked.Load()
			_, err := o.decide(d, accept)
			must(t, err)
			if s.asked.Load() != asked {
				t.Errorf("asked again, accept %v", accept)
			}
		}
	})
}

// TestNonceIsKept: the answer of a responder is checked again offline, with the
// nonce that it was sent.
func TestNonceIsKept(t *testing.T) {
	t.Parallel()
	o, a := newStamping(t)
	nonce := bytes.Repeat([]byte{4, 2}, 8)
	s := &source{answer: func(q poa.StatusQuestion) (jpki.StatusAnswer, error) {
		request, err := jpki.NewOCSPRequest(q.Certificate, q.Issuer, nonce)
		if err != nil {
			return jpki.StatusAnswer{}, err
		}
		response, err := o.ca.Respond(request, q.At)
		if err != nil {
			return jpki.StatusAnswer{}, err
		}
		return jpki.CheckOCSP(response, q.Certificate, q.Issuer, nonce, q.At)
	}}
	o.registrar.Equip(poa.Verification{Status: s, Stamper: a, StampRoots: a.tsa.Roots()})
	d := o.submitted()
	o.stampJobs(0)
	b, view := o.bundle(d, poa.EvidenceFiling)
	if got := view.Records[0].Record.Status[0].Nonce; !bytes.Equal(got, nonce) {
		t.Errorf("kept the nonce %x", got)
	}
	report, err := b.Verify(o.trust(a.tsa.Roots(), nil), o.clock.Now())
	must(t, err)
	if bad := failures(report); len(bad) > 0 {
		t.Errorf("verified as %v", bad)
	}
	record, err := evidence.Decode(b.Records[0].Record)
	must(t, err)
	record.Status[0].Nonce[0] ^= 1
	b.Records[0].Record, err = evidence.Encode(record)
	must(t, err)
	report, err = b.Verify(o.trust(a.tsa.Roots(), nil), o.clock.Now())
	must(t, err)
	if bad := failures(report); len(bad) == 0 || bad[0] != "STATUS STATUS_NONCE" {
		t.Errorf("with another nonce: %v", bad)
	}
}
