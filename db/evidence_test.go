// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/db"
	"ininjo/poa"
	"ininjo/poa/evidence"
)

func TestEvidence(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), context.Background()
	d := w.submitted(t, w.delegator, days(0, 5), "")
	record := poa.EvidenceRecord{EvidenceRef: poa.EvidenceRef{DelegationID: d.ID, Chain: poa.EvidenceFiling, Number: 1}, Kind: evidence.KindIntake,
		SHA256: sha256.Sum256([]byte(secretName)), Record: []byte(secretName), At: start}
	stamp := poa.EvidenceStamp{EvidenceRef: record.EvidenceRef, Stamp: 1, Token: []byte("token"), Hash: "SHA-256", StampedAt: start, EndsAt: start.AddDate(3, 0, 0)}
	w.in(t, func(ctx context.Context, tx poa.Tx) error { return tx.InsertEvidence(ctx, record) })
	due := func(by time.Time, weak ...string) int {
		t.Helper()
		list, err := w.DB.DueEvidence(ctx, by, weak, 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	t.Run("waits for its first stamp", func(t *testing.T) {
		if n := due(start); n != 1 {
			t.Errorf("%d are due", n)
		}
	})
	t.Run("comes back as it was stored, with its stamp, and is due when it said", func(t *testing.T) {
		w.in(t, func(ctx context.Context, tx poa.Tx) error { return tx.InsertStamp(ctx, stamp, start.AddDate(2, 0, 0)) })
		records, stamps, err := w.DB.Evidence(ctx, d.ID, poa.EvidenceFiling)
		if diff := cmp.Diff([]poa.EvidenceRecord{record}, records) + cmp.Diff([]poa.EvidenceStamp{stamp}, stamps); err != nil || diff != "" {
			t.Error(diff, err)
		}
		if due(start.AddDate(1, 0, 0)) != 0 || due(start.AddDate(2, 0, 0)) != 1 || due(start, "SHA-256") != 1 || due(start, "SHA-384") != 0 {
			t.Error("it is not due when it should be")
		}
	})
	t.Run("takes a stamp of a number once", func(t *testing.T) {
		err := w.DB.InTx(ctx, func(ctx context.Context, tx poa.Tx) error { return tx.InsertStamp(ctx, stamp, start) })
		if !errors.Is(err, poa.ErrConflict) {
			t.Errorf("want a conflict, have %v", err)
		}
	})
	t.Run("is neither changed nor deleted by the program", func(t *testing.T) {
		for _, statement := range []string{"UPDATE evidence SET sealed = ''", "DELETE FROM evidence", "UPDATE evidence_stamps SET sealed = ''", "DELETE FROM evidence_stamps",
			"DELETE FROM evidence_due", "UPDATE evidence_due SET since = now()", "TRUNCATE evidence CASCADE"} {
			if got := sqlState(t, w.URL, db.RoleProgram, statement); got != "42501" {
				t.Errorf("%s: %s", statement, got)
			}
		}
	})
	t.Run("is erased with the delegation's key", func(t *testing.T) {
		if err := w.Sealer.Destroy(ctx, db.Subject{Class: db.ClassDelegation, ID: string(d.ID)}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.DB.Evidence(ctx, d.ID, poa.EvidenceFiling); !errors.Is(err, db.ErrErased) {
			t.Errorf("want it erased, have %v", err)
		}
	})
}
