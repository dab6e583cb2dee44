// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"ininjo/db"
	"ininjo/poa"
	"ininjo/server/archive"
)

// restoreCommand restores backups into an empty database and key store. Whoever
// was erased since stays erased.
type restoreCommand struct {
	Config
	From         string   `required:"" help:"Backup of the data: a folder that backup made." type:"existingdir"`
	KeyStoreFrom string   `help:"Backup of the key store, where --key-store was lost. What was destroyed stays destroyed." type:"existingdir"`
	Destroyed    []string `help:"Further lists of destroyed keys. Those beside --from, in its neighbours and in --archive-dir are read by themselves." type:"existingfile"`
}

// Run restores, brings the tables up to date and erases again what was erased
// since the backup.
func (c *restoreCommand) Run(ctx context.Context, out *output) error {
	config, err := c.withDefaults()
	if err != nil {
		return err
	}
	if _, err := loadKeys(config.Keys); err != nil {
		return fmt.Errorf("the keys are in no backup; put them back first: %w", err)
	}
	if err := config.readReceiptKeys(ctx); err != nil {
		return fmt.Errorf("the keys are in no backup; put them back first: %w", err)
	}
	if err := verifyBackup(c.From, poa.BackupData); err != nil {
		return err
	}
	lists, err := c.lists(config.ArchiveDir)
	if err != nil {
		return err
	}
	if err := restoreData(ctx, config, c.From, out); err != nil {
		return err
	}
	s, err := c.besideServe(ctx, out)
	if err != nil {
		return err
	}
	again, err := s.restoreRest(ctx, c.KeyStoreFrom, lists)
	if err := errors.Join(err, s.stop(ctx)); err != nil {
		return err
	}
	fmt.Fprintf(out.stdout, "restored %s; %d keys stand in the lists of destroyed ones, %d subjects more were erased again\n", filepath.Base(c.From), len(lists), again)
	return nil
}

// restoreRest brings keys in, destroys again, and records the restoring.
func (s *service) restoreRest(ctx context.Context, keysFrom string, lists []poa.DestroyedKey) (int, error) {
	if keysFrom != "" {
		if err := verifyBackup(keysFrom, poa.BackupKeyStore); err != nil {
			return 0, err
		}
		if err := s.restoreKeys(ctx, keysFrom); err != nil {
			return 0, err
		}
	}
	if s.eraser == nil {
		return 0, errors.New("restore needs --retention-database-url: what was erased since the backup is erased again")
	}
	again, err := s.eraser.Reconcile(ctx, lists)
	if err != nil {
		return 0, err
	}
	if err := db.AfterRestore(ctx, s.database.migrateURL); err != nil {
		return 0, err
	}
	if err := s.mendSearch(ctx); err != nil {
		return 0, err
	}
	return again, s.chapters.records.RecordOperation(ctx, poa.ActionRestored, map[string]string{"version": version(), "erasedAgain": fmt.Sprint(again)})
}

// lists joins every list of destroyed keys that can be found: the backup's own
// lacks what was destroyed after it.
func (c *restoreCommand) lists(archiveDir string) ([]poa.DestroyedKey, error) {
	places, err := filepath.Glob(filepath.Join(filepath.Dir(filepath.Clean(c.From)), dataBackupPrefix+"*", archive.DestroyedName))
	if err != nil {
		return nil, fmt.Errorf("looking for lists of destroyed keys: %w", err)
	}
	places = append(places, filepath.Join(c.From, archive.DestroyedName))
	if archiveDir != "" {
		places = append(places, filepath.Join(archiveDir, archive.DestroyedName))
	}
	var all [][]poa.DestroyedKey
	for _, place := range append(places, c.Destroyed...) {
		keys, err := archive.ReadDestroyed(place)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, keys)
	}
	return archive.MergeDestroyed(all...), nil
}

// backupFiles are those that a backup of a kind has; without one it is none.
var backupFiles = map[poa.BackupKind][]string{
	poa.BackupData:     {dumpName, archive.DestroyedName},
	poa.BackupKeyStore: {storedKeysName},
}

// verifyBackup compares every file with the manifest, which must name those of the
// kind: what it does not name nobody vouches for.
func verifyBackup(dir string, kind poa.BackupKind) error {
	text, err := os.ReadFile(filepath.Join(dir, backupManifest))
	if err != nil {
		return fmt.Errorf("reading backup: %w", err)
	}
	var m manifestOf
	if err := json.Unmarshal(text, &m); err != nil || m.Format != 1 || m.Kind != kind {
		return fmt.Errorf("reading backup: %s is no backup of this kind", dir)
	}
	for _, name := range backupFiles[kind] {
		if !slices.ContainsFunc(m.Files, func(e manifestEntry) bool { return e.Name == name }) {
			return fmt.Errorf("reading backup: the manifest of %s does not name %s", dir, name)
		}
	}
	for _, entry := range m.Files {
		if entry.Name != filepath.Base(entry.Name) {
			return fmt.Errorf("reading backup: the manifest of %s is damaged", dir)
		}
		found, err := digestFile(filepath.Join(dir, entry.Name))
		if err != nil {
			return fmt.Errorf("reading backup: %w", err)
		}
		if found != entry {
			return fmt.Errorf("reading backup: %s was changed since it was made", filepath.Join(dir, entry.Name))
		}
	}
	return nil
}

// restoreData puts the dump into an empty database: the private one, which is
// made for it, or the one of --database-url.
func restoreData(ctx context.Context, config Config, from string, out *output) (err error) {
	d, err := locateDatabase(ctx, config, newLogger(config, out.stderr))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close(context.WithoutCancel(ctx))) }()
	if err := db.RequireUnused(ctx, d.migrateURL); err != nil {
		return err
	}
	dump := filepath.Join(from, dumpName)
	wanted, err := dumpEntries(ctx, config.PostgresBin, dump)
	if err != nil {
		return err
	}
	defer os.Remove(wanted)
	return runTool(ctx, config.PostgresBin, "pg_restore", d.migrateURL, "--exit-on-error", "--single-transaction", "--use-list="+wanted, dump)
}

// dumpEntries lists what of a dump is restored: the schemas and their rights are
// there already, made with the roles.
func dumpEntries(ctx context.Context, bin, dump string) (string, error) {
	path, err := toolPath(bin, "pg_restore")
	if err != nil {
		return "", err
	}
	all, err := exec.CommandContext(ctx, path, "--list", dump).Output()
	if err != nil {
		return "", fmt.Errorf("reading dump: %w", err)
	}
	var wanted []string
	for line := range strings.Lines(string(all)) {
		if !strings.Contains(line, " SCHEMA - ") && !strings.Contains(line, " ACL - SCHEMA ") && !strings.Contains(line, " COMMENT - SCHEMA ") {
			wanted = append(wanted, line)
		}
	}
	file, err := os.CreateTemp("", "ininjo-restore-*")
	if err != nil {
		return "", fmt.Errorf("restoring: %w", err)
	}
	_, err = file.WriteString(strings.Join(wanted, ""))
	return file.Name(), errors.Join(err, file.Close())
}

// maxStoredKey bounds a line of a key store's backup.
const maxStoredKey = 4096

// restoreKeys brings wrapped keys into the key store. Marks of destroyed keys
// win over keys, whichever comes first.
func (s *service) restoreKeys(ctx context.Context, from string) error {
	file, err := os.Open(filepath.Join(from, storedKeysName))
	if err != nil {
		return fmt.Errorf("restoring key store: %w", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, maxStoredKey), maxStoredKey)
	for lines.Scan() {
		var k storedKey
		if err := json.Unmarshal(lines.Bytes(), &k); err != nil {
			return errors.New("restoring key store: the backup is damaged")
		}
		subject, err := hex.DecodeString(k.Subject)
		if err != nil || len(subject) != len(k.StoredKey.Subject) {
			return errors.New("restoring key store: the backup is damaged")
		}
		k.StoredKey.Subject = [32]byte(subject)
		if err := s.keyCopier.Import(ctx, k.StoredKey); err != nil {
			return fmt.Errorf("restoring key store: %w", err)
		}
	}
	return lines.Err()
}
