// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"ininjo/poa/log"
)

// ArchiveAudit moves months of the audit log that are past their time online
// into archives.
type ArchiveAudit struct{}

// Kind names the job.
func (ArchiveAudit) Kind() string { return "archive_audit" }

// Month is a month's partition of an audit table.
type Month struct {
	// Table is the audit table, Partition the month's own.
	Table, Partition string
	// From is the month's first instant, Until the first one after it.
	From, Until time.Time
}

// Archive is the manifest of one archive: what was written, verified, and became
// of the month.
type Archive struct {
	ID        string `json:"id"`
	Partition string `json:"partition"`
	// Number tells archives of one month apart: a second one holds rows that
	// came after the first, as they do when a clock was set back.
	Number      int       `json:"number"`
	Location    string    `json:"location"`
	Format      int       `json:"format"`
	Rows        int64     `json:"rows"`
	Size        int64     `json:"size"`
	SHA256      Digest    `json:"sha256"`
	PlainSHA256 Digest    `json:"plainSha256"`
	Root        Digest    `json:"root"`
	FirstAt     time.Time `json:"firstAt,omitzero"`
	LastAt      time.Time `json:"lastAt,omitzero"`
	CreatedAt   time.Time `json:"createdAt"`
	VerifiedAt  time.Time `json:"verifiedAt"`
	DetachedAt  time.Time `json:"-"`
	DroppedAt   time.Time `json:"-"`
	// EndedAt is when its file was destroyed, ten years after the move.
	EndedAt time.Time `json:"-"`
}

// Digest is a SHA-256 that is written in hex.
type Digest [32]byte

// MarshalText writes the digest in hex.
func (d Digest) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%x", d[:]), nil }

// UnmarshalText reads 64 hexadecimal digits.
func (d *Digest) UnmarshalText(b []byte) error {
	var raw []byte
	if _, err := fmt.Sscanf(string(b), "%x", &raw); err != nil || len(raw) != len(d) {
		return errors.New("reading digest: want 64 hexadecimal digits")
	}
	copy(d[:], raw)
	return nil
}

// ArchiveAudit moves every month past its time online into an archive: written,
// read back and verified, then detached, then dropped. Another process that
// does so already lets it do nothing. A month that fails stays where it is and
// is tried again; the others go on. It returns how many months were dropped.
func (r *Retention) ArchiveAudit(ctx context.Context) (int, error) {
	if r.eraser == nil || r.archives == nil {
		return 0, nil
	}
	dropped := 0
	_, err := r.eraser.Alone(ctx, func(ctx context.Context) error {
		var err error
		dropped, err = r.archiveAlone(ctx)
		return err
	})
	return dropped, err
}

func (r *Retention) archiveAlone(ctx context.Context) (int, error) {
	archives, err := r.eraser.Archives(ctx)
	if err != nil {
		return 0, fmt.Errorf("reading manifests: %w", err)
	}
	if err := r.archives.Ready(len(archives) == 0); err != nil {
		return 0, fmt.Errorf("using the archive folder: %w", err)
	}
	if err := r.removeLeftovers(ctx); err != nil {
		return 0, err
	}
	dropped, failures := 0, []error(nil)
	for _, a := range archives {
		if !a.DetachedAt.IsZero() && a.DroppedAt.IsZero() { // cut off between the two
			if err := r.dropDetached(ctx, a); err != nil {
				failures = append(failures, err)
				continue
			}
			dropped++
		}
	}
	months, err := r.eraser.Months(ctx)
	if err != nil {
		return dropped, fmt.Errorf("reading months: %w", err)
	}
	now := r.clock.Now()
	for _, m := range months {
		if m.Until.Add(r.online).After(now) {
			continue
		}
		if err := r.archiveMonth(ctx, m, archives); err != nil {
			failures = append(failures, fmt.Errorf("archiving %s: %w", m.Partition, err))
			continue
		}
		dropped++
	}
	return dropped, errors.Join(append(failures, r.keepDestroyed(ctx))...)
}

// removeLeftovers removes files that were begun and never got a manifest: their
// months are still in the database, whole.
func (r *Retention) removeLeftovers(ctx context.Context) error {
	begun, err := r.eraser.Begun(ctx)
	if err != nil {
		return fmt.Errorf("reading begun archives: %w", err)
	}
	for _, name := range begun {
		if err := r.archives.Remove(name); err != nil {
			return fmt.Errorf("removing leftover: %w", err)
		}
	}
	return nil
}

// archiveMonth takes a month to its end from wherever it was cut off. A verified
// archive whose count still fits is used again, where its file is still what was
// verified: time may have passed since.
func (r *Retention) archiveMonth(ctx context.Context, m Month, archives []Archive) error {
	var last Archive
	for _, a := range archives {
		if a.Partition == m.Partition && a.Number > last.Number {
			last = a
		}
	}
	if last.ID != "" && last.DetachedAt.IsZero() {
		rows, err := r.eraser.CountMonth(ctx, m)
		if err != nil {
			return err
		}
		whole, err := r.holds(last)
		if err != nil {
			return err
		}
		if whole && rows == last.Rows {
			return r.detach(ctx, last)
		}
	}
	written, err := r.write(ctx, m, last.Number+1)
	if err != nil {
		return err
	}
	return r.detach(ctx, written)
}

// holds reports whether an archive's file is there as it was verified.
func (r *Retention) holds(a Archive) (bool, error) {
	whole, err := r.archives.Holds(a.Location, ArchiveFile{SHA256: a.SHA256, Size: a.Size})
	if err != nil {
		return false, fmt.Errorf("looking at archive: %w", err)
	}
	return whole, nil
}

// write writes and verifies the archive of a month and keeps its manifest.
func (r *Retention) write(ctx context.Context, m Month, number int) (Archive, error) {
	a := Archive{ID: NewID(PrefixArchive), Partition: m.Partition, Format: log.ArchiveFormat, CreatedAt: r.clock.Now()}
	var err error
	if a.Number, a.Location, err = r.freeName(ctx, m, number); err != nil {
		return Archive{}, err
	}
	if err := r.eraser.InTx(ctx, func(ctx context.Context, tx Tx) error { return tx.BeginArchive(ctx, a) }); err != nil {
		return Archive{}, fmt.Errorf("beginning archive: %w", err)
	}
	var sum log.Summary
	file, err := r.archives.Write(ctx, a.Location, func(w io.Writer) error {
		lines, err := log.NewArchiveWriter(w, m.Table, m.Partition)
		if err != nil {
			return err
		}
		if err := r.eraser.ReadMonth(ctx, m, lines); err != nil {
			return err
		}
		sum = lines.Summary()
		return nil
	}, func(from io.Reader) error {
		head, read, err := log.ReadArchive(from, nil)
		if err == nil && (read != sum || head.Table != m.Table || head.Partition != m.Partition) {
			err = errors.New("the archive reads back otherwise than it was written")
		}
		return err
	})
	if err != nil {
		return Archive{}, err
	}
	a.Rows, a.PlainSHA256, a.Root, a.FirstAt, a.LastAt = sum.Rows, sum.SHA256, sum.Root, sum.First, sum.Last
	a.SHA256, a.Size, a.VerifiedAt = file.SHA256, file.Size, later(a.CreatedAt, r.clock.Now())
	return a, r.keepManifest(ctx, a)
}

// maxArchiveNumber bounds how many files of one month there may be.
const maxArchiveNumber = 1000

// freeName finds the first number whose file is not there: whatever stands in
// the folder is never written over.
func (r *Retention) freeName(ctx context.Context, m Month, number int) (int, string, error) {
	for ; number < maxArchiveNumber; number++ {
		name := m.Partition + ".jsonl.zst.age"
		if number > 1 {
			name = fmt.Sprintf("%s-%d.jsonl.zst.age", m.Partition, number)
		}
		there, err := r.archives.Has(name)
		if err != nil {
			return 0, "", fmt.Errorf("looking for archive: %w", err)
		}
		if !there {
			return number, name, ctx.Err()
		}
	}
	return 0, "", errors.New("the folder holds too many archives of this month")
}

func (r *Retention) keepManifest(ctx context.Context, a Archive) error {
	text, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding manifest: %w", err)
	}
	if err := r.archives.Note(a.Location, append(text, '\n')); err != nil {
		return fmt.Errorf("writing manifest: %w", err)
	}
	if err := r.eraser.InTx(ctx, func(ctx context.Context, tx Tx) error { return tx.InsertArchive(ctx, a) }); err != nil {
		return fmt.Errorf("keeping manifest: %w", err)
	}
	return nil
}

// detach takes the month out of its table and drops it, each with its event.
func (r *Retention) detach(ctx context.Context, archive Archive) error {
	_, err := r.erasing.perform(ctx, System, ActionArchived, "", nil, func(ctx context.Context, a *act) (string, error) {
		a.note("partition", archive.Partition)
		a.note("rows", fmt.Sprint(archive.Rows))
		a.note("sha256", fmt.Sprintf("%x", archive.SHA256[:]))
		a.note("root", fmt.Sprintf("%x", archive.Root[:]))
		return archive.ID, a.DetachMonth(ctx, archive, later(archive.VerifiedAt, a.now))
	})
	if err != nil {
		return fmt.Errorf("detaching: %w", err)
	}
	return r.drop(ctx, archive)
}

// dropDetached drops a month that was cut off between the two, unless its file
// went meanwhile: then the detached rows are all that is left.
func (r *Retention) dropDetached(ctx context.Context, a Archive) error {
	whole, err := r.holds(a)
	if err != nil {
		return err
	}
	if !whole {
		return fmt.Errorf("dropping %s: its archive %s is gone or was changed: put it back", a.Partition, a.Location)
	}
	return r.drop(ctx, a)
}

func (r *Retention) drop(ctx context.Context, archive Archive) error {
	_, err := r.erasing.perform(ctx, System, ActionArchiveDropped, "", nil, func(ctx context.Context, a *act) (string, error) {
		a.note("partition", archive.Partition)
		return archive.ID, a.DropMonth(ctx, archive, a.now)
	})
	if err != nil {
		return fmt.Errorf("dropping %s: %w", archive.Partition, err)
	}
	return nil
}

// Archives lists the manifests, the newest first, to staff who may see.
func (r *Retention) Archives(ctx context.Context, actor Actor) ([]Archive, error) {
	if err := r.permit(ctx, actor, MaySeeRetention, ActionRetentionRead); err != nil {
		return nil, err
	}
	archives, err := r.store.Archives(ctx)
	slices.Reverse(archives)
	return archives, err
}

// BackupKind tells what a backup holds.
type BackupKind string

// Kinds of backups.
const (
	BackupData     BackupKind = "DATA"
	BackupKeyStore BackupKind = "KEY_STORE"
)

// Backup is a backup that was made (6.2.5, 6.2.10).
type Backup struct {
	ID     string
	Kind   BackupKind
	At     time.Time
	SHA256 Digest
	Size   int64
}

// RecordBackup records a backup that was made.
func (r *Retention) RecordBackup(ctx context.Context, b Backup) error {
	_, err := r.perform(ctx, System, ActionBackedUp, "", nil, func(ctx context.Context, a *act) (string, error) {
		b.ID = NewID(PrefixBackup)
		a.note("kind", string(b.Kind))
		a.note("sha256", fmt.Sprintf("%x", b.SHA256[:]))
		return b.ID, a.InsertBackup(ctx, b)
	})
	return err
}

// RetentionHealth is what the alerts look at.
type RetentionHealth struct {
	// Overdue is by how long the oldest month in the database is past its time
	// online; 0 if none is.
	Overdue time.Duration
	// LastArchive is when an archive was last verified, LastBackup when the data
	// was last backed up; zero where never.
	LastArchive, LastBackup time.Time
}

// Health reads what the alerts look at.
func (r *Retention) Health(ctx context.Context) (RetentionHealth, error) {
	var h RetentionHealth
	months, err := r.store.Months(ctx)
	if err != nil {
		return h, err
	}
	now := r.clock.Now()
	for _, m := range months {
		h.Overdue = max(h.Overdue, now.Sub(m.Until.Add(max(r.online, OnlineMinimum))))
	}
	archives, err := r.store.Archives(ctx)
	if err != nil {
		return h, err
	}
	for _, a := range archives {
		h.LastArchive = later(h.LastArchive, a.VerifiedAt)
	}
	b, err := r.store.LastBackup(ctx, BackupData)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return h, err
	}
	h.LastBackup = b.At
	return h, nil
}
