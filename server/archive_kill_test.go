// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"ininjo/poa"
	"ininjo/poa/poatest"
	"ininjo/server/archive"
)

// killVariable makes a copy of this test binary archive or erase until it comes
// to a step, say so, and wait there to be killed.
const killVariable = "ININJO_E2E_KILL"

// doomed is what that process is told. It archives, or executes the run.
type doomed struct {
	Config Config
	Now    time.Time
	Run    string
	Step   string
}

// at says that the step is reached and never returns from it.
func (d doomed) at(step string) {
	if step == d.Step {
		fmt.Println("reached", step)
		select {}
	}
}

// runAndWait is the other process's main. It ends only where the step was not
// reached.
func runAndWait(told string) int {
	if err := startAndWait(told); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return 1
}

func startAndWait(told string) error {
	var d doomed
	if err := json.Unmarshal([]byte(told), &d); err != nil {
		return err
	}
	d.Config.beside = true
	ctx := context.Background()
	s, err := newService(ctx, d.Config, poatest.NewClock(d.Now), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	if err := s.wire(d.Config.PublicURL); err != nil {
		return err
	}
	folder, err := archive.Open(d.Config.ArchiveDir, d.Config.ArchiveRecipients)
	if err != nil {
		return err
	}
	folder.Faulty(func(file archive.File) archive.File { return doomedFile{file, d} }, d.at)
	retention := poa.NewRetention(s.clock, s.db, s.policy).Equip(doomedStore{s.eraser, d}, doomedFolder{folder, d}, poa.OnlineMinimum)
	if d.Run == "" {
		_, err = retention.ArchiveAudit(ctx)
	} else {
		_, err = retention.Erase(ctx, d.Run)
	}
	return errors.Join(err, fmt.Errorf("the step %q was not reached", d.Step))
}

// doomedFile stops when half of its first bytes are on the medium.
type doomedFile struct {
	archive.File
	doom doomed
}

// Write writes half and stops there, where that is the step.
func (f doomedFile) Write(b []byte) (int, error) {
	if f.doom.Step != "writing" || len(b) < 2 {
		return f.File.Write(b)
	}
	_, err := f.File.Write(b[:len(b)/2])
	f.doom.at("writing")
	return len(b) / 2, err
}

// doomedFolder stops where an archive is read back and where its manifest was
// written beside it.
type doomedFolder struct {
	*archive.Folder
	doom doomed
}

func (f doomedFolder) Write(ctx context.Context, name string, fill func(io.Writer) error, check func(io.Reader) error) (poa.ArchiveFile, error) {
	return f.Folder.Write(ctx, name, fill, func(from io.Reader) error {
		if f.doom.Step == "reading back" {
			_, err := io.ReadFull(from, make([]byte, 10))
			f.doom.at("reading back")
			return err
		}
		return check(from)
	})
}

func (f doomedFolder) Note(name string, manifest []byte) error {
	err := f.Folder.Note(name, manifest)
	f.doom.at("noted")
	return err
}

func (f doomedFolder) KeepDestroyed(keys []poa.DestroyedKey) error {
	f.doom.at("finished")
	return f.Folder.KeepDestroyed(keys)
}

// doomedStore stops before and after the commits of what retention does.
type doomedStore struct {
	poa.Eraser
	doom doomed
}

func (s doomedStore) InTx(ctx context.Context, do func(context.Context, poa.Tx) error) error {
	var did string
	err := s.Eraser.InTx(ctx, func(ctx context.Context, tx poa.Tx) error {
		watched := &doomedTx{Tx: tx}
		err := do(ctx, watched)
		if did = watched.did; err == nil {
			s.doom.at(did)
		}
		return err
	})
	if err == nil {
		s.doom.at(did + ", committed")
	}
	return err
}

func (s doomedStore) DestroyKey(ctx context.Context, ref poa.SubjectRef) error {
	err := s.Eraser.DestroyKey(ctx, ref)
	s.doom.at("key destroyed")
	return err
}

// doomedTx tells what a transaction did.
type doomedTx struct {
	poa.Tx
	did string
}

func (t *doomedTx) InsertArchive(ctx context.Context, a poa.Archive) error {
	t.did = "manifest kept"
	return t.Tx.InsertArchive(ctx, a)
}

func (t *doomedTx) DetachMonth(ctx context.Context, a poa.Archive, at time.Time) error {
	t.did = "detached"
	return t.Tx.DetachMonth(ctx, a, at)
}

func (t *doomedTx) DropMonth(ctx context.Context, a poa.Archive, at time.Time) error {
	t.did = "dropped"
	return t.Tx.DropMonth(ctx, a, at)
}

func (t *doomedTx) EraseRows(ctx context.Context, ref poa.SubjectRef, at time.Time) (int64, error) {
	t.did = "rows deleted"
	return t.Tx.EraseRows(ctx, ref, at)
}

func (t *doomedTx) FinishItem(ctx context.Context, i poa.RunItem) error {
	t.did = "marked"
	return t.Tx.FinishItem(ctx, i)
}

// killAt has another process archive or execute a run, kills it at the step and
// waits until PostgreSQL has noticed.
func (c *century) killAt(step, run string) {
	c.t.Helper()
	told, err := json.Marshal(doomed{Config: c.service.config, Now: c.time.Now(), Run: run, Step: step})
	c.check(err)
	p := launchAny(c.t, []string{killVariable + "=" + string(told)}, os.Args[0])
	p.line(c.t, "reached "+step)
	p.signal(c.t, syscall.SIGKILL)
	p.status(c.t, patience)
	await(c.t, "what the killed process held is free", func() bool {
		return c.own.ask(c.t, "SELECT count(*)::text FROM pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND pid <> pg_backend_pid()") == "0"
	})
}

// told counts applications and inquiries that are in the log or in an archive.
func (c *century) told() int {
	c.t.Helper()
	online, err := strconv.Atoi(c.own.ask(c.t, "SELECT ((SELECT count(*) FROM audit_events WHERE action = 'enrollment.applied') + (SELECT count(*) FROM inquiries))::text"))
	c.check(err)
	archived := string(c.plainArchives())
	return online + strings.Count(archived, `"action":"enrollment.applied"`) + strings.Count(archived, `"answeredAt"`)
}

// TestArchivingKilled kills the archiving process at every point: what was in
// the database is in it or in an archive that opens, and in one only.
func TestArchivingKilled(t *testing.T) {
	t.Parallel()
	c := filled(t)
	before := c.told()
	for _, step := range []string{
		"begun", "writing", "written", "named", "reading back", "verified", "noted", "manifest kept", "manifest kept, committed",
		"detached", "detached, committed", "dropped", "dropped, committed",
	} {
		c.killAt(step, "")
	}
	c.wantWhole()
	if after := c.told(); after != before {
		t.Errorf("%d rows before, %d online and archived after", before, after)
	}
	if n := c.own.ask(t, "SELECT count(*)::text FROM (SELECT partition FROM archive_manifests GROUP BY 1 HAVING count(*) > 1) AS twice"); n != "0" {
		t.Errorf("%s months have two archives", n)
	}
	if n := c.own.ask(t, "SELECT count(*)::text FROM pg_class WHERE relname ~ '_y2026m06$' AND relkind = 'r' AND NOT relispartition"); n != "0" {
		t.Errorf("%s detached tables are left", n)
	}
}

// TestErasureKilled kills a run at every point: each subject that it listed is
// gone in the end, row and key, and nobody else is.
func TestErasureKilled(t *testing.T) {
	t.Parallel()
	c := newCentury(t)
	stays, held := c.party(poa.PartyRecipient, poa.EnrollmentActive), c.party(poa.PartyDelegator, poa.EnrollmentRefused)
	var listed []string
	for range 4 {
		listed = append(listed, c.party(poa.PartyDelegator, poa.EnrollmentRefused))
	}
	c.time.Set(c.time.Now().AddDate(10, 1, 0))
	c.check(c.db.MakePartitions(t.Context(), c.time.Now()))
	r := c.chapters.retention
	run, err := r.PrepareErasure(t.Context(), c.manager, poa.NewID("key_"))
	c.check(err)
	_, err = r.SetHold(t.Context(), c.manager, poa.HoldInput{Key: poa.NewID("key_"), Subject: held, Ground: "係争中"})
	c.check(err)
	c.check(r.ReleaseErasure(t.Context(), c.owner, poa.NewID("key_"), run))
	for _, step := range []string{"rows deleted", "rows deleted, committed", "key destroyed", "marked", "marked, committed", "finished"} {
		c.killAt(step, run)
	}
	after := c.open(c.service.config) // the start replays the list of destroyed keys
	c.check(after.chapters.retention.Resume(t.Context()))
	if read, _, err := r.Run(t.Context(), c.owner, run); err != nil || read.StateAt(c.time.Now()) != poa.RunFinished {
		t.Errorf("the run is %s, %v", read.StateAt(c.time.Now()), err)
	}
	for _, id := range listed {
		c.wantGone(after, id)
	}
	for _, id := range []string{stays, held} {
		if n := c.own.ask(t, "SELECT count(*)::text FROM accounts WHERE party_id = '"+id+"'"); n != "1" {
			t.Errorf("%s has %s accounts", id, n)
		}
	}
}
