// SPDX-License-Identifier: Apache-2.0

package dbtest

import (
	"testing"

	"ininjo/db"
)

// Eraser opens the database as the role of retention.
func (d *Database) Eraser(tb testing.TB) *db.DB {
	tb.Helper()
	store, err := db.Open(tb.Context(), db.Config{URL: d.LoginURL(db.LoginRetention), Sealer: d.Sealer, Enqueue: d.enqueue, Clock: d.Clock, Role: db.RoleRetention, MaxConns: 4})
	if err != nil {
		tb.Fatalf("opening a test's database as the role of retention: %v", err)
	}
	tb.Cleanup(store.Close)
	return store
}
