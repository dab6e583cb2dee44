// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/db"
	"ininjo/poa"
)

func TestDelegation(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), context.Background()
	d := w.submitted(t, w.delegator, days(0, 5), "")
	t.Run("comes back as it was stored", func(t *testing.T) {
		got, err := w.DB.Delegation(ctx, d.ID)
		if diff := cmp.Diff(d, got); err != nil || diff != "" {
			t.Fatal(diff, err)
		}
	})
	t.Run("its evidence comes back as it was stored", func(t *testing.T) {
		for kind, want := range map[poa.FileKind]string{poa.FileDraft: "draft of " + secretName, poa.FileSigned: "file", poa.FileCertificate: "signed challenge"} {
			got, err := w.DB.File(ctx, d.ID, kind)
			if err != nil || string(got) != want {
				t.Errorf("%s: %q, %v", kind, got, err)
			}
		}
		handed, err := w.DB.HandedIn(ctx, d.ID)
		if err != nil || handed.Name != secretName || handed.CertificateSHA256 != d.DelegateCertificateSHA256 {
			t.Errorf("%+v, %v", handed, err)
		}
		checks, err := w.DB.Checks(ctx, d.ID)
		if err != nil || len(checks) != 1 || checks[0].Kind != poa.CheckPath {
			t.Errorf("%+v, %v", checks, err)
		}
	})
	t.Run("is not filed twice", func(t *testing.T) {
		err := w.DB.InTx(ctx, func(ctx context.Context, tx poa.Tx) error { return tx.Submit(ctx, d, []byte("x"), [32]byte{1}, nil) })
		if !errors.Is(err, poa.ErrConflict) {
			t.Errorf("want a conflict, have %v", err)
		}
	})
	t.Run("a refusal keeps its reasons and is final", func(t *testing.T) {
		want := []poa.Refusal{{Code: poa.CodeContentUnclear, Field: []string{"powers", "0"}, Note: secretName, At: start}, {Code: poa.CodeDeclined, At: start}}
		w.in(t, func(ctx context.Context, tx poa.Tx) error {
			return errors.Join(tx.InsertRefusals(ctx, d.ID, want), tx.Close(ctx, d.ID, poa.StateSubmitted, poa.StateRefused, start))
		})
		got, err := w.DB.Refusals(ctx, d.ID)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Error(diff, err)
		}
		err = w.DB.InTx(ctx, func(ctx context.Context, tx poa.Tx) error { return tx.Accept(ctx, d.ID, start) })
		if !errors.Is(err, poa.ErrConflict) {
			t.Errorf("want a conflict, have %v", err)
		}
	})
	t.Run("what is not there is not found", func(t *testing.T) {
		_, err := w.DB.Delegation(ctx, poa.NewDelegationID())
		_, err2 := w.DB.Projection(ctx, d.ID)
		if !errors.Is(err, poa.ErrNotFound) || !errors.Is(err2, poa.ErrNotFound) {
			t.Error(err, err2)
		}
	})
	t.Run("after erasure its state is still told", func(t *testing.T) {
		if err := w.Sealer.Destroy(ctx, db.Subject{Class: db.ClassDelegation, ID: string(d.ID)}); err != nil {
			t.Fatal(err)
		}
		got, err := w.DB.Delegation(ctx, d.ID)
		if err != nil || got.State != poa.StateRefused || got.Contents.Mandator.Name != "" {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := w.DB.File(ctx, d.ID, poa.FileSigned); !errors.Is(err, db.ErrErased) {
			t.Errorf("want the file erased, have %v", err)
		}
	})
}

func TestOneReplacementIsAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := w.accepted(t, w.delegator, days(0, 5))
	first, second := w.submitted(t, w.delegator, days(0, 9), old.ID), w.submitted(t, w.delegator, days(0, 9), old.ID)
	w.accept(t, first)
	err := w.DB.InTx(context.Background(), func(ctx context.Context, tx poa.Tx) error { return tx.Accept(ctx, second.ID, start) })
	if !errors.Is(err, poa.ErrConflict) {
		t.Errorf("want a conflict, have %v", err)
	}
	got, err := w.DB.Replacement(context.Background(), old.ID)
	if err != nil || got != first.ID {
		t.Errorf("replaced by %q, %v", got, err)
	}
}

func TestChallengeIsUsedOnceAndInTime(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), context.Background()
	d := w.drafted(t, w.delegator, days(0, 5), "")
	use := func(id string, at time.Time) error {
		return w.DB.InTx(ctx, func(ctx context.Context, tx poa.Tx) error { return tx.UseChallenge(ctx, id, at) })
	}
	late, good := poa.NewID(poa.PrefixChallenge), poa.NewID(poa.PrefixChallenge)
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		c := poa.Challenge{ID: good, DelegationID: d.ID, Text: []byte("\x00sign me"), CreatedAt: start, ExpiresAt: start.Add(time.Minute)}
		err := tx.InsertChallenge(ctx, c)
		c.ID = late
		return errors.Join(err, tx.InsertChallenge(ctx, c))
	})
	if err := errors.Join(use(good, start)); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{"used": use(good, start), "over": use(late, start.Add(time.Minute)), "missing": use("chl_x", start)} {
		if !errors.Is(err, poa.ErrConflict) {
			t.Errorf("%s: want a conflict, have %v", name, err)
		}
	}
	c, err := w.DB.Challenge(ctx, good)
	if err != nil || string(c.Text) != "\x00sign me" || !c.UsedAt.Equal(start) {
		t.Errorf("%+v, %v", c, err)
	}
}
