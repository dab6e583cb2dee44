// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
)

func TestEndpoint(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), context.Background()
	e := poa.Endpoint{ID: poa.NewID(poa.PrefixEndpoint), PartyID: w.recipient, URL: "https://example.com/h", Types: []poa.NoticeType{poa.NoticeRevoked},
		State: poa.EndpointActive, MaxInFlight: poa.DefaultInFlight, Secret: "whsec_1", Description: "main", CreatedAt: start, AddressAt: start}
	w.in(t, func(ctx context.Context, tx poa.Tx) error { return tx.InsertEndpoint(ctx, e) })
	t.Run("comes back as it was stored", func(t *testing.T) {
		got, err := w.DB.Endpoint(ctx, e.ID)
		if diff := cmp.Diff(e, got); err != nil || diff != "" {
			t.Error(diff, err)
		}
	})
	t.Run("is updated by its own party only", func(t *testing.T) {
		e.Types, e.State, e.Secret, e.PreviousSecret, e.PreviousUntil, e.DisabledReason = nil, poa.EndpointDisabled, "whsec_2", "whsec_1", start.Add(time.Hour), "GONE"
		w.in(t, func(ctx context.Context, tx poa.Tx) error { return tx.UpdateEndpoint(ctx, e) })
		foreign := e
		foreign.PartyID = w.delegator
		err := w.DB.InTx(ctx, func(ctx context.Context, tx poa.Tx) error { return tx.UpdateEndpoint(ctx, foreign) })
		list, err2 := w.DB.Endpoints(ctx, w.recipient)
		if diff := cmp.Diff([]poa.Endpoint{e}, list); !errors.Is(err, poa.ErrNotFound) || err2 != nil || diff != "" {
			t.Error(diff, err, err2)
		}
	})
	t.Run("tells the number before", func(t *testing.T) {
		var heads [2]*poa.PartyHead
		for i := range heads {
			w.in(t, func(ctx context.Context, tx poa.Tx) error {
				e := e
				e.State, e.DisabledReason = poa.EndpointActive, ""
				if err := tx.UpdateEndpoint(ctx, e); err != nil {
					return err
				}
				drawn, err := tx.DrawSequences(ctx, map[string]int{w.recipient: 4, w.delegator: 1})
				if err != nil {
					return err
				}
				heads[i] = drawn[w.recipient]
				n := poa.Notice{PartyID: w.recipient, Stream: heads[i].Stream, Sequence: heads[i].Sequence, Change: poa.Change{ID: int64(i) + 1, Type: poa.NoticeRevoked, At: start}}
				d := poa.Delivery{ID: poa.NewID(poa.PrefixDelivery), EndpointID: e.ID, Notice: n, State: poa.DeliveryPending, NextAt: start}
				return tx.InsertNotices(ctx, []poa.Notice{n}, []poa.Delivery{d}, map[string]int64{e.ID: n.Sequence})
			})
		}
		first, second := heads[0].Endpoints, heads[1].Endpoints
		if len(first) != 1 || len(second) != 1 || first[0].Sequence != 0 || second[0].Sequence != 4 || second[0].PartyID != w.recipient {
			t.Errorf("%+v, then %+v", first, second)
		}
		if opened, err := second[0].Open(ctx); err != nil || opened.URL != e.URL || opened.Secret != e.Secret {
			t.Error(opened, err)
		}
	})
	t.Run("is gone once deleted", func(t *testing.T) {
		remove := func(party string) error {
			return w.DB.InTx(ctx, func(ctx context.Context, tx poa.Tx) error { return tx.DeleteEndpoint(ctx, e.ID, party) })
		}
		if err := remove(w.delegator); !errors.Is(err, poa.ErrNotFound) {
			t.Errorf("another party's: %v", err)
		}
		if err := remove(w.recipient); err != nil {
			t.Fatal(err)
		}
		if _, err := w.DB.Endpoint(ctx, e.ID); !errors.Is(err, poa.ErrNotFound) {
			t.Error(err)
		}
	})
}

func TestDelivery(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), context.Background()
	d := w.accepted(t, w.delegator, days(0, 5))
	e := poa.Endpoint{ID: poa.NewID(poa.PrefixEndpoint), PartyID: w.recipient, URL: "https://example.com", State: poa.EndpointActive, MaxInFlight: poa.DefaultInFlight, CreatedAt: start}
	delivery := poa.Delivery{ID: poa.NewID(poa.PrefixDelivery), EndpointID: e.ID, State: poa.DeliveryPending, Previous: 1,
		Notice: poa.Notice{PartyID: w.recipient, Stream: "2f0e9f0a-6c1c-4a58-9d8e-0c7a4a0a7a11", Sequence: 2, Change: w.change(d, 2)}}
	test := poa.Delivery{ID: poa.NewID(poa.PrefixDelivery), EndpointID: e.ID, State: poa.DeliveryPending,
		Notice: poa.Notice{PartyID: w.recipient, Change: poa.Change{Type: poa.NoticeTest, At: start.Add(-time.Hour)}}}
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		return errors.Join(tx.InsertEndpoint(ctx, e), tx.InsertDelivery(ctx, delivery), tx.InsertDelivery(ctx, test))
	})
	got, err := w.DB.Deliveries(ctx, e.ID, 10)
	if diff := cmp.Diff([]poa.Delivery{delivery, test}, got); err != nil || diff != "" {
		t.Error(diff, err)
	}
	record := func(n int, state poa.DeliveryState, status int) error {
		return w.DB.InTx(ctx, func(ctx context.Context, tx poa.Tx) error {
			return tx.RecordAttempts(ctx, []poa.Settled{{PartyID: w.recipient, State: state, Attempt: poa.Attempt{DeliveryID: delivery.ID, Number: n, At: start, Status: status, Millis: 7}}})
		})
	}
	if err := errors.Join(record(1, poa.DeliveryPending, 503), record(2, poa.DeliveryDelivered, 204)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(record(2, poa.DeliveryPending, 500), record(3, poa.DeliveryFailed, 500)); err != nil {
		t.Fatal(err)
	}
	attempts, err := w.DB.Attempts(ctx, w.recipient, []string{delivery.ID}, 10)
	if kept := attempts[delivery.ID]; err != nil || len(kept) != 2 || kept[0].Status != 204 {
		t.Errorf("the same attempt, or one after it arrived, was recorded: %+v, %v", kept, err)
	}
	delivery.State, delivery.Attempts, delivery.LastStatus, delivery.LastAt, delivery.DeliveredAt = poa.DeliveryDelivered, 2, 204, start, start
	after, err := w.DB.Delivery(ctx, delivery.ID)
	if diff := cmp.Diff(delivery, after); err != nil || diff != "" {
		t.Error(diff, err)
	}
}

func TestMail(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), context.Background()
	d := w.drafted(t, w.delegator, days(0, 5), "")
	m := poa.Mail{ID: poa.NewID(poa.PrefixMail), DelegationID: d.ID, To: "taro@example.com", Template: poa.MailDelegateLink, Language: "ja",
		Values: map[string]string{"link": "https://x/l/1"}, CreatedAt: start}
	a := poa.MailAddress{ID: poa.NewID(poa.PrefixAddress), PartyID: w.delegator, Email: "a@example.com", Language: "en", CreatedAt: start}
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		return errors.Join(tx.InsertMail(ctx, m), tx.InsertMailAddress(ctx, a))
	})
	got, err := w.DB.Mail(ctx, m.ID)
	if diff := cmp.Diff(m, got); err != nil || diff != "" {
		t.Error(diff, err)
	}
	done := func() (sent, confirmed error) {
		sent = w.DB.InTx(ctx, func(ctx context.Context, tx poa.Tx) error { return tx.MarkMailSent(ctx, m.ID, start) })
		return sent, w.DB.InTx(ctx, func(ctx context.Context, tx poa.Tx) error { return tx.ConfirmMailAddress(ctx, a.ID, start) })
	}
	if err := errors.Join(done()); err != nil {
		t.Fatal(err)
	}
	if sent, confirmed := done(); !errors.Is(sent, poa.ErrConflict) || !errors.Is(confirmed, poa.ErrConflict) {
		t.Errorf("twice: %v, %v", sent, confirmed)
	}
	a.ConfirmedAt = start
	list, err := w.DB.MailAddresses(ctx, w.delegator)
	if diff := cmp.Diff([]poa.MailAddress{a}, list); err != nil || diff != "" {
		t.Error(diff, err)
	}
}
