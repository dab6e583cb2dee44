// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ininjo/db"
	"ininjo/db/dbtest"
	"ininjo/poa"
)

// TestCommitIsAnnounced: a transaction that published wakes the leader.
func TestCommitIsAnnounced(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	conn, err := pgx.Connect(t.Context(), d.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), "LISTEN "+db.OutboxChannel); err != nil {
		t.Fatal(err)
	}
	inTx(t, d.DB, func(ctx context.Context, tx poa.Tx) error {
		return tx.Publish(ctx, poa.Change{Type: poa.NoticeAnnouncement, Status: poa.StatusUnknown, At: d.Clock.Now()})
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := conn.WaitForNotification(ctx); err != nil {
		t.Errorf("nobody was woken: %v", err)
	}
}
