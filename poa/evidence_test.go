// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
	"ininjo/poa/evidence"
	"ininjo/poa/jpki"
	"ininjo/poa/poatest"
)

// stamper is a time-stamping authority outside of the building. It may be given
// another certificate, as authorities renew theirs, or fail.
type stamper struct {
	clock *poatest.Clock
	mu    sync.Mutex
	tsa   *poatest.TSA
	fails error
	asked int
}

func (s *stamper) Stamp(_ context.Context, digest []byte, hash crypto.Hash) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.fails != nil {
		return nil, s.fails
	}
	return s.tsa.Stamp(digest, hash, s.clock.Now())
}

// listed answers by the authority's own list of revoked certificates.
func (o *office) listed(q poa.StatusQuestion) (jpki.StatusAnswer, error) {
	list, err := o.ca.RevocationList(q.At)
	if err != nil {
		return jpki.StatusAnswer{}, err
	}
	return jpki.CheckCRL(list, q.Certificate, q.Issuer, q.At)
}

// newStamping is an office with a source that says GOOD and an authority.
func newStamping(tb testing.TB) (*office, *stamper) {
	tb.Helper()
	o := newOffice(tb)
	s := &source{answer: o.listed}
	a := &stamper{clock: o.clock, tsa: poatest.MustTSA(tb, o.ca)}
	o.registrar.Equip(poa.Verification{Status: s, Stamper: a, StampRoots: a.tsa.Roots()})
	return o, a
}

// stampJobs works off every job of stamping from the n-th job on, and returns
// how many jobs there are.
func (o *office) stampJobs(from int) int {
	o.tb.Helper()
	jobs := o.data.Jobs(o.tb)
	for _, j := range jobs[from:] {
		if j.Kind != (poa.StampEvidence{}).Kind() {
			continue
		}
		var job poa.StampEvidence
		must(o.tb, json.Unmarshal([]byte(j.Args), &job))
		must(o.tb, o.registrar.StampEvidence(o.tb.Context(), job))
	}
	return len(jobs)
}

func (o *office) bundle(d poa.Delegation, chain poa.EvidenceChain) (evidence.Bundle, poa.EvidenceView) {
	o.tb.Helper()
	view, err := o.records.Evidence(o.tb.Context(), o.reception, string(d.ID), chain)
	must(o.tb, err)
	b, err := evidence.DecodeBundle(view.Bundle)
	must(o.tb, err)
	return b, view
}

func (o *office) trust(stamps *x509.CertPool, weak map[crypto.Hash]time.Time) evidence.Trust {
	o.tb.Helper()
	roots, err := jpki.NewRoots(o.ca.Root)
	must(o.tb, err)
	return evidence.Trust{Profile: jpki.Profile{Roots: roots, Policies: []string{poatest.PolicyTest}}, TimeStampRoots: stamps, WeakFrom: weak}
}

// failures are the findings of a report that are not good.
func failures(r evidence.Report) []string {
	var bad []string
	for _, f := range r.Findings {
		if f.Result == evidence.Fail {
			bad = append(bad, string(f.Step)+" "+f.Code)
		}
	}
	return bad
}

func kindsOf(v poa.EvidenceView) string {
	var kinds []string
	for _, e := range v.Records {
		kinds = append(kinds, string(e.Record.Kind))
	}
	return strings.Join(kinds, " ")
}

func TestEvidence(t *testing.T) {
	t.Parallel()
	t.Run("of a filing that the machine accepted", func(t *testing.T) {
		t.Parallel()
		o, a := newStamping(t)
		d := o.submitted()
		o.stampJobs(0)
		for chain, want := range map[poa.EvidenceChain]string{poa.EvidenceFiling: "INTAKE DECISION", poa.EvidenceDelegate: "DELEGATE"} {
			b, view := o.bundle(d, chain)
			if got := kindsOf(view); got != want {
				t.Errorf("%s holds %s, want %s", chain, got, want)
			}
			for _, e := range view.Records {
				if len(e.Stamps) != 1 || e.Stamps[0].Hash != "SHA-256" {
					t.Errorf("%s has the stamps %+v", e.Record.Kind, e.Stamps)
				}
			}
			report, err := b.Verify(o.trust(a.tsa.Roots(), nil), o.clock.Now())
			must(t, err)
			if !report.Passed() {
				t.Errorf("%s: %v", chain, failures(report))
			}
		}
	})
	t.Run("of a filing that waited for its status, and of reception's decision with its ground", func(t *testing.T) {
		t.Parallel()
		o, s := newAsking(t)
		s.answer = o.listed
		d := o.handIn(o.draft())
		o.clock.Advance(time.Hour)
		changed := o.confirmation(o.delegator.PartyID)
		changed.RepresentativeTitle = "取締役社長"
		must(t, o.enrollment.Confirm(t.Context(), o.reception, changed))
		s.silent()
		d = o.submit(d)
		s.answer = o.listed
		o.askStatus()
		o.accept(d)
		b, view := o.bundle(d, poa.EvidenceFiling)
		if got := kindsOf(view); got != "INTAKE STATUS DECISION" {
			t.Errorf("holds %s", got)
		}
		if last := view.Records[2].Record.Decision; last.Outcome != "ACCEPTED" || last.Ground == "" || last.By != o.reception.ID {
			t.Errorf("the decision is %+v", last)
		}
		report, err := b.Verify(o.trust(nil, nil), o.clock.Now())
		must(t, err)
		if !report.Passed() {
			t.Error(failures(report))
		}
	})
	t.Run("of a filing that reception refused", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.submitted()
		_, err := o.decide(d, false)
		must(t, err)
		if _, view := o.bundle(d, poa.EvidenceFiling); kindsOf(view) != "INTAKE DECISION" || view.Records[1].Record.Decision.Outcome != "REFUSED" {
			t.Errorf("holds %s", kindsOf(view))
		}
	})
}

func TestWhoReadsEvidence(t *testing.T) {
	t.Parallel()
	t.Run("is read by its delegator, reception and the auditor, and by nobody else", func(t *testing.T) {
		t.Parallel()
		o, _ := newStamping(t)
		d := o.submitted()
		other, delegate := o.enrol("other@example.jp"), o.delegateOf(d, poa.MailRenounceLink)
		for _, each := range []struct {
			name             string
			actor            poa.Actor
			filing, delegate poa.Code
		}{
			{"its delegator", o.delegator, "", poa.CodeNotFound},
			{"reception", o.reception, "", ""},
			{"the auditor", o.auditor, "", ""},
			{"the service owner", o.serviceOwner, poa.CodeForbidden, poa.CodeForbidden},
			{"another delegator", other, poa.CodeNotFound, poa.CodeNotFound},
			{"a recipient", o.recipient, poa.CodeNotFound, poa.CodeNotFound},
			{"the delegate", delegate, poa.CodeNotFound, poa.CodeNotFound},
			{"anyone", poa.Anonymous("ja"), poa.CodeUnauthenticated, poa.CodeUnauthenticated},
		} {
			for chain, want := range map[poa.EvidenceChain]poa.Code{poa.EvidenceFiling: each.filing, poa.EvidenceDelegate: each.delegate} {
				before := o.counts()
				_, err := o.records.Evidence(t.Context(), each.actor, string(d.ID), chain)
				if err == nil && want != "" || err != nil && poa.CodeOf(err) != want {
					t.Errorf("%s reads %s: %v, want %q", each.name, chain, err, want)
				}
				if want == "" && o.grown(before)["audit_events"] != 1 {
					t.Errorf("%s read %s without an audit event", each.name, chain)
				}
			}
		}
	})
}

func TestGroundOfAPersonIsForStaff(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	d := o.accepted()
	for _, actor := range []poa.Actor{o.reception, o.delegator} {
		shown := actor.Kind == poa.ActorStaff
		view, err := o.records.Evidence(t.Context(), actor, string(d.ID), poa.EvidenceFiling)
		must(t, err)
		last := view.Records[len(view.Records)-1].Record
		if seen := last.Decision != nil && last.Decision.Ground == "失効情報を窓口で確認した"; seen != shown {
			t.Errorf("%s: the ground is shown: %t", actor.Kind, seen)
		}
		bundle, err := evidence.DecodeBundle(view.Bundle)
		must(t, err)
		if len(bundle.Records) != len(view.Records) {
			t.Errorf("%s: the bundle holds %d records, the view %d", actor.Kind, len(bundle.Records), len(view.Records))
		}
	}
}

func TestStamping(t *testing.T) {
	t.Parallel()
	t.Run("without an authority it is kept, and stamped once there is one", func(t *testing.T) {
		t.Parallel()
		o, _ := newAsking(t)
		d := o.submitted()
		state, err := o.registrar.EvidenceState(t.Context())
		must(t, err)
		if diff := cmp.Diff(poa.EvidenceState{Unstamped: 3, Oldest: o.clock.Now()}, state); diff != "" {
			t.Error(diff)
		}
		a := &stamper{clock: o.clock, tsa: poatest.MustTSA(t, o.ca)}
		o.registrar.Equip(poa.Verification{Stamper: a, StampRoots: a.tsa.Roots()})
		n, err := o.registrar.RenewEvidence(t.Context())
		must(t, err)
		o.stampJobs(0)
		if _, view := o.bundle(d, poa.EvidenceFiling); n != 3 || len(view.Records[0].Stamps) != 1 {
			t.Errorf("%d were due, %d stamps", n, len(view.Records[0].Stamps))
		}
		if n, err := o.registrar.RenewEvidence(t.Context()); err != nil || n != 0 {
			t.Errorf("%d are due again, %v", n, err)
		}
	})
	t.Run("an authority that fails is asked again, and one that stamps something else is not believed", func(t *testing.T) {
		t.Parallel()
		o, a := newStamping(t)
		d := o.submitted()
		job := poa.StampEvidence{EvidenceRef: poa.EvidenceRef{DelegationID: d.ID, Chain: poa.EvidenceFiling, Number: 1}, Stamp: 1}
		a.fails = errors.New("no route")
		if err := o.registrar.StampEvidence(t.Context(), job); err == nil {
			t.Error("a failure was taken for a stamp")
		}
		foreign := poatest.MustCA(t, o.clock.Now(), poatest.WithOwnKey())
		a.fails, a.tsa = nil, poatest.MustTSA(t, foreign)
		if err := o.registrar.StampEvidence(t.Context(), job); err == nil {
			t.Error("a stamp of an unknown root was taken")
		}
		if _, view := o.bundle(d, poa.EvidenceFiling); len(view.Records[0].Stamps) != 0 {
			t.Error("a stamp was kept")
		}
	})
	t.Run("of several at once one stamp is kept", func(t *testing.T) {
		t.Parallel()
		o, _ := newStamping(t)
		d := o.submitted()
		job := poa.StampEvidence{EvidenceRef: poa.EvidenceRef{DelegationID: d.ID, Chain: poa.EvidenceFiling, Number: 1}, Stamp: 1}
		done := make(chan error)
		for range 4 {
			go func() { done <- o.registrar.StampEvidence(t.Context(), job) }()
		}
		for range 4 {
			must(t, <-done)
		}
		if _, view := o.bundle(d, poa.EvidenceFiling); len(view.Records[0].Stamps) != 1 {
			t.Errorf("%d stamps", len(view.Records[0].Stamps))
		}
	})
}

// TestEvidenceOverTwelveYears lives twelve years: the authority has a new
// certificate every three, and SHA-256 weakens in the seventh.
func TestEvidenceOverTwelveYears(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	began := o.clock.Now()
	o.policy.WeakFrom = map[crypto.Hash]time.Time{crypto.SHA256: began.AddDate(7, 0, 0)}
	o.wire()
	s, a := &source{answer: o.listed}, &stamper{clock: o.clock}
	roots := x509.NewCertPool()
	var authorities []*poatest.TSA // a new certificate every 30 months, each of 3 years
	for months := 0; months <= 12*12; months += 30 {
		from := began.AddDate(0, months, 0).Add(-time.Hour)
		ca := poatest.MustCA(t, from, poatest.WithOwnKey())
		roots.AddCert(ca.Root)
		authorities = append(authorities, poatest.MustTSA(t, ca, poatest.WithTSAValidity(from, from.AddDate(3, 0, 0)), poatest.WithTSAHash(crypto.SHA512)))
	}
	a.tsa = authorities[0]
	o.registrar.Equip(poa.Verification{Status: s, Stamper: a, StampRoots: roots})
	filings := []poa.Delegation{o.submitted(), o.submitted()}
	jobs := o.stampJobs(0)
	const step = 30 * 24 * time.Hour
	for o.clock.Now().Before(began.AddDate(12, 0, 0)) {
		o.clock.Advance(step)
		for i, tsa := range authorities {
			if !o.clock.Now().Before(began.AddDate(0, 30*i, 0)) {
				a.tsa = tsa
			}
		}
		_, err := o.registrar.RenewEvidence(t.Context())
		must(t, err)
		jobs = o.stampJobs(jobs)
	}
	for _, d := range filings {
		for _, chain := range []poa.EvidenceChain{poa.EvidenceFiling, poa.EvidenceDelegate} {
			b, view := o.bundle(d, chain)
			report, err := b.Verify(o.trust(roots, o.policy.WeakFrom), o.clock.Now())
			must(t, err)
			if !report.Passed() {
				t.Errorf("%s: %v", chain, failures(report))
			}
			for _, e := range view.Records {
				hashes := make([]string, len(e.Stamps))
				for i, stamp := range e.Stamps {
					hashes[i] = stamp.Hash
				}
				if n := len(hashes); n < 5 || n > 12 || hashes[0] != "SHA-256" || hashes[n-1] != "SHA-384" || !slices.IsSorted(hashes) {
					t.Errorf("%s has the stamps %v", e.Record.Kind, hashes)
				}
			}
		}
	}
}
