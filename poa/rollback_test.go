// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/db/dbtest"
	"ininjo/poa"
)

var errNoJob = errors.New("no job can be inserted")

// TestRollback fails acts at their last step, where their job is inserted.
func TestRollback(t *testing.T) {
	t.Parallel()
	var fails atomic.Bool
	o := newOffice(t, dbtest.FailingJobs(func() error {
		if fails.Load() {
			return errNoJob
		}
		return nil
	}))
	drafted, ready, submitted, accepted := o.draft(), o.handIn(o.draft()), o.submitted(), o.accepted()
	replacement := o.submitted(replacing(accepted.ID))
	file := sign(t, o.signer, o.draftFile(ready))
	link := o.delegateOf(submitted, poa.MailDelegateLink)
	filing := poa.SubmitInput{IdempotencyKey: newKey(), DelegationID: string(ready.ID), SignedFile: file}
	before := o.counts()
	fails.Store(true)
	for _, row := range []struct {
		name string
		act  func() error
	}{
		{"registering", func() error {
			_, err := o.enrollment.RegisterDelegator(t.Context(), poa.Anonymous("ja"), o.registration("new@example.jp"))
			return err
		}},
		{"drafting", func() error { _, err := o.registrar.Draft(t.Context(), o.delegator, o.draftInput()); return err }},
		{"filing", func() error { _, err := o.registrar.Submit(t.Context(), o.delegator, filing); return err }},
		{"accepting", func() error { _, err := o.decide(submitted, true); return err }},
		{"accepting a replacement", func() error { _, err := o.decide(replacement, true); return err }},
		{"refusing", func() error { _, err := o.decide(submitted, false); return err }},
		{"declining", func() error { return o.registrar.Decline(t.Context(), link, newKey()) }},
		{"sending a link again", func() error { return o.registrar.ResendLink(t.Context(), o.delegator, end(drafted, time.Time{})) }},
	} {
		if err := row.act(); !errors.Is(err, errNoJob) {
			t.Errorf("%s: %v", row.name, err)
		}
		if grown := o.grown(before); len(grown) > 0 {
			t.Errorf("%s left %v", row.name, grown)
		}
	}
	for _, d := range []poa.Delegation{drafted, ready, submitted, accepted, replacement} {
		if now, err := o.store.Delegation(t.Context(), d.ID); err != nil || !cmp.Equal(d, now) {
			t.Errorf("a delegation changed: %v, %s", err, cmp.Diff(d, now))
		}
	}
	fails.Store(false)
	if d, err := o.registrar.Submit(t.Context(), o.delegator, filing); err != nil || d.State != poa.StateSubmitted {
		t.Errorf("once jobs can be inserted the same key files: %v", err)
	}
	o.accept(replacement)
	o.wantStatus(accepted, poa.StatusSuperseded)
}

// TestNumberingRollsBack fails the leader where it inserts a delivery's job:
// nothing is numbered, and nothing is lost.
func TestNumberingRollsBack(t *testing.T) {
	t.Parallel()
	var fails atomic.Bool
	o := newOffice(t, dbtest.FailingJobs(func() error {
		if fails.Load() {
			return errNoJob
		}
		return nil
	}))
	o.accepted()
	before := o.counts()
	fails.Store(true)
	if _, err := o.notifier.Number(t.Context()); !errors.Is(err, errNoJob) {
		t.Errorf("got %v", err)
	}
	if grown := o.grown(before); len(grown) > 0 {
		t.Errorf("left %v", grown)
	}
	fails.Store(false)
	if n, err := o.notifier.Number(t.Context()); err != nil || n != 1 {
		t.Errorf("numbered %d, %v", n, err)
	}
}

// TestAuditMustHold takes the right to write the audit log away: no act is done
// without its event.
func TestAuditMustHold(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	d, submitted := o.accepted(), o.submitted()
	o.data.Exec(t, "REVOKE INSERT ON audit_events, inquiries FROM ininjo_program")
	before := o.counts()
	wantCode(t, o.revoke(d, time.Time{}), poa.CodeInternal)
	_, err := o.decide(submitted, true)
	wantCode(t, err, poa.CodeInternal)
	_, err = o.enrollment.SignIn(t.Context(), poa.SignInInput{Email: "delegator@example.jp", Password: password})
	wantCode(t, err, poa.CodeInternal)
	answers, err := o.responder.Ask(t.Context(), o.credential, []poa.Question{{DelegationID: string(d.ID)}})
	if wantCode(t, err, poa.CodeInternal); len(answers) > 0 {
		t.Error("an answer left without its audit row")
	}
	if grown := o.grown(before); len(grown) > 0 {
		t.Errorf("left %v", grown)
	}
}
