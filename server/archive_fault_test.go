// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"ininjo/poa"
	"ininjo/server/archive"
)

// months counts the months of the audit tables that are still attached and
// whose time online is over.
func (c *century) overdue() int {
	months, err := c.db.Months(c.t.Context())
	c.check(err)
	n := 0
	for _, m := range months {
		if !m.Until.Add(poa.OnlineMinimum).After(c.time.Now()) {
			n++
		}
	}
	return n
}

// filled is a century with months that are over, and rows in them.
func filled(t *testing.T) *century {
	t.Helper()
	c := newCentury(t)
	recipient := c.party(poa.PartyRecipient, poa.EnrollmentActive)
	for range 3 {
		c.check(c.db.MakePartitions(t.Context(), c.time.Now()))
		c.asks(recipient, poa.NewDelegationID(), poa.NewDelegationID())
		c.party(poa.PartyDelegator, poa.EnrollmentRefused)
		c.time.Set(c.time.Now().AddDate(0, 1, 0))
	}
	c.check(c.db.MakePartitions(t.Context(), c.time.Now()))
	if c.overdue() == 0 {
		t.Fatal("nothing is overdue")
	}
	return c
}

// rowsOnline counts what the tables and the readable archives hold together.
func (c *century) rows() (online, archived int64) {
	archives, err := c.db.Archives(c.t.Context())
	c.check(err)
	for _, a := range archives {
		if a.DetachedAt.IsZero() {
			continue
		}
		_, sum, err := verifyArchive(filepath.Join(c.archives, a.Location), c.identity, nil)
		c.check(err)
		archived += sum.Rows
	}
	c.check(c.db.Pool().QueryRow(c.t.Context(), "SELECT (SELECT count(*) FROM audit_events WHERE action = 'enrollment.applied') + (SELECT count(*) FROM inquiries)").Scan(&online))
	return online, archived
}

// wantWhole archives with a sound folder and wants that no row was lost: what is
// overdue is archived, every archive opens, no file is left over.
func (c *century) wantWhole() {
	c.t.Helper()
	_, err := c.chapters.retention.ArchiveAudit(c.t.Context())
	c.check(err)
	if n := c.overdue(); n != 0 {
		c.t.Errorf("%d months are still overdue", n)
	}
	online, archived := c.rows()
	if online+archived < 10 {
		c.t.Errorf("%d rows online and %d archived: some were lost", online, archived)
	}
	files, err := os.ReadDir(c.archives)
	c.check(err)
	archives, err := c.db.Archives(c.t.Context())
	c.check(err)
	known := map[string]bool{}
	for _, a := range archives {
		known[a.Location], known[a.Location+archive.ManifestSuffix] = true, true
	}
	for _, file := range files {
		if name := file.Name(); strings.Contains(name, "_y20") && !known[name] || strings.HasPrefix(name, ".writing") {
			c.t.Errorf("%s is left over", name)
		}
	}
}

// broken equips a chapter with a folder that fails as told.
func (c *century) broken(change func(*archive.Folder)) *poa.Retention {
	c.t.Helper()
	folder, err := archive.Open(c.archives, c.service.config.ArchiveRecipients)
	c.check(err)
	change(folder)
	return poa.NewRetention(c.time, c.db, c.policy).Equip(c.eraser, folder, poa.OnlineMinimum)
}

// full is a file on a medium that has room for so many bytes.
type full struct {
	archive.File
	room *atomic.Int64
}

// Write fails as a full disk does, in the middle of a write.
func (f full) Write(b []byte) (int, error) {
	left := f.room.Add(-int64(len(b)))
	if left >= 0 {
		return f.File.Write(b)
	}
	fits := max(0, int64(len(b))+left)
	n, err := f.File.Write(b[:fits])
	return n, errors.Join(err, &os.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC})
}

func TestArchivingWithoutRoom(t *testing.T) {
	t.Parallel()
	c := filled(t)
	before := c.overdue()
	// Nothing, part of age's header, the header, part of the first chunk, nearly all.
	for _, room := range []int64{0, 1, 100, 500, 900, 1100, 1300} {
		left := &atomic.Int64{}
		left.Store(room)
		r := c.broken(func(f *archive.Folder) {
			f.Faulty(func(file archive.File) archive.File { return full{file, left} }, nil)
		})
		if _, err := r.ArchiveAudit(t.Context()); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("with room for %d bytes: %v", room, err)
		}
		if n := c.overdue(); n == 0 {
			t.Fatalf("with room for %d bytes everything was detached", room)
		}
	}
	if n := c.overdue(); n > before {
		t.Errorf("%d months, %d before", n, before)
	}
	c.wantWhole()
}

func TestArchivingWithoutTheMedium(t *testing.T) {
	t.Parallel()
	c := filled(t)
	c.wantWhole()
	c.time.Set(c.time.Now().AddDate(0, 2, 0))
	before := c.overdue()
	away := c.archives + "-away"
	c.check(os.Rename(c.archives, away))
	for _, name := range []string{"the folder is missing", "another, empty folder is in its place"} {
		if _, err := c.chapters.retention.ArchiveAudit(t.Context()); !errors.Is(err, archive.ErrAway) {
			t.Errorf("%s: %v", name, err)
		}
		if c.overdue() != before {
			t.Errorf("%s: something was detached", name)
		}
		if h, err := c.chapters.retention.Health(t.Context()); err != nil || h.Overdue <= 0 {
			t.Errorf("%s raises no alert: %+v, %v", name, h, err)
		}
		_ = os.Mkdir(c.archives, 0o700)
	}
	c.check(os.Remove(c.archives))
	c.check(os.Rename(away, c.archives))
	c.wantWhole()
}

// TestErasingWithoutTheMedium: archives that are over and whose medium is away are
// left for a later run; the one that lists them goes on and ends.
func TestErasingWithoutTheMedium(t *testing.T) {
	t.Parallel()
	c := filled(t)
	c.wantWhole()
	archives, err := c.db.Archives(t.Context())
	c.check(err)
	c.time.Set(c.time.Now().AddDate(10, 1, 0))
	c.check(c.db.MakePartitions(t.Context(), c.time.Now()))
	away := c.archives + "-away"
	c.check(os.Rename(c.archives, away))
	outcomes := func() map[poa.ItemOutcome]int {
		r := c.chapters.retention
		run, err := r.PrepareErasure(t.Context(), c.manager, poa.NewID("key_"))
		c.check(err)
		c.check(r.ReleaseErasure(t.Context(), c.owner, poa.NewID("key_"), run))
		for n := 1; n > 0; {
			n, _ = r.Erase(t.Context(), run) // the list of destroyed keys is not copied to a medium that is away
		}
		read, counts, err := r.Run(t.Context(), c.owner, run)
		c.check(err)
		if read.StateAt(c.time.Now()) != poa.RunFinished {
			t.Errorf("the run is %s", read.StateAt(c.time.Now()))
		}
		found := map[poa.ItemOutcome]int{}
		for _, count := range counts {
			found[count.Outcome] += count.Count
		}
		return found
	}
	if got := outcomes(); got[poa.ItemAway] != len(archives) || got[poa.ItemErased] == 0 || len(got) != 2 {
		t.Errorf("with the medium away: %v of %d archives", got, len(archives))
	}
	c.check(os.Rename(away, c.archives))
	if got := outcomes(); got[poa.ItemErased] != len(archives) || len(got) != 1 {
		t.Errorf("with the medium: %v of %d archives", got, len(archives))
	}
	for _, a := range archives {
		if _, err := os.Stat(filepath.Join(c.archives, a.Location)); !os.IsNotExist(err) {
			t.Errorf("%s is still there: %v", a.Location, err)
		}
	}
}

// errKilled stands for a kill: nothing that comes after runs.
var errKilled = errors.New("killed")

// TestArchivingCutOff stops at every step, as a kill would, and goes on anew.
func TestArchivingCutOff(t *testing.T) {
	t.Parallel()
	c := filled(t)
	for _, step := range []string{"begun", "written", "named", "verified"} {
		func() {
			defer func() {
				if v := recover(); v != errKilled { //nolint:errorlint // the very value
					t.Errorf("step %s was not reached: %v", step, v)
				}
			}()
			r := c.broken(func(f *archive.Folder) {
				f.Faulty(nil, func(at string) {
					if at == step {
						panic(errKilled)
					}
				})
			})
			_, _ = r.ArchiveAudit(t.Context())
		}()
	}
	t.Run("cut off between manifest, detaching and dropping", func(t *testing.T) {
		c.sql("REVOKE EXECUTE ON FUNCTION audit_detach(text, text) FROM ininjo_retention")
		if _, err := c.chapters.retention.ArchiveAudit(t.Context()); err == nil {
			t.Error("detached without the right to")
		}
		c.sql("GRANT EXECUTE ON FUNCTION audit_detach(text, text) TO ininjo_retention")
		c.sql("REVOKE EXECUTE ON FUNCTION audit_drop(text, text) FROM ininjo_retention")
		if _, err := c.chapters.retention.ArchiveAudit(t.Context()); err == nil {
			t.Error("dropped without the right to")
		}
		c.sql("GRANT EXECUTE ON FUNCTION audit_drop(text, text) TO ininjo_retention")
	})
	c.wantWhole()
	if tables := c.own.ask(t, "SELECT count(*)::text FROM pg_class c WHERE c.relname ~ '_y2026m06$' AND c.relkind = 'r' AND NOT c.relispartition"); tables != "0" {
		t.Errorf("%s detached tables are left", tables)
	}
}

func TestTwoArchiveAtOnce(t *testing.T) {
	t.Parallel()
	c := filled(t)
	other := c.open(c.service.config)
	var together sync.WaitGroup
	for _, r := range []*poa.Retention{c.chapters.retention, other.chapters.retention, c.chapters.retention} {
		together.Go(func() {
			if _, err := r.ArchiveAudit(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	together.Wait()
	c.wantWhole()
	if twice := c.own.ask(t, "SELECT count(*)::text FROM archive_manifests WHERE number > 1"); twice != "0" {
		t.Errorf("%s months were archived twice", twice)
	}
}

// TestArchivingAfterTheClockWasSetBack: rows that come into a month that is
// archived get an archive of their own; the first one stays as it is.
func TestArchivingAfterTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	c := filled(t)
	now := c.time.Now()
	c.wantWhole()
	first, err := os.ReadFile(filepath.Join(c.archives, "audit_events_y2026m06"+archive.Suffix))
	c.check(err)
	c.time.Set(now.AddDate(0, -3, 0))
	c.check(c.db.MakePartitions(t.Context(), c.time.Now()))
	c.party(poa.PartyDelegator, poa.EnrollmentRefused)
	if n, err := c.chapters.retention.ArchiveAudit(t.Context()); err != nil || n != 0 {
		t.Errorf("%d months were archived early: %v", n, err)
	}
	c.time.Set(now)
	c.wantWhole()
	again, err := os.ReadFile(filepath.Join(c.archives, "audit_events_y2026m06"+archive.Suffix))
	if err != nil || string(again) != string(first) {
		t.Errorf("an archive was written over: %v", err)
	}
	if _, sum, err := verifyArchive(filepath.Join(c.archives, "audit_events_y2026m06-2"+archive.Suffix), c.identity, nil); err != nil || sum.Rows == 0 {
		t.Errorf("%d late rows, %v", sum.Rows, err)
	}
}

// TestADamagedArchiveIsTold changes one byte of an archive, and of its manifest.
func TestADamagedArchiveIsTold(t *testing.T) {
	t.Parallel()
	c := filled(t)
	c.wantWhole()
	path := filepath.Join(c.archives, "inquiries_y2026m06"+archive.Suffix)
	content, err := os.ReadFile(path)
	c.check(err)
	for _, at := range []int{0, len(content) / 2, len(content) - 1} {
		damaged := append([]byte(nil), content...)
		damaged[at] ^= 1
		c.check(os.WriteFile(path, damaged, 0o600))
		if _, _, err := verifyArchive(path, c.identity, nil); err == nil {
			t.Errorf("byte %d was changed and nobody noticed", at)
		}
	}
	c.check(os.WriteFile(path, append(content, 0), 0o600))
	if _, _, err := verifyArchive(path, c.identity, nil); err == nil {
		t.Error("a byte was added and nobody noticed")
	}
	c.check(os.WriteFile(path, content, 0o600))
	manifest, err := os.ReadFile(path + archive.ManifestSuffix)
	c.check(err)
	c.check(os.WriteFile(path+archive.ManifestSuffix, []byte(strings.Replace(string(manifest), `"rows": `, `"rows": 1`, 1)), 0o600))
	if _, _, err := verifyArchive(path, c.identity, nil); err == nil {
		t.Error("the manifest counts otherwise and nobody noticed")
	}
}
