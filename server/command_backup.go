// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"ininjo/db"
	"ininjo/db/embedded"
	"ininjo/poa"
	"ininjo/server/archive"
)

const (
	dataBackupPrefix = "ininjo-data-"
	keyBackupPrefix  = "ininjo-key-store-"
	backupStamp      = "20060102T150405Z"
	backupManifest   = "manifest.json"
	// writingPrefix begins the name of a backup that is being made.
	writingPrefix  = ".writing-"
	dumpName       = "data.dump"
	storedKeysName = "keys.jsonl"
	// keyBackupLives bounds how long a backup of the key store lives: after that
	// an erased person is erased everywhere (design.md, rule 8).
	keyBackupLives = 35 * day
)

// backupCommand backs up the data, the key store, or both. Neither holds the
// other.
type backupCommand struct {
	Config
	To         string `help:"Folder for a backup of the data, which must be there; not on this machine's disk alone (6.2.10)." type:"existingdir"`
	KeyStoreTo string `help:"Folder for a backup of the key store, another one than the data's. Those older than 35 days are removed." type:"existingdir"`
}

// manifestOf tells of a backup.
type manifestOf struct {
	Format  int             `json:"format"`
	Kind    poa.BackupKind  `json:"kind"`
	At      time.Time       `json:"at"`
	Program string          `json:"program"`
	Files   []manifestEntry `json:"files"`
}

type manifestEntry struct {
	Name   string     `json:"name"`
	Size   int64      `json:"size"`
	SHA256 poa.Digest `json:"sha256"`
}

// Run makes the backups that were asked for. It may run while serve does.
func (c *backupCommand) Run(ctx context.Context, out *output) error {
	if c.To == "" && c.KeyStoreTo == "" {
		return errors.New("name a folder: --to for the data, --key-store-to for the key store")
	}
	if c.To == c.KeyStoreTo {
		return errors.New("--to and --key-store-to are one folder: whoever had it could read everything, and could never be told to forget")
	}
	s, err := c.besideServe(ctx, out)
	if err != nil {
		return err
	}
	for _, each := range []struct {
		to, prefix string
		kind       poa.BackupKind
		fill       func(context.Context, string) error
	}{{c.To, dataBackupPrefix, poa.BackupData, s.dumpData}, {c.KeyStoreTo, keyBackupPrefix, poa.BackupKeyStore, s.dumpKeys}} {
		if each.to == "" {
			continue
		}
		path, err := s.backUp(ctx, each.to, each.prefix, each.kind, each.fill)
		if err != nil {
			return errors.Join(err, s.stop(ctx))
		}
		fmt.Fprintln(out.stdout, path)
	}
	if c.KeyStoreTo != "" {
		err = pruneKeyBackups(c.KeyStoreTo, s.clock.Now())
	}
	return errors.Join(err, s.stop(ctx))
}

// backUp fills a folder under a temporary name, digests what is in it and names
// it with its date.
func (s *service) backUp(ctx context.Context, to, prefix string, kind poa.BackupKind, fill func(context.Context, string) error) (string, error) {
	at := s.clock.Now()
	temporary, err := os.MkdirTemp(to, writingPrefix+"*") // 0700
	if err != nil {
		return "", fmt.Errorf("backing up: %w", err)
	}
	defer os.RemoveAll(temporary)
	if err := fill(ctx, temporary); err != nil {
		return "", fmt.Errorf("backing up: %w", err)
	}
	record, err := writeManifest(temporary, manifestOf{Format: 1, Kind: kind, At: at, Program: version()})
	if err != nil {
		return "", fmt.Errorf("backing up: %w", err)
	}
	path := filepath.Join(to, prefix+at.Format(backupStamp))
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("backing up: %s is there already", path)
	}
	if err := errors.Join(os.Rename(temporary, path), syncDir(to)); err != nil {
		return "", fmt.Errorf("backing up: %w", err)
	}
	record.At = at
	return path, s.chapters.retention.RecordBackup(ctx, record)
}

// writeManifest digests every file of the folder; the digest of the manifest is
// the backup's.
func writeManifest(dir string, m manifestOf) (poa.Backup, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return poa.Backup{}, err
	}
	record := poa.Backup{Kind: m.Kind}
	for _, e := range entries {
		entry, err := digestFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return poa.Backup{}, err
		}
		m.Files = append(m.Files, entry)
		record.Size += entry.Size
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return poa.Backup{}, err
	}
	record.SHA256 = sha256.Sum256(text)
	return record, errors.Join(os.WriteFile(filepath.Join(dir, backupManifest), text, 0o600), syncDir(dir))
}

func digestFile(path string) (manifestEntry, error) {
	file, err := os.Open(path)
	if err != nil {
		return manifestEntry{}, err
	}
	defer file.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	return manifestEntry{filepath.Base(path), size, poa.Digest(sum.Sum(nil))}, errors.Join(err, file.Sync())
}

func syncDir(dir string) error {
	file, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = file.Sync() // some media's file systems have no such call
	return file.Close()
}

// dumpData writes the database as PostgreSQL's own program does, and then the
// list of destroyed keys, which is at least as new. Sessions and requests to set
// a password are left out: their one key lives on. So are search hashes:
// a job makes them again.
func (s *service) dumpData(ctx context.Context, dir string) error {
	if err := makeSecret(filepath.Join(dir, dumpName)); err != nil {
		return err
	}
	err := s.tool(ctx, "pg_dump", s.database.migrateURL, "--format=custom", "--no-unlogged-table-data",
		"--exclude-table-data=public.sessions", "--exclude-table-data=public.password_requests", "--file="+filepath.Join(dir, dumpName))
	if err != nil {
		return err
	}
	keys, err := s.db.DestroyedKeys(ctx)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, archive.DestroyedName), archive.EncodeDestroyed(keys), 0o600)
}

// makeSecret makes an empty file that its owner alone reads, whatever the umask:
// pg_dump writes into it, and would else make one that others may read.
func makeSecret(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(file.Chmod(0o600), file.Close())
}

// tool runs a program of PostgreSQL's on a database. The password is in its
// environment: arguments can be read by everybody.
func (s *service) tool(ctx context.Context, program, url string, args ...string) error {
	return runTool(ctx, s.config.PostgresBin, program, url, args...)
}

func runTool(ctx context.Context, bin, program, url string, args ...string) error {
	path, err := toolPath(bin, program)
	if err != nil {
		return err
	}
	target, password, err := db.ToolURL(url)
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, path, append([]string{"--dbname=" + target, "--no-password"}, args...)...)
	command.Env = append(os.Environ(), "PGPASSWORD="+password, "PGAPPNAME=ininjo "+program)
	var said strings.Builder
	command.Stderr = &said
	if err := command.Run(); err != nil {
		return fmt.Errorf("running %s: %w: %s", program, err, firstLine(said.String()))
	}
	return nil
}

// firstLine bounds what a program's complaint takes of the log.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// toolPath finds a program beside the server's binaries, or on the machine.
func toolPath(bin, program string) (string, error) {
	if dir, err := embedded.FindBinaries(bin); err == nil {
		if path := filepath.Join(dir, program); isFile(path) {
			return path, nil
		}
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("%s was not found: install PostgreSQL's client programs, or name their folder with --postgres-bin", program)
	}
	return path, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// storedKey is a line of a key store's backup.
type storedKey struct {
	Subject string `json:"subject"`
	db.StoredKey
}

// dumpKeys writes every wrapped key and the mark of every destroyed one.
func (s *service) dumpKeys(ctx context.Context, dir string) error {
	file, err := os.OpenFile(filepath.Join(dir, storedKeysName), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	lines := bufio.NewWriter(file)
	err = s.keyCopier.Export(ctx, func(k db.StoredKey) error {
		line, err := json.Marshal(storedKey{hex.EncodeToString(k.Subject[:]), k})
		if err != nil {
			return err
		}
		_, err = lines.Write(append(line, '\n'))
		return err
	})
	return errors.Join(err, lines.Flush(), file.Close())
}

// pruneKeyBackups removes backups of the key store that are older than they may
// be, by the date in their names. One from the future stays: a clock was wrong.
func pruneKeyBackups(dir string, now time.Time) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("pruning --key-store-to: %w", err)
	}
	if err := pruneLeftovers(dir, entries, now); err != nil {
		return err
	}
	for _, e := range entries {
		label, ours := strings.CutPrefix(e.Name(), keyBackupPrefix)
		at, err := time.Parse(backupStamp, label)
		if !ours || err != nil || now.Sub(at) < keyBackupLives {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("pruning --key-store-to: %w", err)
		}
	}
	return nil
}

// pruneLeftovers removes what a backup that was killed left half made: its keys
// would outlive everybody's erasure. One that is being made is younger than a day.
func pruneLeftovers(dir string, entries []os.DirEntry, now time.Time) error {
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(e.Name(), writingPrefix) {
			continue
		}
		if err == nil && now.Sub(info.ModTime()) >= day {
			err = os.RemoveAll(filepath.Join(dir, e.Name()))
		}
		if err != nil {
			return fmt.Errorf("pruning --key-store-to: %w", err)
		}
	}
	return nil
}
