// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ininjo/db"
	"ininjo/poa"
	"ininjo/server/archive"
)

// expected is the plain model: until when each subject is kept; zero for ever.
type expected map[string]time.Time

// keptUntil is how the model counts ten years of Japan's calendar.
func keptUntil(from time.Time) time.Time { return from.In(poa.JST).AddDate(10, 0, 0) }

// TestTenYears lives more than ten years month by month and holds what is there
// against the model: nothing is kept beyond its period or dropped before it, a
// hold holds, every archive opens with leaf hashes that fit, and an erased
// person is found in no table, archive or backup, nor brought back by one.
func TestTenYears(t *testing.T) {
	t.Parallel()
	c := newCentury(t)
	model, held := expected{}, ""
	recipient := c.party(poa.PartyRecipient, poa.EnrollmentActive) // stays
	model[recipient] = time.Time{}
	staying := c.party(poa.PartyDelegator, poa.EnrollmentActive)
	model[staying] = time.Time{}
	var backups, secrets []string
	for month := range 130 {
		now := c.time.Now()
		if month < 4 || month%29 == 0 {
			c.populate(model, staying, recipient)
		}
		if month == 3 {
			held = c.holdOne(model)
		}
		if month%12 == 5 {
			secrets = append(secrets, c.keyFiles()...)
			path, err := c.backUp(t.Context(), c.backups, dataBackupPrefix, poa.BackupData, c.dumpData)
			c.check(err)
			backups = append(backups, path)
			_, err = c.backUp(t.Context(), c.keyBacks, keyBackupPrefix, poa.BackupKeyStore, c.dumpKeys)
			c.check(err)
		}
		c.check(pruneKeyBackups(c.keyBacks, now))
		c.upkeep()
		c.compare(model, month)
		c.time.Set(now.In(time.UTC).AddDate(0, 1, 0))
	}
	t.Run("a hold kept its subject beyond the period, and its lift lets it go", func(t *testing.T) {
		c.releaseOne(held, model)
	})
	c.time.Advance(36 * day)
	c.check(pruneKeyBackups(c.keyBacks, c.time.Now()))
	gone := c.gone(model)
	if len(gone) < 10 {
		t.Fatalf("only %d subjects were erased", len(gone))
	}
	t.Run("every archive opens and its leaf hashes fit", func(*testing.T) { c.readArchives() })
	t.Run("an erased person is found nowhere", func(*testing.T) { c.search(gone, secrets, backups) })
	t.Run("no backup brings an erased person back", func(*testing.T) {
		for _, backup := range backups {
			c.restores(backup, gone)
		}
	})
}

// populate adds a bit of everything and tells the model.
func (c *century) populate(model expected, staying, recipient string) {
	now := c.time.Now()
	refused := c.party(poa.PartyRecipient, poa.EnrollmentRefused)
	model[refused] = keptUntil(now)
	model[c.party(poa.PartyDelegator, poa.EnrollmentRefused)] = keptUntil(now)
	ended := c.party(poa.PartyDelegator, poa.EnrollmentActive)
	model[string(c.delegation(staying, poa.StateAbandoned, 10))] = now.In(poa.JST).AddDate(0, 0, 30)
	model[string(c.delegation(staying, poa.StateRefused, 10))] = keptUntil(now)
	accepted := c.delegation(ended, poa.StateAccepted, 45)
	model[string(accepted)] = keptUntil(poa.DateOf(now).AddDays(46).Begins())
	c.asks(recipient, accepted, accepted, poa.NewDelegationID())
	// The contract ends at once; its papers wait for the delegation, too.
	c.end(ended)
	model[ended] = keptUntil(poa.DateOf(now).AddDays(46).Begins())
}

// holdOne holds an accepted delegation of the model.
func (c *century) holdOne(model expected) string {
	for id := range model {
		d, ok := poa.ParseDelegationID(id)
		if !ok {
			continue
		}
		read, err := c.db.Delegation(c.t.Context(), d)
		c.check(err)
		if read.State != poa.StateAccepted {
			continue
		}
		hold, err := c.chapters.retention.SetHold(c.t.Context(), c.manager, poa.HoldInput{Key: poa.NewID("key_"), Subject: id, Ground: "係争中"})
		c.check(err)
		model[id], model[read.DelegatorID] = time.Time{}, time.Time{}
		return hold
	}
	c.t.Fatal("nothing to hold")
	return ""
}

func (c *century) releaseOne(hold string, model expected) {
	h, err := c.chapters.retention.Hold(c.t.Context(), c.manager, hold)
	c.check(err)
	d, err := c.db.Delegation(c.t.Context(), poa.DelegationID(h.Subject.ID))
	c.check(err)
	if d.Contents.Delegate.Name != nameOf(h.Subject.ID) {
		c.t.Error("a held delegation was erased")
	}
	c.check(c.chapters.retention.LiftHold(c.t.Context(), c.manager, poa.NewID("key_"), hold, "終結"))
	c.erase()
	model[string(d.ID)], model[d.DelegatorID] = c.time.Now(), c.time.Now()
	c.compare(model, -1)
}

// compare holds what is erased, and what can be read, against the model.
func (c *century) compare(model expected, month int) {
	c.t.Helper()
	keys, err := c.db.DestroyedKeys(c.t.Context())
	c.check(err)
	destroyed := map[string]bool{}
	for _, key := range keys {
		destroyed[key.ID] = true
	}
	for id, until := range model {
		over := !until.IsZero() && !c.time.Now().Before(until)
		if destroyed[id] != over {
			c.t.Fatalf("month %d, %s: %s is erased %v, kept until %s", month, c.time.Now(), id, destroyed[id], until)
		}
	}
}

// gone lists what the model says is erased.
func (c *century) gone(model expected) []string {
	var gone []string
	for id, until := range model {
		if !until.IsZero() && !c.time.Now().Before(until) {
			gone = append(gone, id)
		}
	}
	slices.Sort(gone)
	return gone
}

// keyFiles are the wrapped keys that stand in the key store now.
func (c *century) keyFiles() []string {
	var keys []string
	copier, err := db.NewFolderKeyStore(c.own.keyStore)
	c.check(err)
	c.check(copier.Export(c.t.Context(), func(k db.StoredKey) error {
		if k.Wrapped != nil {
			keys = append(keys, string(k.Wrapped))
		}
		return nil
	}))
	return keys
}

// readArchives verifies every archive with the identity.
func (c *century) readArchives() {
	archives, err := c.db.Archives(c.t.Context())
	c.check(err)
	open, to := 0, c.t.TempDir()
	for _, a := range archives {
		path := filepath.Join(c.archives, a.Location)
		if !a.EndedAt.IsZero() {
			if _, err := os.Stat(path); err == nil || c.time.Now().Before(keptUntil(a.DetachedAt)) {
				c.t.Errorf("%s ended at %s, moved at %s (%v)", a.Location, a.EndedAt, a.DetachedAt, err)
			}
			continue
		}
		open++
		_, sum, err := verifyArchive(path, c.identity, nil)
		if err != nil || sum.Rows != a.Rows || sum.Root != a.Root {
			c.t.Errorf("%s: %v", a.Location, err)
		}
	}
	if open < 100 || open == len(archives) {
		c.t.Errorf("%d of %d archives are there", open, len(archives))
	}
	last := archives[len(archives)-1]
	said := c.command((&auditRestoreCommand{File: filepath.Join(c.archives, last.Location), Identity: c.identity, To: to}).Run)
	text, err := os.ReadFile(filepath.Join(to, last.Partition+".jsonl"))
	if err != nil || !strings.Contains(said, last.Partition) || int64(bytes.Count(text, []byte("leafHash"))) != last.Rows {
		c.t.Errorf("restored: %v, %s", err, said)
	}
}

// search looks for erased persons in the raw bytes of the database's files, of
// plain dumps of the backups, of archives and key stores: their names, their
// addresses, and the wrapped keys that opened what backups still hold of them.
func (c *century) search(gone, secrets, backups []string) {
	var needles [][]byte
	for _, id := range gone {
		needles = append(needles, []byte(nameOf(id)), []byte(id+"@example.com"))
	}
	present := c.keyFiles()
	var destroyed [][]byte
	for _, key := range secrets {
		if !slices.Contains(present, key) {
			destroyed = append(destroyed, []byte(key))
		}
	}
	c.sql("VACUUM FULL")
	c.sql("CHECKPOINT")
	directory := c.own.ask(c.t, "SELECT current_setting('data_directory') || '/base/' || (SELECT oid FROM pg_database WHERE datname = current_database())")
	places := map[string][]byte{"the database's files": readTree(c.t, directory), "the key store": readTree(c.t, c.own.keyStore),
		"the key store's backups": readTree(c.t, c.keyBacks), "the archives": c.plainArchives()}
	for _, backup := range backups {
		out, err := exec.Command("pg_restore", "--file=-", filepath.Join(backup, dumpName)).Output()
		c.check(err)
		places[filepath.Base(backup)] = append(out, readTree(c.t, backup)...)
	}
	for place, content := range places {
		for i, needle := range needles {
			if bytes.Contains(content, needle) || bytes.Contains(content, []byte(hex.EncodeToString(needle))) {
				c.t.Errorf("%s hold %s", place, gone[i/2])
			}
		}
		for _, key := range destroyed {
			if bytes.Contains(content, key) || bytes.Contains(content, []byte(hex.EncodeToString(key))) {
				c.t.Errorf("%s hold a destroyed key", place)
			}
		}
	}
	// The search finds what is there: a living subject's key, a delegation's ID.
	if len(destroyed) == 0 || !bytes.Contains(places["the key store"], []byte(present[0])) || !bytes.Contains(places["the archives"], []byte(`"action":"enrollment.applied"`)) ||
		!bytes.Contains(places["the database's files"], []byte(gone[0])) {
		c.t.Error("the search does not find what is there")
	}
	for _, table := range []string{"mails", "party_refusals", "refusals", "delegation_files", "delegate_certificates", "accounts"} {
		for _, column := range []string{"party_id", "delegation_id"} {
			if c.own.ask(c.t, "SELECT count(*)::text FROM information_schema.columns WHERE table_name = '"+table+"' AND column_name = '"+column+"'") == "0" {
				continue
			}
			if n := c.own.ask(c.t, "SELECT count(*)::text FROM "+table+" t JOIN destroyed_keys k ON k.subject_id = t."+column); n != "0" {
				c.t.Errorf("%s holds %s rows of erased subjects", table, n)
			}
		}
	}
}

func readTree(t *testing.T, dir string) []byte {
	t.Helper()
	var all []byte
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		all = append(all, content...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// plainArchives are the lines of every archive.
func (c *century) plainArchives() []byte {
	var all []byte
	files, err := filepath.Glob(filepath.Join(c.archives, "*"+archive.Suffix))
	c.check(err)
	for _, file := range files {
		_, err := archive.Read(file, c.identity, func(from io.Reader) error {
			b, err := io.ReadAll(from)
			all = append(all, b...)
			return err
		})
		c.check(err)
	}
	return all
}

// restores restores a backup into a database of its own, with an empty key
// store's place taken by the newest backup of it, and looks for erased persons.
func (c *century) restores(backup string, gone []string) {
	c.t.Helper()
	other := newOwnDatabase(c.t)
	other.keys, other.keyStore = c.own.keys, c.t.TempDir()
	keys, err := filepath.Glob(filepath.Join(c.keyBacks, keyBackupPrefix+"*"))
	c.check(err)
	for _, keyStore := range []string{c.own.keyStore, other.keyStore} {
		if keyStore == other.keyStore && len(keys) == 0 {
			continue
		}
		config := other.config(c.t)
		config.KeyStore = keyStore
		command := restoreCommand{Config: config, From: backup}
		if keyStore == other.keyStore {
			command.KeyStoreFrom = keys[len(keys)-1]
		}
		c.command(func(out *output) error { return command.Run(c.t.Context(), out) })
		break
	}
	config := other.config(c.t)
	config.KeyStore = c.own.keyStore
	s := c.open(config)
	for _, id := range gone {
		c.wantGone(s, id)
	}
}

// wantGone wants a subject that is not there, or there without a person.
func (c *century) wantGone(s *service, id string) {
	c.t.Helper()
	ctx := context.WithoutCancel(c.t.Context())
	if d, ok := poa.ParseDelegationID(id); ok {
		read, err := s.db.Delegation(ctx, d)
		if err == nil && read.Contents.Delegate.Name != "" {
			c.t.Errorf("%s is back", id)
		}
		return
	}
	if account, err := s.db.AccountByEmail(ctx, id+"@example.com"); err == nil {
		c.t.Errorf("the account %s of %s is back", account.ID, id)
	}
	if party, err := s.db.Recipient(ctx, id); err == nil && party.Profile.Name != "" {
		c.t.Errorf("%s is back", id)
	}
}
