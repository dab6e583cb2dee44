// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"fmt"
)

// NoticesChannel is the channel on which the leader tells every process that
// notices were numbered. The payload is empty.
const NoticesChannel = "ininjo_notices"

// ListenNotices calls ring whenever any process numbered notices, until ctx is
// over or its session breaks. It holds one session for the whole process,
// however many wait.
func (d *DB) ListenNotices(ctx context.Context, ring func()) error {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return failed(err, "taking a session to listen")
	}
	session := conn.Hijack() // it is closed, never given back: a pooled one must not listen
	defer session.Close(context.WithoutCancel(ctx))
	if _, err := session.Exec(ctx, "LISTEN "+NoticesChannel); err != nil {
		return failed(err, "listening for notices")
	}
	ring() // of whatever was numbered before
	for {
		if _, err := session.WaitForNotification(ctx); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("listening for notices: %w", translate(err))
		}
		ring()
	}
}
