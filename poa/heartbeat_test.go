// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"testing"
	"time"

	"ininjo/poa"
	"ininjo/poa/poatest"
	"ininjo/poa/receipt"
)

// signHeartbeats gives the office a key for heartbeats and returns its key set.
func (o *office) signHeartbeats() []byte {
	o.tb.Helper()
	signer, jwks := poatest.MustTokenSigner(o.tb, receipt.TypHeartbeat, o.clock.Now(), time.Time{})
	o.notifier.SignHeartbeatsWith(signer)
	return jwks
}

// beat makes every heartbeat that is owed and returns how many.
func (o *office) beat() int {
	o.tb.Helper()
	n := 0
	for {
		k, err := o.notifier.SendHeartbeats(o.tb.Context())
		must(o.tb, err)
		if k == 0 {
			return n
		}
		n += k
	}
}

// beats are the heartbeats for an endpoint, in their order.
func (o *office) beats(e poa.Endpoint) (beats []poa.Delivery) {
	o.tb.Helper()
	for _, d := range o.deliveries(e.ID) {
		if d.Notice.Type == poa.NoticeHeartbeat {
			beats = append(beats, d)
		}
	}
	return beats
}

func TestHeartbeats(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	d := o.accepted()
	o.watch(o.recipient, d)
	all, revocations := o.endpoint(o.recipient), o.endpoint(o.recipient, poa.NoticeRevoked)
	off := o.endpoint(o.recipient)
	_, err := o.notifier.UpdateEndpoint(t.Context(), o.recipient, poa.EndpointInput{IdempotencyKey: newKey(), ID: off.ID, URL: off.URL}, anyURL{})
	must(t, err)
	o.comesAndGoes(d, 1)
	if n := o.beat(); n != 0 {
		t.Errorf("%d heartbeats without a key", n)
	}
	jwks := o.signHeartbeats()
	o.clock.Advance(time.Hour)
	if n := o.beat(); n != 2 {
		t.Fatalf("%d heartbeats for two active endpoints", n)
	}
	t.Run("says where the sequence stands, and the last number that passed the filter", func(t *testing.T) {
		for e, previous := range map[string]int64{all.ID: 2, revocations.ID: 0} {
			beats := o.beats(poa.Endpoint{ID: e})
			if len(beats) != 1 {
				t.Fatalf("%d heartbeats", len(beats))
			}
			body := beats[0].Body()
			h, err := receipt.VerifyHeartbeat(body.Data.Heartbeat, jwks)
			must(t, err)
			if body.Type != poa.NoticeHeartbeat || body.Data.Sequence != 2 || body.Data.Previous != previous || h.Head != 2 || h.Stream != body.Data.Stream ||
				h.Party != o.recipient.PartyID || h.Issuer != o.policy.Issuer || h.Every != time.Hour || !h.IssuedAt.Equal(o.clock.Now()) {
				t.Errorf("%+v says %+v", body, h)
			}
			if beats[0].Notice.Sequence != 0 {
				t.Error("a heartbeat took a number of the sequence")
			}
		}
	})
	t.Run("once in a span, by several processes at once", func(t *testing.T) {
		o.data.Exec(t, "UPDATE deliveries SET state = 'FAILED', next_at = NULL WHERE type = 'service.heartbeat'")
		o.clock.Advance(time.Hour)
		run := func() error { _, err := o.notifier.SendHeartbeats(t.Context()); return err }
		for _, err := range atOnce(run, run, run, run) {
			must(t, err)
		}
		o.beat()
		if n := len(o.beats(all)); n != 2 {
			t.Errorf("%d heartbeats in two spans", n)
		}
	})
	t.Run("one that waits is enough, and after a long stop one is owed", func(t *testing.T) {
		o.clock.Advance(5 * time.Hour)
		if n := o.beat(); n != 0 {
			t.Errorf("%d more beside those that wait", n)
		}
		o.data.Exec(t, "UPDATE deliveries SET state = 'DELIVERED', delivered_at = at, next_at = NULL WHERE type = 'service.heartbeat' AND state = 'PENDING'")
		if n := o.beat(); n != 2 {
			t.Errorf("%d heartbeats after a stop", n)
		}
	})
	t.Run("those that arrived stand in no list", func(t *testing.T) {
		list, err := o.records.Deliveries(t.Context(), o.recipient, all.ID, 100)
		must(t, err)
		page, err := o.records.DeliveryPage(t.Context(), o.recipient, all.ID, poa.Page{First: 100})
		must(t, err)
		if len(list) != 4 || len(page.Items) != 4 { // two notices, one that failed, one on its way
			t.Errorf("lists %d and %d", len(list), len(page.Items))
		}
	})
}

func TestHeartbeatOfFeed(t *testing.T) {
	t.Parallel()
	o, _, _ := newFeed(t)
	jwks := o.signHeartbeats()
	t.Run("the feed's answer holds one, an altered one and another key's hold for nothing", func(t *testing.T) {
		f, err := o.feed(o.recipient, poa.FeedInput{})
		must(t, err)
		jws, err := o.notifier.HeartbeatOf(t.Context(), f)
		must(t, err)
		h, err := receipt.VerifyHeartbeat(jws, jwks)
		must(t, err)
		if h.Head != 4 || h.Stream != f.Stream {
			t.Errorf("says %+v", h)
		}
		if _, err := receipt.VerifyHeartbeat(jws[:len(jws)-4]+"AAAA", jwks); err == nil {
			t.Error("an altered one verifies")
		}
		if _, err := receipt.VerifyHeartbeat(jws, o.jwks); err == nil {
			t.Error("one verifies with the keys of receipts")
		}
		if _, err := receipt.Verify(jws, jwks, receipt.TypReceipt); err == nil {
			t.Error("one passes for a receipt")
		}
	})
}

func TestHeartbeatsSayNothingOfEndpoints(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.signHeartbeats()
	hook := o.endpoint(o.recipient)
	o.clock.Advance(time.Hour)
	o.beat()
	beat := o.beats(hook)[0]
	o.attempt(beat.ID, 400, "", time.Second, time.Minute)
	e, err := o.store.Endpoint(t.Context(), hook.ID)
	must(t, err)
	if e.Failures != 0 || !e.FailingSince.IsZero() || e.State != poa.EndpointActive {
		t.Errorf("an endpoint that knows no heartbeats counts as failing: %+v", e)
	}
	if d := o.beats(hook)[0]; d.State != poa.DeliveryFailed || !d.NextAt.IsZero() {
		t.Errorf("a heartbeat is tried again: %+v", d)
	}
	o.data.Exec(t, "UPDATE endpoints SET failures = 3, failing_since = created_at")
	o.clock.Advance(time.Hour)
	o.beat()
	o.attempt(o.beats(hook)[0].ID, 200, "")
	if e, err = o.store.Endpoint(t.Context(), hook.ID); err != nil || e.Failures != 3 {
		t.Errorf("a heartbeat that arrives hides that others fail: %+v, %v", e, err)
	}
	o.clock.Advance(time.Hour)
	o.beat()
	o.attempt(o.beats(hook)[0].ID, 410, "")
	if e, err = o.store.Endpoint(t.Context(), hook.ID); err != nil || e.State != poa.EndpointDisabled {
		t.Errorf("410 does not switch off: %+v, %v", e, err)
	}
}
