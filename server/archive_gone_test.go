// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ininjo/poa"
	"ininjo/server/archive"
)

// cutOff is a store that is cut off before any month is detached.
type cutOff struct{ poa.Eraser }

func (c cutOff) InTx(ctx context.Context, do func(context.Context, poa.Tx) error) error {
	return c.Eraser.InTx(ctx, func(ctx context.Context, tx poa.Tx) error { return do(ctx, undetached{tx}) })
}

type undetached struct{ poa.Tx }

func (undetached) DetachMonth(context.Context, poa.Archive, time.Time) error {
	return errors.New("cut off")
}

// TestAnArchiveThatWentIsWrittenAnew: between the verification and the detaching
// a process was cut off, and the file went: its month is archived once more.
func TestAnArchiveThatWentIsWrittenAnew(t *testing.T) {
	t.Parallel()
	c := filled(t)
	folder, err := archive.Open(c.archives, c.service.config.ArchiveRecipients)
	c.check(err)
	cut := poa.NewRetention(c.time, c.db, c.policy).Equip(cutOff{c.eraser}, folder, poa.OnlineMinimum)
	if _, err := cut.ArchiveAudit(t.Context()); err == nil {
		t.Fatal("nothing was cut off")
	}
	archives, err := c.db.Archives(t.Context())
	c.check(err)
	if len(archives) < 2 {
		t.Fatalf("%d archives were verified", len(archives))
	}
	c.check(os.Remove(filepath.Join(c.archives, archives[0].Location)))
	c.check(os.WriteFile(filepath.Join(c.archives, archives[1].Location), []byte("worn out"), 0o600))
	_, err = c.chapters.retention.ArchiveAudit(t.Context())
	c.check(err)
	online, archived := c.rows()
	if online+archived < 10 || c.overdue() != 0 {
		t.Errorf("%d rows online, %d archived, %d months overdue", online, archived, c.overdue())
	}
}
