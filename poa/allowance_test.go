// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"crypto/sha256"
	"errors"
	"slices"
	"testing"
	"time"

	"ininjo/poa"
)

// questions are n questions about one ID.
func questions(id string, n int) []poa.Question {
	return slices.Repeat([]poa.Question{{DelegationID: id}}, n)
}

// wantRefused wants an error that is RATE_LIMITED, and because of unknown IDs
// where that is said.
func wantRefused(t *testing.T, err error, unknown bool) {
	t.Helper()
	var faults poa.Faults
	if poa.CodeOf(err) != poa.CodeRateLimited || errors.As(err, &faults) != unknown || unknown && faults[0].Code != poa.CodeTooManyUnknown {
		t.Errorf("%v", err)
	}
}

func TestAllowances(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	d := o.accepted()
	responder := o.responder.BoundBy(poa.NewAllowances(o.clock, poa.Rates{PerMinute: 150}))
	_, other := o.token(o.recipient, poa.ScopeValidity)
	o.clock.Set(o.clock.Now().Truncate(time.Minute).Add(time.Minute + 10*time.Second))
	ask := func(c poa.Credential, n int) error {
		_, err := responder.Ask(t.Context(), c, questions(string(d.ID), n))
		return err
	}
	inquiries := func() string { return o.data.Text(t, "SELECT count(*)::text FROM inquiries") }
	before := inquiries()
	must(t, ask(o.credential, 100))
	must(t, ask(o.credential, 49))
	wantRefused(t, ask(o.credential, 2), false)
	if after := inquiries(); before != "0" || after != "149" {
		t.Errorf("%s, then %s inquiries: a refusal is no inquiry", before, after)
	}
	allowed, err := responder.Admit(o.credential, 1)
	if want := (poa.Allowance{Limit: 150, Used: 150, Cost: 1, ResetAt: o.clock.Now().Add(50 * time.Second)}); err != nil || allowed != want {
		t.Errorf("%+v, %v", allowed, err)
	}
	told, err := responder.Admit(o.credential, 1)
	if wantRefused(t, err, false); told.Wait != 50*time.Second || told.Remaining != 0 {
		t.Errorf("%+v", told)
	}
	must(t, ask(other, 100)) // another token has an allowance of its own
	must(t, ask(poa.Credential{AccountID: o.recipient.ID}, 100))
	foreign := poa.Credential{TokenHash: sha256.Sum256([]byte("foreign"))}
	for range 200 {
		_, _ = responder.Admit(foreign, 1)
	}
	must(t, responder.RecordRefusals(t.Context(), false))
	events := func() string {
		return o.data.Text(t, "SELECT count(*)::text FROM audit_events WHERE action = 'recipient.questions_refused'")
	}
	if n := events(); n != "0" {
		t.Errorf("%s events before the minute is over", n)
	}
	o.clock.Advance(time.Minute)
	must(t, responder.RecordRefusals(t.Context(), false))
	must(t, responder.RecordRefusals(t.Context(), true))
	if n := events(); n != "2" {
		t.Errorf("%s events, want one for each token and minute", n)
	}
	if n := o.data.Text(t, "SELECT data->>'refused' FROM audit_events WHERE action = 'recipient.questions_refused' AND subject_id = '"+o.recipient.PartyID+"'"); n != "2" {
		t.Errorf("%s refusals of the recipient", n)
	}
	must(t, ask(o.credential, 100)) // a new minute
	if allowed, err := o.responder.Admit(o.credential, 1000); err != nil || allowed != (poa.Allowance{}) {
		t.Errorf("without a bound: %+v, %v", allowed, err)
	}
}

func TestGuessingIsLimited(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	d := o.accepted()
	responder := o.responder.BoundBy(poa.NewAllowances(o.clock, poa.Rates{PerMinute: 1000, UnknownPerHour: 5}))
	ask := func(id string, n int) error {
		_, err := responder.Ask(t.Context(), o.credential, questions(id, n))
		return err
	}
	must(t, ask(string(d.ID), 50))
	must(t, ask("mistyped", 50))
	must(t, ask(string(poa.NewDelegationID()), 4))
	must(t, ask(string(poa.NewDelegationID()), 1))
	wantRefused(t, ask(string(d.ID), 1), true)
	o.clock.Advance(time.Minute)
	wantRefused(t, ask(string(poa.NewDelegationID()), 1), true)
	o.clock.Advance(time.Hour)
	must(t, ask(string(d.ID), 1))
}
