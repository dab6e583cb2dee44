// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ininjo/db"
	"ininjo/poa"
	"ininjo/server/archive"
)

// retentionConfig is what of the settings concerns periods and archives.
type retentionConfig struct {
	// RetentionDatabaseURL is the login that may delete history: a member of
	// ininjo_retention. The private PostgreSQL makes its own.
	RetentionDatabaseURL string `env:"ININJO_RETENTION_DATABASE_URL" help:"The same database as a member of ininjo_retention, which alone may delete what is past its period. Without it nothing is erased by this process. The private PostgreSQL has a login of its own."`
	// ArchiveDir is where months of the audit log go once they are past their
	// time online: a folder here or on removable media.
	ArchiveDir string `env:"ININJO_ARCHIVE_DIR" help:"Folder of the audit log's archives, here or on removable media. Without it nothing is archived and the log stays in the database." type:"path"`
	// ArchiveRecipients is a file of age recipients; the identities need not be
	// on this machine.
	ArchiveRecipients string `env:"ININJO_ARCHIVE_RECIPIENTS" help:"File with the age recipients (one a line) that archives are encrypted to. Must be given with --archive-dir." type:"path"`
	// AuditOnlineDays is how long a month of the audit log stays in the database.
	AuditOnlineDays int `default:"396" env:"ININJO_AUDIT_ONLINE_DAYS" help:"Days that a month of the audit log stays in the database; 42 (6 weeks, clause 6.2.3) at least, 13 months by default."`
}

// defaultOnlineDays is --audit-online-days where it is not set.
const defaultOnlineDays = 396

const day = 24 * time.Hour

// check refuses what cannot be meant.
func (c retentionConfig) check() error {
	if (c.ArchiveDir == "") != (c.ArchiveRecipients == "") {
		return errors.New("--archive-dir and --archive-recipients go together: archives are never written in the clear")
	}
	if c.AuditOnlineDays != 0 && time.Duration(c.AuditOnlineDays)*day < poa.OnlineMinimum {
		return errors.New("--audit-online-days is 42 at least: the audit log stays on the server for six weeks (6.2.3)")
	}
	return nil
}

func (c retentionConfig) online() time.Duration {
	if c.AuditOnlineDays == 0 {
		return defaultOnlineDays * day
	}
	return time.Duration(c.AuditOnlineDays) * day
}

// openEraser opens the store once more as the role of retention.
func (s *service) openEraser(ctx context.Context, sealer *db.Sealer, enqueue db.Enqueuer) error {
	url := s.config.RetentionDatabaseURL
	if url == "" && s.database.cluster != nil {
		url = s.database.cluster.URL(db.LoginRetention, databaseName)
	}
	if url == "" {
		s.log.Warn("no --retention-database-url: this process erases nothing and archives nothing")
		return nil
	}
	var err error
	s.eraser, err = db.Open(ctx, db.Config{URL: url, Sealer: sealer, Clock: s.clock, Enqueue: enqueue, Role: db.RoleRetention, MaxConns: 4})
	if err != nil {
		return fmt.Errorf("opening the database as the role of retention: %w", err)
	}
	return nil
}

// equipRetention gives the chapter what executes.
func (s *service) equipRetention() error {
	if s.eraser == nil {
		return nil
	}
	if s.config.ArchiveDir == "" {
		if !s.config.demo && !s.config.beside {
			s.log.Warn("no --archive-dir: the audit log stays in the database, nothing is archived or detached")
		}
		s.chapters.retention.Equip(s.eraser, nil, s.config.online())
		return nil
	}
	folder, err := archive.Open(s.config.ArchiveDir, s.config.ArchiveRecipients)
	if err != nil {
		return fmt.Errorf("opening --archive-recipients: %w", err)
	}
	s.chapters.retention.Equip(s.eraser, folder, s.config.online())
	return nil
}

// replayDestroyed makes sure that no restored backup brings an erased person
// back: keys that a restored key store holds again are destroyed again, and
// where the key store knows of more destroyed keys than the data does, the data
// was restored and is brought up to date.
func (s *service) replayDestroyed(ctx context.Context) error {
	n, err := s.db.ReplayDestroyed(ctx)
	if err != nil {
		return err
	}
	known, err := s.db.DestroyedInKeyStore(ctx)
	if err != nil {
		return err
	}
	if known <= n || s.eraser == nil {
		if known > n {
			s.log.Error("the key store knows of more destroyed keys than the data: the data was restored; start a process with --retention-database-url")
		}
		return nil
	}
	again, err := s.eraser.Reconcile(ctx, nil)
	if err != nil {
		return err
	}
	if again > 0 {
		s.log.Warn("the data was restored from a backup: what was erased since is erased again", "subjects", again)
	}
	return nil
}

// watchRetention raises the alerts of retention. -1 means that the database does
// not answer, or that there never was one.
func (s *service) watchRetention() {
	health := func(value func(poa.RetentionHealth, time.Time) float64) func() float64 {
		return func() float64 {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			h, err := s.chapters.retention.Health(ctx)
			if err != nil {
				return -1
			}
			return value(h, s.clock.Now())
		}
	}
	age := func(at, now time.Time) float64 {
		if at.IsZero() {
			return -1
		}
		return now.Sub(at).Seconds()
	}
	s.metrics.gauge("ininjo_audit_overdue_seconds", "By how long the oldest month of the audit log in the database is past its time online; anything above a day or two is an alert.",
		health(func(h poa.RetentionHealth, _ time.Time) float64 { return h.Overdue.Seconds() }))
	s.metrics.gauge("ininjo_archive_age_seconds", "Age of the archive that was verified last; -1 where there is none.",
		health(func(h poa.RetentionHealth, now time.Time) float64 { return age(h.LastArchive, now) }))
	s.metrics.gauge("ininjo_backup_age_seconds", "Age of the last backup of the data; -1 where there is none.",
		health(func(h poa.RetentionHealth, now time.Time) float64 { return age(h.LastBackup, now) }))
}
