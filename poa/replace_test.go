// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"testing"
	"time"

	"ininjo/poa"
)

func from(days int) func(*poa.DraftInput) {
	return func(in *poa.DraftInput) { in.ValidFrom = in.ValidFrom.AddDays(days) }
}

func TestReplacement(t *testing.T) {
	t.Parallel()
	t.Run("a waiting, refused or withdrawn one leaves the old as it is", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		old := o.accepted()
		withdrawn, refused := o.submitted(replacing(old.ID)), o.submitted(replacing(old.ID))
		o.wantStatus(old, poa.StatusValid)
		_, err := o.registrar.Withdraw(t.Context(), o.delegator, end(withdrawn, time.Time{}))
		must(t, err)
		_, err = o.decide(refused, false)
		must(t, err)
		o.wantStatus(old, poa.StatusValid)
		o.accepted(replacing(old.ID))
		o.wantStatus(old, poa.StatusSuperseded)
	})
	t.Run("it takes effect at the acceptance where the term began before", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		old := o.accepted()
		next := o.submitted(replacing(old.ID))
		o.clock.Advance(time.Hour)
		accepted := o.clock.Now()
		next = o.accept(next)
		o.wantStatus(old, poa.StatusSuperseded)
		o.wantStatus(next, poa.StatusValid)
		before := o.ask(poa.Question{DelegationID: string(old.ID), At: accepted.Add(-time.Microsecond)})
		if before.Status != poa.StatusValid {
			t.Errorf("before the acceptance the old one was %s", before.Status)
		}
	})
	t.Run("it takes effect at the start of a term to come", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		old := o.accepted()
		next := o.accepted(replacing(old.ID), from(10))
		o.wantStatus(old, poa.StatusValid)
		o.wantStatus(next, poa.StatusNotYetValid)
		o.clock.Set(next.ValidFrom.Begins().Add(-time.Microsecond))
		o.wantStatus(old, poa.StatusValid)
		o.clock.Set(next.ValidFrom.Begins())
		o.wantStatus(old, poa.StatusSuperseded)
		o.wantStatus(next, poa.StatusValid)
	})
	t.Run("it stands though the new one is revoked", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		old := o.accepted()
		next := o.accepted(replacing(old.ID), from(10))
		must(t, o.revoke(next, time.Time{}))
		o.clock.Set(next.ValidFrom.Begins())
		o.wantStatus(old, poa.StatusSuperseded)
		o.wantStatus(next, poa.StatusRevoked)
	})
}

func TestReplacementsMeetEnds(t *testing.T) {
	t.Parallel()
	t.Run("of two that wait one is accepted, also at once", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		old := o.accepted()
		one, two := o.submitted(replacing(old.ID), from(10)), o.submitted(replacing(old.ID))
		errs := atOnce(func() error { _, err := o.decide(one, true); return err }, func() error { _, err := o.decide(two, true); return err })
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("got %v", errs)
		}
		for _, err := range errs {
			if err != nil {
				wantCode(t, err, poa.CodeAlreadyReplaced)
			}
		}
		details, err := o.records.Details(t.Context(), o.delegator, old)
		must(t, err)
		if want := map[bool]poa.DelegationID{true: one.ID, false: two.ID}[errs[0] == nil]; details.Replacement != want {
			t.Errorf("the old one names %s, want %s", details.Replacement, want)
		}
	})
	t.Run("the end that came while it waited stands", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		old, ending := o.accepted(), o.accepted()
		next, after := o.submitted(replacing(old.ID)), o.submitted(replacing(ending.ID), from(10))
		must(t, o.revoke(old, time.Time{}))
		must(t, o.revoke(ending, o.clock.Now().Add(24*time.Hour)))
		o.wantStatus(o.accept(next), poa.StatusValid)
		o.wantStatus(o.accept(after), poa.StatusNotYetValid)
		o.clock.Advance(20 * 24 * time.Hour)
		o.wantStatus(old, poa.StatusRevoked)
		o.wantStatus(ending, poa.StatusRevoked)
	})
	t.Run("the supersession of one that is revoked meanwhile comes too late", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		old := o.accepted()
		next := o.accepted(replacing(old.ID), from(10))
		must(t, o.revoke(old, time.Time{}))
		o.wantStatus(old, poa.StatusRevoked)
		o.clock.Set(next.ValidFrom.Begins())
		o.wantStatus(old, poa.StatusRevoked)
	})
}

func suspend(d poa.Delegation, reason poa.ValidityReason, from time.Time) poa.SuspendInput {
	return poa.SuspendInput{IdempotencyKey: newKey(), DelegationID: string(d.ID), Reason: reason, From: from}
}

func lift(d poa.Delegation, id string) poa.SuspendInput {
	return poa.SuspendInput{IdempotencyKey: newKey(), DelegationID: string(d.ID), SuspensionID: id}
}

func TestSuspension(t *testing.T) {
	t.Parallel()
	t.Run("several are open at once, the first ground is told", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.accepted()
		one, err := o.registrar.Suspend(t.Context(), o.reception, suspend(d, poa.ReasonServiceReview, time.Time{}))
		must(t, err)
		two, err := o.registrar.Suspend(t.Context(), o.reception, suspend(d, poa.ReasonUnconfirmed, time.Time{}))
		must(t, err)
		if got := o.ask(poa.Question{DelegationID: string(d.ID)}); got.Status != poa.StatusSuspended || got.Reason != poa.ReasonServiceReview {
			t.Errorf("got %+v", got.Standing)
		}
		_, err = o.registrar.Resume(t.Context(), o.reception, lift(d, one))
		must(t, err)
		if got := o.ask(poa.Question{DelegationID: string(d.ID)}); got.Status != poa.StatusSuspended || got.Reason != poa.ReasonUnconfirmed {
			t.Errorf("got %+v", got.Standing)
		}
		_, err = o.registrar.Resume(t.Context(), o.reception, lift(d, two))
		must(t, err)
		o.wantStatus(d, poa.StatusValid)
		for _, id := range []string{one, poa.NewID(poa.PrefixSuspension), ""} {
			_, err = o.registrar.Resume(t.Context(), o.reception, lift(d, id))
			wantCode(t, err, poa.CodeInvalid)
		}
		must(t, o.revoke(d, time.Time{}))
		_, err = o.registrar.Suspend(t.Context(), o.reception, suspend(d, poa.ReasonServiceReview, time.Time{}))
		wantCode(t, err, poa.CodeAlreadyEnded)
	})
	t.Run("what is learned of a qualification is dated back, to the acceptance at most", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.accepted()
		accepted, struck := o.clock.Now(), o.clock.Now().Add(24*time.Hour)
		o.clock.Advance(72 * time.Hour)
		for _, in := range []poa.SuspendInput{suspend(d, poa.ReasonServiceReview, struck), suspend(d, poa.ReasonUnconfirmed, struck),
			suspend(d, poa.ReasonQualificationStruckOff, accepted.Add(-time.Microsecond))} {
			_, err := o.registrar.Suspend(t.Context(), o.reception, in)
			wantCode(t, err, poa.CodePast)
		}
		learned := o.clock.Now()
		_, err := o.registrar.Suspend(t.Context(), o.reception, suspend(d, poa.ReasonQualificationStruckOff, struck))
		must(t, err)
		o.clock.Advance(time.Hour)
		for _, row := range []struct {
			at, known time.Time
			want      poa.ValidityStatus
		}{{struck, time.Time{}, poa.StatusSuspended}, {struck.Add(-time.Microsecond), time.Time{}, poa.StatusValid}, {struck, learned.Add(-time.Microsecond), poa.StatusValid}, {struck, learned, poa.StatusSuspended}} {
			if got := o.ask(poa.Question{DelegationID: string(d.ID), At: row.at, KnownAt: row.known}); got.Status != row.want {
				t.Errorf("at %v as known at %v it is %s, want %s", row.at, row.known, got.Status, row.want)
			}
		}
	})
}

func TestSuspensionsLate(t *testing.T) {
	t.Parallel()
	t.Run("what is learned after the end is part of the history", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.accepted()
		struck := o.clock.Now().Add(time.Hour)
		o.clock.Advance(24 * time.Hour)
		must(t, o.revoke(d, time.Time{}))
		_, err := o.registrar.Suspend(t.Context(), o.reception, suspend(d, poa.ReasonQualificationStruckOff, struck))
		must(t, err)
		_, err = o.registrar.Suspend(t.Context(), o.reception, suspend(d, poa.ReasonQualificationStruckOff, o.clock.Now()))
		wantCode(t, err, poa.CodeAlreadyEnded)
		o.wantStatus(d, poa.StatusRevoked)
		if got := o.ask(poa.Question{DelegationID: string(d.ID), At: struck}); got.Status != poa.StatusSuspended {
			t.Errorf("then it was %s", got.Status)
		}
	})
	t.Run("a ground that may not be dated back is not lifted for the past under another name", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.accepted()
		id, err := o.registrar.Suspend(t.Context(), o.reception, suspend(d, poa.ReasonServiceReview, time.Time{}))
		must(t, err)
		suspended := o.clock.Now()
		o.clock.Advance(24 * time.Hour)
		in := lift(d, id)
		in.From = suspended
		_, err = o.registrar.Resume(t.Context(), o.reception, in)
		wantCode(t, err, poa.CodePast)
		in = lift(d, id)
		in.From, in.Reason = suspended, poa.ReasonQualificationSuspended
		if _, err = o.registrar.Resume(t.Context(), o.reception, in); err == nil {
			t.Error("lifted for the past")
		}
		if got := o.ask(poa.Question{DelegationID: string(d.ID), At: suspended}); got.Status != poa.StatusSuspended {
			t.Errorf("then it was %s", got.Status)
		}
	})
	t.Run("only reception and the owner suspend", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.accepted()
		for _, actor := range []poa.Actor{o.delegator, o.recipient, o.auditor} {
			_, err := o.registrar.Suspend(t.Context(), actor, suspend(d, poa.ReasonServiceReview, time.Time{}))
			wantCode(t, err, poa.CodeForbidden)
		}
	})
}
