// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"context"
	"testing"
	"time"

	"ininjo/poa"
)

var days = []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}

func (o *office) tested(e poa.Endpoint) string {
	o.tb.Helper()
	id, err := o.notifier.TestEndpoint(o.tb.Context(), o.recipient, newKey(), e.ID)
	must(o.tb, err)
	return id
}

func (o *office) endpointNow(id string) poa.Endpoint {
	o.tb.Helper()
	e, err := o.store.Endpoint(o.tb.Context(), id)
	must(o.tb, err)
	return e
}

func (o *office) nextAttempt(id string) time.Duration {
	o.tb.Helper()
	d, err := o.store.Delivery(o.tb.Context(), id)
	must(o.tb, err)
	if d.NextAt.IsZero() {
		return 0
	}
	return d.NextAt.Sub(o.clock.Now())
}

// due counts what a worker is given now.
func (o *office) due() int {
	o.tb.Helper()
	now := o.clock.Now()
	parcels, err := o.notifier.Take(o.tb.Context(), poa.Taking{Now: now, Until: now.Add(-time.Millisecond), Most: 100, Each: 100})
	must(o.tb, err)
	return len(parcels)
}

func TestAttemptsFollowTheSchedule(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.tested(o.endpoint(o.recipient))
	for i, wait := range days {
		o.attempt(id, 500, "", days...)
		if got := o.nextAttempt(id); got < wait*9/10-time.Second && i < 4 || got > max(wait*11/10, 15*time.Minute)+time.Second {
			t.Errorf("after %d failures the next attempt comes in %s, of %s", i+1, got, wait)
		}
		o.clock.Advance(25 * time.Hour)
	}
	o.attempt(id, 500, "", days...)
	if d, err := o.store.Delivery(t.Context(), id); err != nil || d.State != poa.DeliveryFailed || d.Attempts != 10 || !d.NextAt.IsZero() {
		t.Errorf("%+v, %v", d, err)
	}
}

// What waits for an endpoint that pauses is put off and keeps its attempts.
func TestBreaker(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	e := o.endpoint(o.recipient)
	failing, waiting := o.tested(e), o.tested(e)
	for range 4 {
		o.attempt(failing, 500, "", make([]time.Duration, 20)...)
	}
	if got := o.endpointNow(e.ID); got.Struggling() || !got.PausedUntil.IsZero() || o.due() != 2 {
		t.Errorf("four failures open the breaker: %+v", got)
	}
	o.attempt(failing, 500, "", make([]time.Duration, 20)...)
	got := o.endpointNow(e.ID)
	if pause := got.PausedUntil.Sub(o.clock.Now()); !got.Struggling() || pause != 30*time.Second {
		t.Errorf("five failures do not: %+v", got)
	}
	o.clock.Advance(time.Millisecond)
	if n := o.due(); n != 0 {
		t.Errorf("%d are attempted in the pause", n)
	}
	if d, err := o.store.Delivery(t.Context(), waiting); err != nil || d.Attempts != 0 || d.State != poa.DeliveryPending {
		t.Errorf("the pause used up an attempt: %+v, %v", d, err)
	}
	o.clock.Advance(31 * time.Second)
	if n := o.due(); n != 2 {
		t.Errorf("%d are due after the pause", n)
	}
	o.attempt(waiting, 500, "", make([]time.Duration, 20)...)
	if pause := o.endpointNow(e.ID).PausedUntil.Sub(o.clock.Now()); pause != time.Minute {
		t.Errorf("the second pause takes %s", pause)
	}
	o.clock.Advance(2 * time.Minute)
	o.attempt(waiting, 200, "", days...)
	if got := o.endpointNow(e.ID); got.Failures != 0 || !got.FailingSince.IsZero() || !got.PausedUntil.IsZero() {
		t.Errorf("one that arrived does not close it: %+v", got)
	}
}

func TestPatience(t *testing.T) {
	t.Parallel()
	for status, pauses := range map[int]bool{429: true, 502: true, 503: true, 504: true, 500: false, 404: false, 301: false} {
		o := newOffice(t)
		e := o.endpoint(o.recipient)
		o.attempt(o.tested(e), status, "", days...)
		if got := o.endpointNow(e.ID).PausedUntil; got.After(o.clock.Now()) != pauses {
			t.Errorf("after %d: paused until %v", status, got)
		}
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	e := o.endpoint(o.recipient)
	first, second := o.tested(e), o.tested(e)
	d, err := o.store.Delivery(t.Context(), first)
	must(t, err)
	_, err = o.notifier.Attempted(t.Context(), o.clock.Now(), days, []poa.Outcome{{Parcel: poa.Parcel{Delivery: d, Endpoint: e}, RetryAfter: 90 * time.Minute,
		Attempt: poa.Attempt{DeliveryID: first, Number: 1, At: o.clock.Now(), Status: 503, Error: "STATUS"}}})
	must(t, err)
	if a, b := o.nextAttempt(first), o.nextAttempt(second); a != 90*time.Minute || b != 90*time.Minute {
		t.Errorf("the next attempts come in %s and %s", a, b)
	}
}

// A party is told at the first failure, halfway and at the end; one that comes
// and goes is not told each time.
func TestFailingEndpointIsSwitchedOff(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	e := o.endpoint(o.recipient)
	mails := func() [3]int {
		var n [3]int
		for i, template := range []poa.MailTemplate{poa.MailEndpointFailing, poa.MailEndpointFailingHalf, poa.MailEndpointDisabled} {
			var err error
			n[i], err = o.store.MailsSince(t.Context(), o.recipient.PartyID, template, time.Time{})
			must(t, err)
		}
		return n
	}
	want := func(step string, n [3]int) {
		t.Helper()
		if got := mails(); got != n {
			t.Errorf("%s: mailed %v, want %v", step, got, n)
		}
	}
	o.attempt(o.tested(e), 500, "", days...)
	want("the first failure", [3]int{1, 0, 0})
	o.attempt(o.tested(e), 200, "", days...)
	o.attempt(o.tested(e), 500, "", days...)
	want("it comes and goes", [3]int{1, 0, 0})
	o.clock.Advance(61 * time.Hour)
	_, err := o.notifier.WarnEndpoints(t.Context(), o.clock.Now())
	must(t, err)
	want("halfway, without an attempt", [3]int{1, 1, 0})
	waiting := o.tested(e)
	o.clock.Advance(60 * time.Hour)
	o.attempt(o.tested(e), 500, "", days...)
	want("the end", [3]int{1, 1, 1})
	got := o.endpointNow(e.ID)
	if got.State != poa.EndpointDisabled || got.DisabledReason != "FAILING" || got.DisabledAt.IsZero() || o.goesOut(waiting) {
		t.Errorf("%+v", got)
	}
	n, err := o.notifier.WarnEndpoints(t.Context(), o.clock.Now())
	must(t, err)
	want("afterwards", [3]int{1, 1, 1})
	if n != 0 {
		t.Errorf("%d endpoints are looked at without end", n)
	}
	_, err = o.notifier.UpdateEndpoint(t.Context(), o.recipient, poa.EndpointInput{IdempotencyKey: newKey(), ID: e.ID, URL: e.URL, Enabled: true}, anyURL{})
	must(t, err)
	if got := o.endpointNow(e.ID); got.State != poa.EndpointActive || got.Failures != 0 || !o.goesOut(waiting) {
		t.Errorf("switched on again: %+v", got)
	}
}

// Every status from 200 to 599 leads to one of three ends: 2xx delivered, 410
// given up with its endpoint, all others tried again.
func TestEveryStatusIsSettled(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	e := o.endpoint(o.recipient)
	now := o.clock.Now()
	ids := map[int]string{}
	var deliveries []poa.Delivery
	var outcomes []poa.Outcome
	for status := 200; status <= 599; status++ {
		d := poa.Delivery{ID: poa.NewID(poa.PrefixDelivery), EndpointID: e.ID, State: poa.DeliveryPending, NextAt: now,
			Notice: poa.Notice{PartyID: e.PartyID, Change: poa.Change{Type: poa.NoticeTest, At: now}}}
		outcome := poa.Outcome{Parcel: poa.Parcel{Delivery: d, Endpoint: e}, Attempt: poa.Attempt{DeliveryID: d.ID, Number: 1, At: now, Status: status}}
		if status > 299 {
			outcome.Error = "STATUS"
		}
		ids[status], deliveries = d.ID, append(deliveries, d)
		if status != 410 {
			outcomes = append(outcomes, outcome)
		}
	}
	must(t, o.store.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error { return tx.InsertDeliveries(ctx, deliveries) }))
	_, err := o.notifier.Attempted(t.Context(), now, days, outcomes)
	must(t, err)
	for status, id := range ids {
		d, err := o.store.Delivery(t.Context(), id)
		must(t, err)
		switch tried := d.NextAt.Sub(now) >= 4*time.Second && d.LastStatus == status && d.LastError == "STATUS"; {
		case status == 410:
		case status <= 299 && (d.State != poa.DeliveryDelivered || !d.NextAt.IsZero() || d.LastError != ""),
			status > 299 && (d.State != poa.DeliveryPending || !tried):
			t.Errorf("%d led to %+v", status, d)
		}
	}
	o.attempt(ids[410], 410, "", days...)
	if d, err := o.store.Delivery(t.Context(), ids[410]); err != nil || d.State != poa.DeliveryFailed || o.endpointNow(e.ID).State != poa.EndpointDisabled {
		t.Errorf("410 led to %+v, %v", d, err)
	}
}
