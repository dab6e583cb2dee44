// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
)

// arrives lets an endpoint's pending deliveries be answered with 200.
func (o *office) arrives(e poa.Endpoint) {
	o.tb.Helper()
	for _, d := range o.deliveries(e.ID) {
		if d.State == poa.DeliveryPending {
			o.attempt(d.ID, 200, "")
		}
	}
}

// handedOver marks the mails of a party about notices as handed over.
func (o *office) handedOver(party poa.Actor) {
	o.tb.Helper()
	for _, m := range o.mails() {
		if m.Template == poa.MailNotice && m.PartyID == party.PartyID && m.SentAt.IsZero() {
			must(o.tb, o.notifier.MailSent(o.tb.Context(), m.ID))
		}
	}
}

// seen is the delegation's one end as an actor sees it.
func (o *office) seen(actor poa.Actor, d poa.Delegation) poa.EndSeen {
	o.tb.Helper()
	ends, err := o.records.EndsSeen(o.tb.Context(), actor, d)
	must(o.tb, err)
	if len(ends) != 1 {
		o.tb.Fatalf("%d ends", len(ends))
	}
	return ends[0]
}

// passes moves the clock on and returns what it shows then.
func (o *office) passes(d time.Duration) time.Time {
	o.clock.Advance(d)
	return o.clock.Now()
}

// named registers a recipient that agrees, or not, to be named.
func (o *office) named(email string, agrees bool) poa.Actor {
	o.tb.Helper()
	actor, _ := o.enrolRecipient(email)
	o.data.Exec(o.tb, "UPDATE parties SET name_shown = "+map[bool]string{true: "true", false: "false"}[agrees]+" WHERE id = '"+actor.PartyID+"'")
	return actor
}

func TestEndsSeen(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	d := o.accepted()
	hooked, feeding, mailed, silent := o.named("hooked@example.jp", true), o.named("feeding@example.jp", false), o.named("mailed@example.jp", false), o.named("silent@example.jp", true)
	for _, party := range []poa.Actor{hooked, feeding, mailed, silent} {
		o.watch(party, d)
	}
	hook := o.endpoint(hooked)
	late := o.accepted()
	if ends, err := o.records.EndsSeen(t.Context(), o.delegator, d); err != nil || len(ends) != 0 {
		t.Errorf("of what has not ended: %+v, %v", ends, err)
	}
	must(t, o.revoke(d, time.Time{}))
	must(t, o.revoke(late, time.Time{}))
	o.number()
	none := o.seen(o.delegator, d)
	if none.Type != poa.NoticeRevoked || none.Recipients != 4 || none.Told != 0 || none.Acknowledged != 0 || !none.FirstToldAt.IsZero() || len(none.Named) != 2 {
		t.Errorf("before anybody was told: %+v", none)
	}
	first := o.passes(time.Minute)
	o.arrives(hook)
	o.clock.Advance(time.Minute)
	o.handedOver(mailed)
	last := o.passes(time.Minute)
	f, err := o.feed(feeding, poa.FeedInput{})
	must(t, err)
	_, err = o.notifier.AcknowledgeFeed(t.Context(), feeding, poa.AcknowledgeInput{Stream: f.Stream, Sequence: 1})
	must(t, err)
	t.Run("the delegator sees how many were told, when, and how many acknowledged", func(t *testing.T) {
		end := o.seen(o.delegator, d)
		want := poa.EndNotice{ChangeID: end.ChangeID, Type: poa.NoticeRevoked, At: end.At, EffectiveAt: end.EffectiveAt, Recipients: 4, Told: 3, Acknowledged: 2, FirstToldAt: first, LastToldAt: last}
		if diff := cmp.Diff(want, end.EndNotice); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("by name where the recipient agreed, and only then", func(t *testing.T) {
		end := o.seen(o.delegator, d)
		if diff := cmp.Diff([]poa.NamedRecipient{{Name: end.Named[0].Name, ToldAt: first, AcknowledgedAt: first}, {Name: end.Named[1].Name}}, end.Named); diff != "" || end.Named[0].Name == "" {
			t.Error(diff)
		}
		o.data.Exec(t, "UPDATE parties SET name_shown = false")
		if end := o.seen(o.delegator, d); len(end.Named) != 0 || end.Told != 3 {
			t.Errorf("consent was withdrawn: %+v", end)
		}
	})
	t.Run("nobody watched: nobody is counted", func(t *testing.T) {
		if end := o.seen(o.delegator, late); end.Recipients != 0 || end.Told != 0 {
			t.Errorf("counts %+v", end)
		}
	})
	t.Run("others learn nothing", func(t *testing.T) {
		other := o.enrol("other@example.jp")
		for name, actor := range map[string]poa.Actor{"another delegator": other, "a recipient that was told": hooked, "one that was not": silent, "the auditor": o.auditor,
			"the delegate": {Kind: poa.ActorDelegate, ID: "lnk_1", DelegationID: d.ID}, "a party without an ID": {Kind: poa.ActorDelegator, ID: "acc_1"}} {
			if ends, err := o.records.EndsSeen(t.Context(), actor, d); !errors.Is(err, poa.ErrNotFound) || ends != nil {
				t.Errorf("%s sees %+v, %v", name, ends, err)
			}
		}
		_, err := o.records.EndsSeen(t.Context(), poa.Anonymous("ja"), d)
		wantCode(t, err, poa.CodeUnauthenticated)
		if end := o.seen(o.reception, d); end.Told != 3 {
			t.Errorf("reception sees %+v", end)
		}
	})
}

// TestFeedTellsOfOnesOwnAlone brings two recipients to watch two delegations: the
// feed, its acknowledgement and what is known of an end never cross.
func TestFeedTellsOfOnesOwnAlone(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	mine, others := o.accepted(), o.accepted()
	second, _ := o.enrolRecipient("second@example.jp")
	o.watch(o.recipient, mine)
	o.watch(second, others)
	must(t, o.revoke(mine, time.Time{}))
	must(t, o.revoke(others, time.Time{}))
	o.number()
	for actor, d := range map[*poa.Actor]poa.Delegation{&o.recipient: mine, &second: others} {
		f, err := o.feed(*actor, poa.FeedInput{})
		must(t, err)
		if len(f.Notices) != 1 || f.Notices[0].DelegationID != d.ID {
			t.Errorf("told %+v", f.Notices)
		}
	}
	f, err := o.feed(o.recipient, poa.FeedInput{})
	must(t, err)
	_, err = o.notifier.AcknowledgeFeed(t.Context(), o.recipient, poa.AcknowledgeInput{Stream: f.Stream, Sequence: 1})
	must(t, err)
	if a, b := o.seen(o.delegator, mine), o.seen(o.delegator, others); a.Acknowledged != 1 || b.Acknowledged != 0 {
		t.Errorf("acknowledged %d and %d", a.Acknowledged, b.Acknowledged)
	}
}
