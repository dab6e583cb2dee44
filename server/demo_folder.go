// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"ininjo/db/embedded"
)

// demoMarker tells a folder that demo made, and may therefore empty.
const demoMarker = "made-by-ininjo-demo"

// demoFolder empties the folder of an earlier demo, and refuses one that holds
// anything else.
func demoFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading --data-dir: %w", err)
	}
	if len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(dir, demoMarker)); err != nil {
			return fmt.Errorf("%s is not empty and was not made by demo: give another --data-dir", dir)
		}
		if embedded.InUse(dir) {
			return fmt.Errorf("another demo runs in %s: stop it, or give another --data-dir", dir)
		}
	}
	for _, e := range entries {
		if e.Name() == demoMarker {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("emptying --data-dir: %w", err)
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making --data-dir: %w", err)
	}
	return os.WriteFile(filepath.Join(dir, demoMarker), []byte("demo empties this folder at every start\n"), 0o600)
}
