// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
)

// workOff does what the job of a resend does, and returns how many it sent.
func (o *office) workOff(r poa.Resend) int {
	o.tb.Helper()
	sent := 0
	for {
		n, err := o.notifier.ResendNext(o.tb.Context(), r.ID)
		must(o.tb, err)
		if n == 0 {
			done, err := o.store.Resend(o.tb.Context(), r.ID)
			if err != nil || done.FinishedAt.IsZero() || done.Resent != sent || done.Total != sent {
				o.tb.Errorf("finished as %+v after %d, %v", done, sent, err)
			}
			return sent
		}
		sent += n
	}
}

// numbers are the deliveries of an endpoint as number and previous number.
func (o *office) numbers(endpointID string) [][2]int64 {
	o.tb.Helper()
	var found [][2]int64
	for _, d := range o.deliveries(endpointID) {
		found = append(found, [2]int64{d.Notice.Sequence, d.Previous})
	}
	return found
}

// changes makes so many changes of a delegation of the delegator's.
func (o *office) changes(n int) {
	o.tb.Helper()
	for range n {
		o.accepted()
	}
	o.number()
}

// An endpoint is switched off by the service, changes go on, and one click sends
// what was missed, each with the number before it.
func TestCatchingUp(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	e, beside, theirs := o.endpoint(o.delegator), o.endpoint(o.delegator), o.endpoint(o.recipient)
	o.changes(1)
	first := o.deliveries(e.ID)
	o.attempt(first[len(first)-1].ID, 410, "")
	if off := o.kept(e.ID); off.State != poa.EndpointDisabled || off.DisabledReason != "GONE" {
		t.Fatalf("it is %+v", off)
	}
	if troubled, err := o.records.Troubled(t.Context(), o.delegator); err != nil || len(troubled) != 1 || troubled[0].ID != e.ID {
		t.Errorf("troubled %+v, %v", troubled, err)
	}
	if troubled, err := o.records.Troubled(t.Context(), o.recipient); err != nil || len(troubled) != 0 {
		t.Errorf("another party sees %+v, %v", troubled, err)
	}
	o.clock.Advance(time.Hour)
	o.changes(3)
	before := len(o.deliveries(e.ID))
	for _, id := range []string{e.ID, theirs.ID} {
		if _, err := o.notifier.CatchUp(t.Context(), o.recipient, newKey(), id); (id == e.ID) != (codeOf(err) == poa.CodeNotFound) || err == nil {
			t.Errorf("another's, and an active one: %v", err)
		}
	}
	key := newKey()
	r, err := o.notifier.CatchUp(t.Context(), o.delegator, key, e.ID)
	must(t, err)
	again, err := o.notifier.CatchUp(t.Context(), o.delegator, key, e.ID)
	if err != nil || again.ID != r.ID {
		t.Errorf("the same key began another: %v", err)
	}
	o.changes(1) // meanwhile it goes on
	if sent := o.workOff(r); sent == 0 || sent != len(o.deliveries(beside.ID))-before {
		t.Errorf("sent %d, beside it stand %d", sent, len(o.deliveries(beside.ID)))
	}
	if diff := cmp.Diff(o.numbers(beside.ID), o.numbers(e.ID)); diff != "" {
		t.Error("it was told otherwise than the one beside it:", diff)
	}
	for _, d := range o.deliveries(e.ID) {
		if !o.goesOut(d.ID) {
			t.Errorf("number %d does not go out", d.Notice.Sequence)
		}
	}
	if now := o.kept(e.ID); now.State != poa.EndpointActive || now.DisabledReason != "" || !now.DisabledAt.IsZero() || now.Failures != 0 {
		t.Errorf("it is %+v", now)
	}
	if got := o.deliveries(theirs.ID); len(got) != 0 {
		t.Errorf("another party's endpoint got %d", len(got))
	}
}

// A replay never meets another tenant's notices: with two parties in one
// sequence of changes each endpoint is sent its own party's alone.
func TestAReplayMeetsNoOtherTenant(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	watched := o.accepted()
	o.number()
	o.watch(o.recipient, watched)
	theirs, e := o.endpoint(o.delegator), o.endpoint(o.recipient)
	for _, each := range []struct {
		actor poa.Actor
		id    string
	}{{o.delegator, theirs.ID}, {o.recipient, e.ID}} {
		_, err := o.notifier.UpdateEndpoint(t.Context(), each.actor, poa.EndpointInput{IdempotencyKey: newKey(), ID: each.id, URL: "https://example.jp/hook"}, anyURL{})
		must(t, err)
	}
	o.changes(2)
	must(t, o.revoke(watched, time.Time{}))
	o.number()
	_, err := o.set(e.ID, poa.SettingsInput{})
	must(t, err)
	in := poa.ResendDeliveriesInput{IdempotencyKey: newKey(), EndpointID: e.ID, Kind: poa.ResendMissing, Since: o.clock.Now().Add(-240 * time.Hour)}
	for _, id := range []string{theirs.ID, poa.NewID(poa.PrefixEndpoint), "' OR 1=1 --"} {
		foreign := in
		foreign.IdempotencyKey, foreign.EndpointID = newKey(), id
		_, err := o.notifier.ResendDeliveries(t.Context(), o.recipient, foreign)
		wantCode(t, err, poa.CodeNotFound)
		_, err = o.records.Resends(t.Context(), o.recipient, id)
		wantCode(t, err, poa.CodeNotFound)
	}
	r, err := o.notifier.ResendDeliveries(t.Context(), o.recipient, in)
	must(t, err)
	o.workOff(r)
	got := o.deliveries(e.ID)
	if len(got) != 1 || got[0].Notice.Type != poa.NoticeRevoked || got[0].Notice.DelegationID != watched.ID {
		t.Errorf("sent %+v", got)
	}
	if slices.ContainsFunc(got, func(d poa.Delivery) bool { return d.Notice.PartyID != o.recipient.PartyID }) || len(o.deliveries(theirs.ID)) > 0 {
		t.Error("another tenant's notices were sent")
	}
}

func TestResendingWhatFailed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	e := o.endpoint(o.delegator)
	o.changes(2)
	all := o.deliveries(e.ID)
	o.attempt(all[0].ID, 500, "") // no further wait: it failed for good
	o.clock.Advance(time.Hour)
	since := o.clock.Now()
	o.attempt(all[1].ID, 500, "")
	in := poa.ResendDeliveriesInput{IdempotencyKey: newKey(), EndpointID: e.ID, Kind: poa.ResendFailed, Since: since}
	for name, change := range map[string]func(*poa.ResendDeliveriesInput){"the future": func(in *poa.ResendDeliveriesInput) { in.Since = since.Add(time.Hour) },
		"no instant": func(in *poa.ResendDeliveriesInput) { in.Since = time.Time{} }, "no kind": func(in *poa.ResendDeliveriesInput) { in.Kind = poa.ResendAll }} {
		wrong := in
		change(&wrong)
		wrong.IdempotencyKey = newKey()
		if _, err := o.notifier.ResendDeliveries(t.Context(), o.delegator, wrong); poa.CodeOf(err) != poa.CodeBadUserInput {
			t.Errorf("%s: %v", name, err)
		}
	}
	r, err := o.notifier.ResendDeliveries(t.Context(), o.delegator, in)
	must(t, err)
	other := in
	other.IdempotencyKey = newKey()
	_, err = o.notifier.ResendDeliveries(t.Context(), o.delegator, other)
	wantCode(t, err, poa.CodeConflict) // one at a time
	if sent := o.workOff(r); sent != 1 || o.goesOut(all[0].ID) || !o.goesOut(all[1].ID) {
		t.Errorf("sent %d", sent)
	}
	o.attempt(all[1].ID, 500, "")
	if d := o.deliveries(e.ID)[1]; d.State != poa.DeliveryFailed || d.Attempts != 2 {
		t.Errorf("after one more attempt: %+v", d)
	}
	_, err = o.notifier.UpdateEndpoint(t.Context(), o.delegator, poa.EndpointInput{IdempotencyKey: newKey(), ID: e.ID, URL: e.URL}, anyURL{})
	must(t, err)
	other.IdempotencyKey = newKey()
	_, err = o.notifier.ResendDeliveries(t.Context(), o.delegator, other)
	wantCode(t, err, poa.CodeConflict) // switched off
	if troubled, err := o.records.Troubled(t.Context(), o.delegator); err != nil || len(troubled) != 0 {
		t.Errorf("what its owner switched off is trouble: %+v, %v", troubled, err)
	}
}

// An endpoint that is deleted while a resend goes on ends it.
func TestAResendEndsWithItsEndpoint(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.changes(1)
	e := o.endpoint(o.delegator)
	r, err := o.notifier.ResendDeliveries(t.Context(), o.delegator, poa.ResendDeliveriesInput{IdempotencyKey: newKey(), EndpointID: e.ID, Kind: poa.ResendMissing, Since: o.clock.Now().Add(-24 * time.Hour)})
	must(t, err)
	must(t, o.notifier.DeleteEndpoint(t.Context(), o.delegator, newKey(), e.ID))
	n, err := o.notifier.ResendNext(t.Context(), r.ID)
	if done, err2 := o.store.Resend(t.Context(), r.ID); n != 0 || err != nil || err2 != nil || done.FinishedAt.IsZero() || done.Resent != 0 {
		t.Errorf("%d, %v, %+v, %v", n, err, done, err2)
	}
}
