// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"sync"
	"testing"
	"time"

	"ininjo/poa"
)

// at once runs fs at once and returns their errors.
func atOnce(fs ...func() error) []error {
	errs, start, wait := make([]error, len(fs)), make(chan struct{}), sync.WaitGroup{}
	for i, f := range fs {
		wait.Go(func() { <-start; errs[i] = f() })
	}
	close(start)
	wait.Wait()
	return errs
}

func TestRevocation(t *testing.T) {
	t.Parallel()
	t.Run("of several at once one wins and the others are told", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		for range 5 {
			d := o.accepted()
			revoke := func() error { return o.revoke(d, time.Time{}) }
			won := 0
			for _, err := range atOnce(revoke, revoke, revoke, revoke) {
				if err == nil {
					won++
					continue
				}
				wantCode(t, err, poa.CodeAlreadyEnded)
			}
			facts, err := o.store.Facts(t.Context(), d.ID)
			if err != nil || won != 1 || len(facts) != 2 {
				t.Errorf("%d won, %d facts, %v", won, len(facts), err)
			}
		}
	})
	t.Run("the same key at once revokes once and answers both", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		in := end(o.accepted(), time.Time{})
		revoke := func() error { _, err := o.registrar.Revoke(t.Context(), o.delegator, in); return err }
		for _, err := range atOnce(revoke, revoke, revoke) {
			must(t, err)
		}
	})
	t.Run("a future one takes effect at its instant, an immediate one comes before it", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		later, now := o.accepted(), o.accepted()
		ends := o.clock.Now().Add(48 * time.Hour)
		must(t, o.revoke(later, ends))
		must(t, o.revoke(now, ends))
		wantCode(t, o.revoke(now, ends), poa.CodeAlreadyEnded)
		wantCode(t, o.revoke(now, ends.Add(time.Hour)), poa.CodeAlreadyEnded)
		must(t, o.revoke(now, time.Time{}))
		wantCode(t, o.revoke(now, time.Time{}), poa.CodeAlreadyEnded)
		o.wantStatus(now, poa.StatusRevoked)
		o.clock.Set(ends.Add(-time.Microsecond))
		o.wantStatus(later, poa.StatusValid)
		o.clock.Set(ends)
		o.wantStatus(later, poa.StatusRevoked)
	})
	t.Run("another's is not there", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d, other := o.accepted(), o.enrol("other@example.jp")
		_, err := o.registrar.Revoke(t.Context(), other, end(d, time.Time{}))
		wantCode(t, err, poa.CodeUnknownDelegation)
		for _, actor := range []poa.Actor{o.recipient, o.reception, o.serviceOwner} {
			_, err := o.registrar.Revoke(t.Context(), actor, end(d, time.Time{}))
			wantCode(t, err, poa.CodeForbidden)
		}
		_, err = o.registrar.Revoke(t.Context(), poa.Anonymous("ja"), end(d, time.Time{}))
		wantCode(t, err, poa.CodeUnauthenticated)
		o.wantStatus(d, poa.StatusValid)
	})
	t.Run("the service ends with a reason", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.accepted()
		_, err := o.registrar.EndByService(t.Context(), o.serviceOwner, end(d, time.Time{}), poa.ReasonContractEnded)
		must(t, err)
		if got := o.ask(poa.Question{DelegationID: string(d.ID)}); got.Status != poa.StatusEnded || got.Reason != poa.ReasonContractEnded {
			t.Errorf("got %+v", got.Standing)
		}
	})
}

// TestWatchAndRevocation races a watcher with a revocation: whoever read VALID
// is told of the revocation, whoever read REVOKED knows it.
func TestWatchAndRevocation(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	read := map[poa.ValidityStatus]int{}
	for round := range 25 {
		d := o.accepted()
		_, err := o.notifier.Number(t.Context())
		must(t, err)
		var watched poa.Watched
		watch := func() (err error) {
			watched, err = o.notifier.Watch(t.Context(), o.recipient, poa.WatchInput{IdempotencyKey: newKey(), DelegationID: string(d.ID)})
			return err
		}
		revoke := func() error { return o.revoke(d, time.Time{}) }
		fs := []func() error{watch, revoke}
		if round%2 == 1 {
			fs = []func() error{revoke, watch}
		}
		for _, err := range atOnce(fs...) {
			must(t, err)
		}
		_, err = o.notifier.Number(t.Context())
		must(t, err)
		notices, err := o.store.Notices(t.Context(), o.recipient.PartyID, watched.Head, 100)
		must(t, err)
		told := false
		for _, n := range notices {
			told = told || n.DelegationID == d.ID && n.Type == poa.NoticeRevoked && n.Sequence > watched.Head
		}
		if read[watched.Standing.Status]++; told != (watched.Standing.Status == poa.StatusValid) {
			t.Errorf("round %d: the watcher read %s and was told: %v", round, watched.Standing.Status, told)
		}
	}
	t.Logf("watchers read %v", read)
}

func TestDelegatesWord(t *testing.T) {
	t.Parallel()
	t.Run("declining a draft abandons it", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.handIn(o.draft())
		must(t, o.registrar.Decline(t.Context(), o.delegateOf(d, poa.MailDelegateLink), newKey()))
		o.wantState(d, poa.StateAbandoned)
		o.mailTo("delegator@example.jp", poa.MailFilingRefused)
		_, err := o.file(d, sign(t, o.signer, o.draftFile(d)))
		wantCode(t, err, poa.CodeAlreadyFiled)
	})
	t.Run("declining a filing refuses it", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.submitted()
		must(t, o.registrar.Decline(t.Context(), o.delegateOf(d, poa.MailDelegateLink), newKey()))
		o.wantState(d, poa.StateRefused)
		details, err := o.records.Details(t.Context(), o.delegator, d)
		if err != nil || len(details.Refusals) != 1 || details.Refusals[0].Code != poa.CodeDeclined {
			t.Errorf("%+v, %v", details.Refusals, err)
		}
	})
	t.Run("after its acceptance a delegate renounces, by a link for that", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.draft()
		answer := o.delegateOf(d, poa.MailDelegateLink)
		d = o.accept(o.submit(o.handIn(d)))
		wantCode(t, o.registrar.Decline(t.Context(), answer, newKey()), poa.CodeConflict)
		_, err := o.registrar.Renounce(t.Context(), answer, newKey())
		wantCode(t, err, poa.CodeForbidden)
		link := o.delegateOf(d, poa.MailRenounceLink)
		wantCode(t, o.registrar.Decline(t.Context(), link, newKey()), poa.CodeForbidden)
		key := newKey()
		for range 2 { // the second time by the key
			_, err = o.registrar.Renounce(t.Context(), link, key)
			must(t, err)
		}
		o.wantStatus(d, poa.StatusRenounced)
		_, err = o.registrar.Renounce(t.Context(), link, newKey())
		wantCode(t, err, poa.CodeLinkOver)
		wantCode(t, o.revoke(d, time.Time{}), poa.CodeAlreadyEnded)
	})
	t.Run("a link that was sent again goes with the state", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.draft()
		must(t, o.registrar.ResendLink(t.Context(), o.delegator, end(d, time.Time{})))
		d = o.accept(o.submit(o.handIn(d)))
		must(t, o.registrar.ResendLink(t.Context(), o.delegator, end(d, time.Time{})))
		_, err := o.registrar.Renounce(t.Context(), o.delegateOf(d, poa.MailRenounceLink), newKey())
		must(t, err)
		other := o.enrol("other@example.jp")
		wantCode(t, o.registrar.ResendLink(t.Context(), other, end(d, time.Time{})), poa.CodeUnknownDelegation)
		wantCode(t, o.registrar.ResendLink(t.Context(), o.delegator, end(d, time.Time{})), poa.CodeAlreadyEnded)
		expired := o.accepted()
		o.clock.Set(expired.ValidThrough.Ends())
		wantCode(t, o.registrar.ResendLink(t.Context(), o.delegator, end(expired, time.Time{})), poa.CodeAlreadyEnded)
	})
}

func (o *office) wantState(d poa.Delegation, want poa.State) {
	o.tb.Helper()
	now, err := o.store.Delegation(o.tb.Context(), d.ID)
	must(o.tb, err)
	if now.State != want {
		o.tb.Errorf("the delegation is %s, want %s", now.State, want)
	}
}

func TestDraftsAreAbandoned(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	old, filed := o.draft(), o.submitted()
	o.clock.Advance(30*24*time.Hour - time.Microsecond)
	if n, err := o.registrar.AbandonDrafts(t.Context()); n != 0 || err != nil {
		t.Errorf("before 30 days %d, %v", n, err)
	}
	young := o.draft()
	o.clock.Advance(2 * time.Microsecond)
	if n, err := o.registrar.AbandonDrafts(t.Context()); n != 1 || err != nil {
		t.Errorf("after 30 days %d, %v", n, err)
	}
	if n, err := o.registrar.AbandonDrafts(t.Context()); n != 0 || err != nil {
		t.Errorf("again %d, %v", n, err)
	}
	o.wantState(old, poa.StateAbandoned)
	o.wantState(filed, poa.StateSubmitted)
	o.wantState(young, poa.StateDrafted)
}
