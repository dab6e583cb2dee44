// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestBackupAndRestore backs a private PostgreSQL up and restores it into a
// fresh data folder, as an operator would after a fire.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	home, fresh, data, keys := freshHome(t), freshHome(t), t.TempDir(), t.TempDir()
	wantText(t, succeed(t, nil, "staff", "add", "--email", "owner@example.jp", "--name", "責任　者", "--fitness-declared", "--fitness-note", "確認済み", "--data-dir", home), "as service owner")
	wantText(t, refused(t, nil, "backup", "--data-dir", home), "name a folder")
	wantText(t, refused(t, nil, "backup", "--to", data, "--key-store-to", data, "--data-dir", home), "one folder")
	made := strings.Fields(succeed(t, nil, "backup", "--to", data, "--key-store-to", keys, "--data-dir", home))
	if len(made) != 2 {
		t.Fatalf("made %q", made)
	}
	t.Run("nobody else reads it, whatever the umask", func(t *testing.T) {
		path, err := binary()
		if err != nil {
			t.Fatal(err)
		}
		open := t.TempDir()
		p := launchAny(t, nil, "sh", "-c", `umask 0 && exec "$@"`, "sh", path, "backup", "--to", open, "--data-dir", home)
		if status := p.status(t, patience); status != 0 {
			t.Fatalf("ended with %d", status)
		}
		for _, pattern := range []string{filepath.Join(made[0], "*"), filepath.Join(made[1], "*"), filepath.Join(open, "*", "*")} {
			files, err := filepath.Glob(pattern)
			if err != nil || len(files) < 2 {
				t.Fatalf("%s: %q, %v", pattern, files, err)
			}
			for _, file := range files {
				if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("%s has the mode %v, %v", file, info.Mode(), err)
				}
			}
		}
	})
	t.Run("a manifest that names no files is refused", func(t *testing.T) {
		empty := t.TempDir()
		copyFolder(t, made[0], filepath.Join(empty, "backup"))
		manifest := `{"format": 1, "kind": "DATA", "at": "2026-11-26T00:00:00Z", "program": "x", "files": []}`
		if err := os.WriteFile(filepath.Join(empty, "backup", "manifest.json"), []byte(manifest), 0o600); err != nil {
			t.Fatal(err)
		}
		copyFolder(t, filepath.Join(home, "keys"), filepath.Join(empty, "data", "keys"))
		wantText(t, refused(t, nil, "restore", "--from", filepath.Join(empty, "backup"), "--data-dir", filepath.Join(empty, "data")), "does not name data.dump")
	})
	t.Run("a changed backup is refused", func(t *testing.T) {
		path := filepath.Join(made[0], "destroyed-keys.jsonl")
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		copyFolder(t, filepath.Join(home, "keys"), filepath.Join(fresh, "keys"))
		wantText(t, refused(t, nil, "restore", "--from", made[0], "--data-dir", fresh), "was changed since it was made")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("without the keys nothing is restored", func(t *testing.T) {
		wantText(t, refused(t, nil, "restore", "--from", made[0], "--data-dir", freshHome(t)), "the keys are in no backup")
	})
	wantText(t, succeed(t, nil, "restore", "--from", made[0], "--key-store-from", made[1], "--data-dir", fresh), "restored")
	t.Run("what was there is there again, and is not written over", func(t *testing.T) {
		wantText(t, refused(t, nil, "staff", "add", "--email", "other@example.jp", "--name", "他　人", "--fitness-declared", "--fitness-note", "確認済み", "--data-dir", fresh), "there is a service owner already")
		wantText(t, refused(t, nil, "restore", "--from", made[0], "--data-dir", fresh), "not empty")
	})
	t.Run("serve goes on with it", func(t *testing.T) {
		p, base := serving(t, nil, "--data-dir", fresh)
		if status, body := fetch(t, base+"/readyz"); status != 200 {
			t.Errorf("%d %s", status, body)
		}
		p.stop(t)
	})
}

// copyFolder copies the files of a folder.
func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

func TestBackupsOfTheKeyStoreArePruned(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	stays := map[string]bool{keyBackupPrefix + "20261022T000001Z": true, keyBackupPrefix + "20261022T000000Z": false, keyBackupPrefix + "20200101T000000Z": false,
		keyBackupPrefix + "20300101T000000Z": true, "holiday-pictures": true, keyBackupPrefix + "yesterday": true}
	for name := range stays {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := pruneKeyBackups(dir, now); err != nil {
		t.Fatal(err)
	}
	for name, want := range stays {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%s stays: %v", name, err == nil)
		}
	}
}
