// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"testing"
	"time"

	"ininjo/db/dbtest"
	"ininjo/poa"
)

// TestContextEndsAnywhere ends the context of acts at many moments: the session
// is never used by two at once, which pgx answers with a panic.
func TestContextEndsAnywhere(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	for i := range 400 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i*10)*time.Microsecond)
		_ = d.DB.InTx(ctx, func(ctx context.Context, tx poa.Tx) error {
			for range 20 {
				if _, err := tx.Published(ctx); err != nil {
					return err
				}
			}
			return nil
		})
		cancel()
	}
	if err := d.DB.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}
