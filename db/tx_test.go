// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/db/dbtest"
	"ininjo/poa"
)

func TestInTx(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	write := func(ctx context.Context, tx poa.Tx, p poa.Party) error {
		return errors.Join(tx.InsertParty(ctx, p), tx.Enqueue(ctx, poa.SendMail{MailID: p.ID}, time.Time{}))
	}
	gone := func(t *testing.T, p poa.Party) {
		t.Helper()
		if _, err := d.DB.Delegator(context.WithoutCancel(t.Context()), p.ID); !errors.Is(err, poa.ErrNotFound) {
			t.Errorf("the row stayed: %v", err)
		}
	}
	committed := sampleParty(poa.PartyDelegator, "A-1", d.Clock.Now())
	inTx(t, d.DB, func(ctx context.Context, tx poa.Tx) error { return write(ctx, tx, committed) })

	t.Run("an error rolls back and returns as it is", func(t *testing.T) {
		p, cause := sampleParty(poa.PartyDelegator, "A-2", d.Clock.Now()), errors.New("mine")
		err := d.DB.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error {
			return errors.Join(write(ctx, tx, p), cause)
		})
		if !errors.Is(err, cause) {
			t.Errorf("got %v", err)
		}
		gone(t, p)
	})
	t.Run("a panic rolls back and goes on", func(t *testing.T) {
		p := sampleParty(poa.PartyDelegator, "A-3", d.Clock.Now())
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = d.DB.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error {
				_ = write(ctx, tx, p)
				panic("mine")
			})
		}()
		gone(t, p)
	})
	t.Run("a cancelled context rolls back", func(t *testing.T) {
		p := sampleParty(poa.PartyDelegator, "A-4", d.Clock.Now())
		ctx, cancel := context.WithCancel(t.Context())
		err := d.DB.InTx(ctx, func(ctx context.Context, tx poa.Tx) error {
			defer cancel()
			return write(ctx, tx, p)
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		gone(t, p)
	})
	t.Run("what committed is there, its job with it, and no other", func(t *testing.T) {
		if _, err := d.DB.Delegator(t.Context(), committed.ID); err != nil {
			t.Error(err)
		}
		want := []dbtest.Job{{Kind: "send_mail", Args: `{"mailId":"` + committed.ID + `"}`}}
		if diff := cmp.Diff(want, d.Jobs(t)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("every session came back to the pool", func(t *testing.T) {
		for range 50 {
			_ = d.DB.InTx(t.Context(), func(context.Context, poa.Tx) error { return poa.ErrConflict })
		}
		if err := d.DB.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestErrorsTellNoValues(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	p, _ := insertParty(t, d, poa.PartyDelegator, "A-秘密", "a@example.com")
	err := d.DB.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error {
		again := p
		again.ID = poa.NewID(poa.PrefixDelegator)
		return tx.InsertParty(ctx, again)
	})
	if poa.CodeOf(err) != poa.CodeConflict || strings.Contains(err.Error(), "秘密") || !strings.Contains(err.Error(), "parties_number_key") {
		t.Errorf("got %v", err)
	}
	err = d.DB.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error {
		bad := sampleParty(poa.PartyDelegator, "A-2", d.Clock.Now())
		bad.Language = "秘密"
		return tx.InsertParty(ctx, bad)
	})
	if err == nil || strings.Contains(err.Error(), "秘密") {
		t.Errorf("got %v", err)
	}
}
