// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"fmt"
	"time"

	"ininjo/poa"
)

// Erase destroys a subject's data key, after recording it in the list that a
// restored key store replays, and removes the subject's search hashes.
func (d *DB) Erase(ctx context.Context, s Subject, at time.Time) error {
	err := d.InTx(ctx, func(ctx context.Context, t poa.Tx) error {
		q := t.(*tx).q
		_, err := q.NewRaw("INSERT INTO destroyed_keys (class, subject_id, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", string(s.Class), s.ID, at.UTC()).Exec(ctx)
		if err != nil {
			return failed(err, "recording a destroyed key")
		}
		_, err = q.NewDelete().Model((*gramRow)(nil)).Where("subject_id = ?", s.ID).Exec(ctx)
		return failed(err, "deleting search hashes")
	})
	if err != nil {
		return err
	}
	return d.seal.Destroy(ctx, s)
}

// ReplayDestroyed destroys again every key that was ever destroyed: a backup of
// the key store may have brought some back. It returns how many there are.
func (d *DB) ReplayDestroyed(ctx context.Context) (int, error) {
	var rows []struct {
		Class     string
		SubjectID string
	}
	if err := d.bun.NewRaw("SELECT class, subject_id FROM destroyed_keys").Scan(ctx, &rows); err != nil {
		return 0, failed(err, "reading destroyed keys")
	}
	for _, row := range rows {
		if err := d.seal.Destroy(ctx, Subject{Class: Class(row.Class), ID: row.SubjectID}); err != nil {
			return 0, fmt.Errorf("replaying destroyed keys: %w", err)
		}
	}
	return len(rows), nil
}
