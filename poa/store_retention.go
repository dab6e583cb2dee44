// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"io"
	"time"

	"ininjo/poa/log"
)

// RetentionTx changes periods, holds, erasure and archives. Methods after
// NextItem are for the role of retention alone: the program's may not.
type RetentionTx interface {
	// LockSubjects takes a lock on each subject until the transaction ends, in
	// one order: what decides about a subject's erasure and what holds it wait
	// for one another.
	LockSubjects(ctx context.Context, refs ...SubjectRef) error
	InsertHold(ctx context.Context, h Hold) error
	// LiftHold lifts a hold; ErrConflict where it is lifted.
	LiftHold(ctx context.Context, h Hold) error
	InsertRun(ctx context.Context, r Run, items []RunItem) error
	// AdoptRun makes a person the one who prepared a run that the program listed;
	// ErrConflict where one did already or it is released.
	AdoptRun(ctx context.Context, id, by string) error
	// ReleaseRun releases a run that is not released; else ErrConflict.
	ReleaseRun(ctx context.Context, id, by string, at time.Time) error
	InsertBackup(ctx context.Context, b Backup) error

	// NextItem locks the first item of a run that is not done and that nobody
	// else works on; ErrNotFound where there is none.
	NextItem(ctx context.Context, runID string) (RunItem, error)
	DecideItem(ctx context.Context, i RunItem) error
	// FinishItem records that the key or the file of a decided item is gone.
	FinishItem(ctx context.Context, i RunItem) error
	// FinishRun ends a run once all of its items are done; else ErrConflict.
	FinishRun(ctx context.Context, id string, at time.Time) error
	// EraseRows records that the subject's key is destroyed and deletes the rows
	// that go with it, by the table of rules. It returns how many went.
	EraseRows(ctx context.Context, ref SubjectRef, at time.Time) (int64, error)
	// SweepRows deletes at most limit rows of a table whose age lies before the
	// instant, with what belongs to them, and none that a hold keeps. It returns
	// how many went, and the keys of their own that are now in the list of
	// destroyed ones.
	SweepRows(ctx context.Context, t RetainedTable, before, now time.Time, limit int) (int, []DestroyedKey, error)
	// EndArchive records that an archive's file is destroyed.
	EndArchive(ctx context.Context, id string, at time.Time) error

	BeginArchive(ctx context.Context, m Archive) error
	InsertArchive(ctx context.Context, m Archive) error
	// DetachMonth takes an archived month out of its table, DropMonth deletes
	// it. The database refuses both without a verified manifest that counts as
	// many rows.
	DetachMonth(ctx context.Context, m Archive, at time.Time) error
	DropMonth(ctx context.Context, m Archive, at time.Time) error
}

// RetentionReader reads periods, holds, erasure and archives.
type RetentionReader interface {
	// RetainedSubject reads what the rules ask of a subject; ErrNotFound where it
	// is not there or erased.
	RetainedSubject(ctx context.Context, ref SubjectRef) (RetainedSubject, error)
	// RetainedSubjects lists subjects that are not erased, in the order of their IDs.
	RetainedSubjects(ctx context.Context, kind SubjectKind, after string, limit int) ([]RetainedSubject, error)
	// IsHeld reports whether an open hold keeps the subject. An archive is kept
	// as long as any hold is open.
	IsHeld(ctx context.Context, ref SubjectRef) (bool, error)
	Hold(ctx context.Context, id string) (Hold, error)
	Holds(ctx context.Context, p Page) (List[Hold], error)
	Run(ctx context.Context, id string) (Run, error)
	Runs(ctx context.Context, p Page) (List[Run], error)
	// OpenRuns lists runs that are not finished, the oldest first.
	OpenRuns(ctx context.Context) ([]Run, error)
	RunCounts(ctx context.Context, id string) ([]RunCount, error)
	// RunItems lists items of a run after an ordinal.
	RunItems(ctx context.Context, id string, after, limit int) ([]RunItem, error)
	Archives(ctx context.Context) ([]Archive, error)
	// Months lists the months of the audit tables that are attached.
	Months(ctx context.Context) ([]Month, error)
	LastBackup(ctx context.Context, kind BackupKind) (Backup, error)
}

// Eraser is the store as the role of retention, which alone may delete history.
type Eraser interface {
	Store
	// DestroyKey destroys a subject's data key; again, it does nothing.
	DestroyKey(ctx context.Context, ref SubjectRef) error
	// DestroyListed destroys data keys that stand in the list.
	DestroyListed(ctx context.Context, keys []DestroyedKey) error
	// ReadMonth writes every row of a month, in the order of instant and ID, and
	// counts what the month holds then.
	ReadMonth(ctx context.Context, m Month, to *log.ArchiveWriter) error
	CountMonth(ctx context.Context, m Month) (int64, error)
	// Begun lists the files that were begun and have no manifest.
	Begun(ctx context.Context) ([]string, error)
	// Alone runs fn while no other process does; false where one does.
	Alone(ctx context.Context, fn func(context.Context) error) (bool, error)
	// DestroyedKeys returns the list of destroyed keys.
	DestroyedKeys(ctx context.Context) ([]DestroyedKey, error)
}

// DestroyedKey is an entry of the list that a restored key store replays.
type DestroyedKey struct {
	Class string    `json:"class"`
	ID    string    `json:"id"`
	At    time.Time `json:"at"`
}

// ArchiveFolder is where archives are written: a folder of this machine or of
// removable media (7.1.7). Implemented by server.
type ArchiveFolder interface {
	// Ready reports why the folder cannot be used: it is missing or not the one
	// that archives were written to. first makes a new one ready.
	Ready(first bool) error
	// Write makes a file that is not there yet: fill writes its plain lines;
	// once the file is whole, on the medium and named, check reads them back
	// from it.
	Write(ctx context.Context, name string, fill func(io.Writer) error, check func(io.Reader) error) (ArchiveFile, error)
	// Has reports whether there is a file of the name.
	Has(name string) (bool, error)
	// Holds reports whether the file of the name is there with these bytes.
	Holds(name string, file ArchiveFile) (bool, error)
	// Note writes the manifest beside its archive.
	Note(name string, manifest []byte) error
	// Remove destroys a file and its manifest; one that is not there is none.
	Remove(name string) error
	// KeepDestroyed brings the folder's copy of the list of destroyed keys up to
	// date; nothing is ever taken from it.
	KeepDestroyed(keys []DestroyedKey) error
}

// ArchiveFile is what was written.
type ArchiveFile struct {
	SHA256 [32]byte
	Size   int64
}
