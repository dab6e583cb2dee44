// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"ininjo/poa"
)

func (o *office) watches(actor poa.Actor) int {
	o.tb.Helper()
	n, err := o.records.CountWatches(o.tb.Context(), actor)
	must(o.tb, err)
	return n
}

func TestWatchingWhatIsAsked(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	d, later := o.accepted(), o.accepted()
	o.number()
	question := poa.Question{DelegationID: string(d.ID)}
	o.ask(question)
	if o.watches(o.recipient) != 0 {
		t.Fatal("it is on by itself")
	}
	must(t, o.notifier.SetWatchAsked(t.Context(), o.recipient, newKey(), true))
	if on, err := o.records.WatchAsked(t.Context(), o.recipient); err != nil || !on {
		t.Errorf("%v, %v", on, err)
	}
	o.ask(poa.Question{DelegationID: string(later.ID), At: o.clock.Now()}) // of the past: no watch
	o.ask(poa.Question{DelegationID: string(poa.NewDelegationID())})
	o.ask(poa.Question{DelegationID: "mistyped"})
	first := o.ask(question)
	o.ask(question)
	if got := o.watches(o.recipient); got != 1 {
		t.Fatalf("%d watches", got)
	}
	if by := o.data.Text(t, "SELECT inquiry_id FROM watches"); by != first.InquiryID {
		t.Errorf("begun by %s", by)
	}
	must(t, o.revoke(d, time.Time{}))
	o.number()
	o.wantTold(o.recipient.PartyID, poa.NoticeRevoked)
	must(t, o.notifier.Unwatch(t.Context(), o.recipient, poa.WatchInput{IdempotencyKey: newKey(), DelegationID: string(d.ID)}))
	must(t, o.notifier.SetWatchAsked(t.Context(), o.recipient, newKey(), false))
	o.ask(question)
	if got := o.watches(o.recipient); got != 0 {
		t.Errorf("%d watches after it was switched off", got)
	}
	wantCode(t, o.notifier.SetWatchAsked(t.Context(), o.delegator, newKey(), true), poa.CodeForbidden)
}

// TestWhoReadsValidIsTold asks while delegations are revoked and numbered, many
// times over: whoever watches by asking and read VALID is told of the revocation
// (design.md, rule 14).
func TestWhoReadsValidIsTold(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	must(t, o.notifier.SetWatchAsked(t.Context(), o.recipient, newKey(), true))
	const rounds = 12
	read := map[poa.DelegationID]poa.ValidityStatus{}
	for i := range rounds {
		d := o.accepted()
		o.number()
		var answers []poa.Answer
		errs := atOnce(
			func() (err error) {
				answers, err = o.responder.Ask(t.Context(), o.credential, []poa.Question{{DelegationID: string(d.ID)}})
				return err
			},
			func() error { return o.revoke(d, time.Time{}) },
			func() error { _, err := o.notifier.Number(t.Context()); return err },
		)
		for _, err := range errs {
			must(t, err)
		}
		o.number()
		read[d.ID] = answers[0].Status
		told := slices.ContainsFunc(o.notices(o.recipient.PartyID), func(n poa.Notice) bool { return n.DelegationID == d.ID && n.Type == poa.NoticeRevoked })
		if answers[0].Status == poa.StatusValid && !told {
			t.Errorf("round %d: it read VALID and was not told", i)
		}
	}
	t.Log(fmt.Sprint(read))
}

func (o *office) notices(party string) []poa.Notice {
	o.tb.Helper()
	notices, err := o.store.Notices(o.tb.Context(), party, 0, 1000)
	must(o.tb, err)
	return notices
}

// TestWatchWaitsForAChange holds a revocation open while a watcher by asking
// asks: it waits, and reads what the change left.
func TestWatchWaitsForAChange(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	must(t, o.notifier.SetWatchAsked(t.Context(), o.recipient, newKey(), true))
	d := o.accepted()
	o.number()
	release, locked := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() { done <- o.revokeSlowly(d, locked, release) }()
	<-locked
	asked := make(chan poa.Answer, 1)
	go func() {
		answers, err := o.responder.Ask(t.Context(), o.credential, []poa.Question{{DelegationID: string(d.ID)}})
		if err != nil || len(answers) == 0 {
			t.Error(err)
			asked <- poa.Answer{}
			return
		}
		asked <- answers[0]
	}()
	o.untilWaiting()
	close(release)
	must(t, <-done)
	if got := <-asked; got.Status != poa.StatusRevoked || got.Version != 2 {
		t.Errorf("it read %+v", got.Standing)
	}
}

func TestWatchPages(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	valid, revoked, future := o.accepted(), o.accepted(), o.accepted(from(5))
	for _, d := range []poa.Delegation{valid, revoked, future} {
		o.watch(o.recipient, d)
		o.clock.Advance(time.Minute)
	}
	must(t, o.revoke(revoked, time.Time{}))
	list, err := o.records.WatchPage(t.Context(), o.recipient, poa.WatchFilter{}, poa.Page{First: 2})
	must(t, err)
	if len(list.Items) != 2 || list.Items[0].DelegationID != future.ID || list.Items[0].Standing.Status != poa.StatusNotYetValid || list.Items[1].Standing.Status != poa.StatusRevoked || !list.HasNext {
		t.Errorf("%+v", list)
	}
	list, err = o.records.WatchPage(t.Context(), o.recipient, poa.WatchFilter{}, poa.Page{First: 2, After: list.Cursors[1]})
	if err != nil || len(list.Items) != 1 || list.Items[0].DelegationID != valid.ID || list.HasNext || list.Items[0].Term.Through != valid.ValidThrough {
		t.Errorf("%+v, %v", list, err)
	}
	for status, want := range map[poa.ValidityStatus]int{poa.StatusValid: 1, poa.StatusRevoked: 1, poa.StatusNotYetValid: 1, poa.StatusExpired: 0} {
		list, err := o.records.WatchPage(t.Context(), o.recipient, poa.WatchFilter{Statuses: []poa.ValidityStatus{status}}, poa.Page{})
		if err != nil || len(list.Items) != want {
			t.Errorf("%s: %d, %v", status, len(list.Items), err)
		}
	}
	_, err = o.records.WatchPage(t.Context(), o.delegator, poa.WatchFilter{}, poa.Page{})
	wantCode(t, err, poa.CodeForbidden)
}
