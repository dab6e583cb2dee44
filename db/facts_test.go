// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"ininjo/poa"
)

func TestRevocationsSerialise(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.accepted(t, w.delegator, days(0, 5))
	revoke := func() error {
		return w.DB.InTx(context.Background(), func(ctx context.Context, tx poa.Tx) error {
			if _, err := tx.LockDelegation(ctx, d.ID); err != nil {
				return err
			}
			_, err := tx.AppendFact(ctx, poa.Fact{DelegationID: d.ID, Kind: poa.FactRevoked, Stands: true, From: start.Add(time.Hour), EventID: "evt_1"}, termOf(d), start)
			return err
		})
	}
	const at = 8
	results := make(chan error, at)
	for range at {
		go func() { results <- revoke() }()
	}
	won := 0
	for range at {
		if err := <-results; err == nil {
			won++
		} else if !errors.Is(err, poa.ErrConflict) {
			t.Errorf("want a conflict, have %v", err)
		}
	}
	if facts := w.facts(t, d.ID); won != 1 || len(facts) != 2 || !facts[1].RecordedAt.Equal(start.Add(time.Microsecond)) {
		t.Errorf("%d won: %+v", won, facts)
	}
}

// TestWatchWaitsForChange shows rule 14: who watches while a change is under
// way reads what the change made.
func TestWatchWaitsForChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.accepted(t, w.delegator, days(0, 5))
	read := make(chan int, 1)
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		if _, err := tx.LockDelegation(ctx, d.ID); err != nil {
			return err
		}
		go func() {
			version := -1
			_ = w.DB.InTx(context.Background(), func(ctx context.Context, tx poa.Tx) error {
				shared, err := tx.ShareDelegation(ctx, d.ID)
				version = shared.Version
				return err
			})
			read <- version
		}()
		_, err := tx.AppendFact(ctx, poa.Fact{DelegationID: d.ID, Kind: poa.FactRevoked, Stands: true, From: start, EventID: "evt_1"}, termOf(d), start)
		return err
	})
	if got := <-read; got != 2 {
		t.Errorf("the watcher read version %d", got)
	}
}

func TestAppendFactRefusesWhatMustNotBe(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), context.Background()
	d, filed := w.accepted(t, w.delegator, days(0, 5)), w.submitted(t, w.delegator, days(0, 5), "")
	for name, f := range map[string]poa.Fact{
		"a second acceptance":          {DelegationID: d.ID, Kind: poa.FactAccepted, Stands: true, From: start},
		"an end before acceptance":     {DelegationID: filed.ID, Kind: poa.FactRevoked, Stands: true, From: start},
		"an end that is lifted":        {DelegationID: d.ID, Kind: poa.FactRevoked, From: start},
		"an end that passes":           {DelegationID: d.ID, Kind: poa.FactRevoked, Stands: true, From: start, Until: start.Add(time.Hour)},
		"a suspension without an ID":   {DelegationID: d.ID, Kind: poa.FactSuspension, Stands: true, From: start},
		"a suspension that ends first": {DelegationID: d.ID, Kind: poa.FactSuspension, SuspensionID: "sus_1", Stands: true, From: start, Until: start},
		"a fact of nothing":            {DelegationID: poa.NewDelegationID(), Kind: poa.FactRevoked, Stands: true, From: start},
		"an unknown kind":              {DelegationID: d.ID, Kind: "FORGOTTEN", Stands: true, From: start},
	} {
		f.EventID = "evt_1"
		err := w.DB.InTx(ctx, func(ctx context.Context, tx poa.Tx) error {
			_, err := tx.AppendFact(ctx, f, termOf(d), start)
			return err
		})
		if err == nil {
			t.Errorf("%s was recorded", name)
		}
	}
	if n := len(w.facts(t, d.ID)); n != 1 {
		t.Errorf("%d facts", n)
	}
}

func TestRenewedCertificate(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), context.Background()
	d := w.accepted(t, w.delegator, days(0, 5))
	renewed := sha256.Sum256([]byte("renewed"))
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		return tx.InsertHandedIn(ctx, poa.HandedIn{DelegationID: d.ID, CertificateSHA256: renewed, Name: "新", At: start}, []byte("again"))
	})
	got, err := w.DB.HandedIn(ctx, d.ID)
	file, err2 := w.DB.File(ctx, d.ID, poa.FileCertificate)
	if err != nil || err2 != nil || got.CertificateSHA256 != renewed || string(file) != "again" {
		t.Error(got, string(file), err, err2)
	}
	q := w.inquiry(d.ID)
	q.DelegateCertificateSHA256 = renewed[:]
	if r, err := w.DB.Ask(ctx, w.credential(), []poa.Inquiry{q}); err != nil || string(r[0].DelegateCertificateSHA256) != string(renewed[:]) {
		t.Errorf("answers compare with the earlier certificate: %v", err)
	}
}
