// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
)

// watch lets the actor watch d.
func (o *office) watch(actor poa.Actor, d poa.Delegation) poa.Watched {
	o.tb.Helper()
	w, err := o.notifier.Watch(o.tb.Context(), actor, poa.WatchInput{IdempotencyKey: newKey(), DelegationID: string(d.ID)})
	must(o.tb, err)
	return w
}

// number lets the leader number everything.
func (o *office) number() {
	o.tb.Helper()
	for {
		n, err := o.notifier.Number(o.tb.Context())
		must(o.tb, err)
		if n == 0 {
			return
		}
	}
}

// announce lets the periodic job run to its end.
func (o *office) announce() {
	o.tb.Helper()
	for range 10 {
		n, err := o.notifier.AnnounceTerms(o.tb.Context())
		must(o.tb, err)
		if n == 0 {
			o.number()
			return
		}
	}
	o.tb.Fatal("the announcements never end")
}

// told returns the types that a party was told, in the order of their numbers,
// which must run from 1 without gaps.
func (o *office) told(party string) []poa.NoticeType {
	o.tb.Helper()
	notices, err := o.store.Notices(o.tb.Context(), party, 0, 1000)
	must(o.tb, err)
	types := []poa.NoticeType{}
	for i, n := range notices {
		if n.Sequence != int64(i+1) || n.Stream != notices[0].Stream {
			o.tb.Errorf("number %d is %d of %s", i+1, n.Sequence, n.Stream)
		}
		types = append(types, n.Type)
	}
	return types
}

func (o *office) wantTold(party string, want ...poa.NoticeType) {
	o.tb.Helper()
	if diff := cmp.Diff(append([]poa.NoticeType{}, want...), o.told(party)); diff != "" {
		o.tb.Error(diff)
	}
}

func (o *office) endpoint(actor poa.Actor, types ...poa.NoticeType) poa.Endpoint {
	o.tb.Helper()
	e, err := o.notifier.CreateEndpoint(o.tb.Context(), actor, poa.EndpointInput{IdempotencyKey: newKey(), URL: "https://example.jp/hook", Types: types}, anyURL{})
	must(o.tb, err)
	return e
}

// deliveries returns what is on its way to an endpoint, the oldest first.
func (o *office) deliveries(endpointID string) []poa.Delivery {
	o.tb.Helper()
	found, err := o.store.Deliveries(o.tb.Context(), endpointID, 100)
	must(o.tb, err)
	slices.SortStableFunc(found, func(a, b poa.Delivery) int { return int(a.Notice.Sequence - b.Notice.Sequence) })
	return found
}

// goesOut reports whether an attempt of a delivery is to come.
func (o *office) goesOut(id string) bool {
	o.tb.Helper()
	d, err := o.store.Delivery(o.tb.Context(), id)
	must(o.tb, err)
	parcels, err := o.notifier.Parcels(o.tb.Context(), []poa.Delivery{d})
	must(o.tb, err)
	return len(parcels) == 1 && !d.NextAt.IsZero()
}

// attempt lets an attempt of a delivery end with a status; waits are those of
// the schedule.
func (o *office) attempt(id string, status int, answer string, waits ...time.Duration) {
	o.tb.Helper()
	d, err := o.store.Delivery(o.tb.Context(), id)
	must(o.tb, err)
	e, err := o.store.Endpoint(o.tb.Context(), d.EndpointID)
	must(o.tb, err)
	outcome := poa.Outcome{Parcel: poa.Parcel{Delivery: d, Endpoint: e},
		Attempt: poa.Attempt{DeliveryID: id, Number: d.Attempts + 1, At: o.clock.Now(), Status: status, Answer: []byte(answer)}}
	if status < 200 || status > 299 {
		outcome.Error = "STATUS"
	}
	_, err = o.notifier.Attempted(o.tb.Context(), o.clock.Now(), waits, []poa.Outcome{outcome})
	must(o.tb, err)
}

func TestNumbering(t *testing.T) {
	t.Parallel()
	t.Run("numbers have no gaps, and a second recipient is told nothing", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		second, _ := o.enrolRecipient("second@example.jp")
		d, other := o.accepted(), o.accepted()
		o.number()
		o.watch(o.recipient, d)
		refused := o.submitted()
		_, err := o.decide(refused, false)
		must(t, err)
		id, err := o.registrar.Suspend(t.Context(), o.reception, suspend(d, poa.ReasonServiceReview, time.Time{}))
		must(t, err)
		_, err = o.registrar.Resume(t.Context(), o.reception, lift(d, id))
		must(t, err)
		must(t, o.revoke(other, time.Time{}))
		must(t, o.revoke(d, time.Time{}))
		o.number()
		o.wantTold(o.recipient.PartyID, poa.NoticeSuspended, poa.NoticeResumed, poa.NoticeRevoked)
		o.wantTold(o.delegator.PartyID, poa.NoticeAccepted, poa.NoticeAccepted, poa.NoticeRefused, poa.NoticeSuspended, poa.NoticeResumed, poa.NoticeRevoked, poa.NoticeRevoked)
		o.wantTold(second.PartyID)
	})
	t.Run("who watches twice keeps the first promise, who ended it is told nothing", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.accepted()
		o.watch(o.recipient, d)
		must(t, o.revoke(d, time.Time{}))
		o.watch(o.recipient, d)
		o.number()
		o.wantTold(o.recipient.PartyID, poa.NoticeRevoked)
		again := o.accepted()
		o.watch(o.recipient, again)
		must(t, o.notifier.Unwatch(t.Context(), o.recipient, poa.WatchInput{IdempotencyKey: newKey(), DelegationID: string(again.ID)}))
		must(t, o.revoke(again, time.Time{}))
		o.number()
		o.wantTold(o.recipient.PartyID, poa.NoticeRevoked)
	})
	t.Run("who begins to watch is not told of what it read", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.accepted()
		must(t, o.revoke(d, time.Time{}))
		if w := o.watch(o.recipient, d); w.Standing.Status != poa.StatusRevoked || w.Standing.Version != 2 {
			t.Errorf("read %+v", w)
		}
		o.number()
		o.wantTold(o.recipient.PartyID)
	})
	t.Run("what was never accepted cannot be watched", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		for _, id := range []string{string(o.submitted().ID), string(poa.NewDelegationID()), "mistyped"} {
			_, err := o.notifier.Watch(t.Context(), o.recipient, poa.WatchInput{IdempotencyKey: newKey(), DelegationID: id})
			wantCode(t, err, poa.CodeUnknownDelegation)
		}
		_, err := o.notifier.Watch(t.Context(), o.delegator, poa.WatchInput{IdempotencyKey: newKey(), DelegationID: string(o.accepted().ID)})
		wantCode(t, err, poa.CodeForbidden)
	})
	t.Run("an address that is not confirmed gets no mail", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.accepted()
		o.watch(o.recipient, d)
		o.data.Exec(t, "UPDATE mail_addresses SET confirmed_at = NULL WHERE party_id = '"+o.recipient.PartyID+"'")
		must(t, o.revoke(d, time.Time{}))
		o.number()
		for _, m := range o.mails() {
			if m.Template == poa.MailNotice && m.PartyID == o.recipient.PartyID {
				t.Error("mailed to an address that is not confirmed")
			}
		}
		if m := o.mailTo("delegator@example.jp", poa.MailNotice); m.Values["status"] != "REVOKED" || m.Values["delegationId"] != string(d.ID) {
			t.Errorf("the delegator's mail says %v", m.Values)
		}
	})
}

func TestAnnouncements(t *testing.T) {
	t.Parallel()
	t.Run("each once: start, coming end, end", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.accepted(from(5))
		o.watch(o.recipient, d)
		for _, at := range []time.Time{o.clock.Now(), d.ValidFrom.Begins(), d.ValidThrough.AddDays(-20).Begins(), d.ValidThrough.Ends(), d.ValidThrough.AddDays(9).Ends()} {
			o.clock.Set(at)
			o.announce()
			o.announce()
		}
		o.wantTold(o.recipient.PartyID, poa.NoticeEffective, poa.NoticeExpiring, poa.NoticeExpired)
		o.wantTold(o.delegator.PartyID, poa.NoticeAccepted, poa.NoticeEffective, poa.NoticeExpiring, poa.NoticeExpired)
	})
	t.Run("by two processes at once each is told once", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.accepted(from(5))
		o.clock.Set(d.ValidFrom.Begins())
		run := func() error { _, err := o.notifier.AnnounceTerms(t.Context()); return err }
		for _, err := range atOnce(run, run, run) {
			must(t, err)
		}
		o.number()
		o.wantTold(o.delegator.PartyID, poa.NoticeAccepted, poa.NoticeEffective)
	})
	t.Run("a future revocation when it is recorded and when it takes effect, also to who read it as valid", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		late, _ := o.enrolRecipient("late@example.jp")
		d := o.accepted()
		o.watch(o.recipient, d)
		ends := o.clock.Now().Add(48 * time.Hour)
		must(t, o.revoke(d, ends))
		if w := o.watch(late, d); w.Standing.Status != poa.StatusValid {
			t.Errorf("before it takes effect it is %s", w.Standing.Status)
		}
		o.announce()
		o.clock.Set(ends)
		o.announce()
		o.announce()
		o.wantTold(o.recipient.PartyID, poa.NoticeRevoked, poa.NoticeRevoked)
		o.wantTold(late.PartyID, poa.NoticeRevoked)
		notices, err := o.store.Notices(t.Context(), o.recipient.PartyID, 0, 10)
		must(t, err)
		if first, second := notices[0], notices[1]; first.Status != poa.StatusValid || !first.EffectiveAt.Equal(ends) || second.Status != poa.StatusRevoked {
			t.Errorf("told %+v", notices)
		}
	})
	t.Run("a start is not told after an end", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.accepted(from(5))
		o.clock.Set(d.ValidFrom.Begins().Add(time.Minute))
		must(t, o.revoke(d, time.Time{}))
		o.announce()
		o.wantTold(o.delegator.PartyID, poa.NoticeAccepted, poa.NoticeRevoked)
	})
	t.Run("a supersession by the start of the new term", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		old := o.accepted()
		o.number()
		o.watch(o.recipient, old)
		next := o.accepted(replacing(old.ID), from(5))
		o.number()
		o.clock.Set(next.ValidFrom.Begins())
		o.announce()
		o.wantTold(o.recipient.PartyID, poa.NoticeSuperseded, poa.NoticeSuperseded)
	})
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	t.Run("a filter lets its types through, with the last number that passed it", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		all, revoked, foreign := o.endpoint(o.delegator), o.endpoint(o.delegator, poa.NoticeRevoked), o.endpoint(o.recipient)
		must(t, o.revoke(o.accepted(), time.Time{}))
		must(t, o.revoke(o.accepted(), time.Time{}))
		o.number()
		type passed struct{ Sequence, Previous int64 }
		for id, want := range map[string][]passed{all.ID: {{1, 0}, {2, 1}, {3, 2}, {4, 3}}, revoked.ID: {{2, 0}, {4, 2}}, foreign.ID: {}} {
			got := []passed{}
			for _, d := range o.deliveries(id) {
				body := d.Body()
				got = append(got, passed{body.Data.Sequence, body.Data.Previous})
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		}
	})
	t.Run("its secret is shown once, rotated with an overlap, and never read again", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		in := poa.EndpointInput{IdempotencyKey: newKey(), URL: "https://example.jp/hook"}
		first, err := o.notifier.CreateEndpoint(t.Context(), o.recipient, in, anyURL{})
		must(t, err)
		again, err := o.notifier.CreateEndpoint(t.Context(), o.recipient, in, anyURL{})
		if err != nil || again.ID != first.ID || again.Secret != "" || !strings.HasPrefix(first.Secret, "whsec_") {
			t.Errorf("got %q, %q, %v", first.Secret, again.Secret, err)
		}
		key := newKey()
		rotated, err := o.notifier.RotateSecret(t.Context(), o.recipient, key, first.ID, time.Hour)
		must(t, err)
		repeated, err := o.notifier.RotateSecret(t.Context(), o.recipient, key, first.ID, time.Hour)
		if err != nil || repeated.Secret != "" || repeated.PreviousSecret != "" || rotated.PreviousSecret != "" || rotated.Secret == first.Secret {
			t.Errorf("rotated to %+v, %+v, %v", rotated, repeated, err)
		}
		kept, err := o.store.Endpoint(t.Context(), first.ID)
		if err != nil || kept.Secret != rotated.Secret || kept.PreviousSecret != first.Secret || !kept.PreviousUntil.Equal(o.clock.Now().Add(time.Hour)) {
			t.Errorf("kept %+v, %v", kept, err)
		}
		shown, err := o.records.Endpoint(t.Context(), o.recipient, first.ID)
		if err != nil || shown.Secret != "" || shown.PreviousSecret != "" {
			t.Errorf("read as %+v, %v", shown, err)
		}
		_, err = o.notifier.RotateSecret(t.Context(), o.recipient, newKey(), first.ID, 8*24*time.Hour)
		wantCode(t, err, poa.CodeInvalid)
	})
}

func TestEndpointsBounds(t *testing.T) {
	t.Parallel()
	t.Run("a test has no number; one that is off or deleted gets nothing", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		e, off := o.endpoint(o.delegator), o.endpoint(o.delegator)
		_, err := o.notifier.TestEndpoint(t.Context(), o.delegator, newKey(), e.ID)
		must(t, err)
		if got := o.deliveries(e.ID); len(got) != 1 || got[0].Notice.Sequence != 0 || got[0].Body().Type != poa.NoticeTest {
			t.Errorf("sent %+v", got)
		}
		_, err = o.notifier.UpdateEndpoint(t.Context(), o.delegator, poa.EndpointInput{IdempotencyKey: newKey(), ID: off.ID, URL: off.URL}, anyURL{})
		must(t, err)
		_, err = o.notifier.TestEndpoint(t.Context(), o.delegator, newKey(), off.ID)
		wantCode(t, err, poa.CodeConflict)
		o.accepted()
		o.number()
		waiting := o.deliveries(e.ID)[1]
		must(t, o.notifier.DeleteEndpoint(t.Context(), o.delegator, newKey(), e.ID))
		if found, err := o.notifier.Parcels(t.Context(), []poa.Delivery{waiting}); err != nil || len(found) > 0 {
			t.Error("what waits for a deleted endpoint still goes out")
		}
		must(t, o.revoke(o.accepted(), time.Time{}))
		o.number()
		if got := o.deliveries(off.ID); len(got) > 0 {
			t.Errorf("the one that is off got %+v", got)
		}
	})
	t.Run("another's is not there, wrong addresses and types are refused, twenty are enough", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		e := o.endpoint(o.delegator)
		for _, id := range []string{e.ID, poa.NewID(poa.PrefixEndpoint), "' OR 1=1 --\x00"} {
			wantCode(t, o.notifier.DeleteEndpoint(t.Context(), o.recipient, newKey(), id), poa.CodeNotFound)
			_, err := o.notifier.TestEndpoint(t.Context(), o.recipient, newKey(), id)
			wantCode(t, err, poa.CodeNotFound)
			_, err = o.notifier.RotateSecret(t.Context(), o.recipient, newKey(), id, 0)
			wantCode(t, err, poa.CodeNotFound)
			_, err = o.notifier.UpdateEndpoint(t.Context(), o.recipient, poa.EndpointInput{IdempotencyKey: newKey(), ID: id, URL: e.URL}, anyURL{})
			if code := codeOf(err); code != poa.CodeNotFound {
				t.Errorf("updating %q: %s", id, code)
			}
		}
		for _, url := range []string{"", "ftp://example.jp/", "https://user:pass@example.jp/", "https:///path", "/path", "https://example.jp/#f", "javascript:alert(1)", "https://example.jp/\nx"} {
			_, err := o.notifier.CreateEndpoint(t.Context(), o.recipient, poa.EndpointInput{IdempotencyKey: newKey(), URL: url}, anyURL{})
			if code := poa.CodeOf(err); code != poa.CodeBadUserInput {
				t.Errorf("%q: %s", url, code)
			}
		}
		_, err := o.notifier.CreateEndpoint(t.Context(), o.recipient, poa.EndpointInput{IdempotencyKey: newKey(), URL: e.URL, Types: []poa.NoticeType{"delegation.*"}}, anyURL{})
		wantCode(t, err, poa.CodeInvalid)
		for range poa.MaxEndpoints {
			o.endpoint(o.recipient)
		}
		_, err = o.notifier.CreateEndpoint(t.Context(), o.recipient, poa.EndpointInput{IdempotencyKey: newKey(), URL: e.URL}, anyURL{})
		wantCode(t, err, poa.CodeTooMany)
	})
}
