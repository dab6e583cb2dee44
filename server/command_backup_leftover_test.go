// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestAKilledBackupOfKeysIsRemoved: what a kill left half made holds keys, too,
// and would outlive the 35 days.
func TestAKilledBackupOfKeysIsRemoved(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), time.Date(2026, 6, 1, 3, 0, 0, 0, time.UTC)
	for name, age := range map[string]time.Duration{".writing-old": 2 * day, ".writing-now": time.Minute, "ininjo-other": 90 * day} {
		path := filepath.Join(dir, name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if err := pruneKeyBackups(dir, now); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{".writing-old": false, ".writing-now": true, "ininjo-other": true} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
