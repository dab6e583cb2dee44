// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"ininjo/db/embedded"
)

// demoMarker tells a folder that demo made, and may therefore empty.
const demoMarker = "made-by-ininjo-demo"

// emptyPatience is how long the PostgreSQL of a demo that was killed may still
// write into its folder.
const emptyPatience = 15 * time.Second

// demoFolder empties the folder of an earlier demo, and refuses one that holds
// anything else.
func demoFolder(ctx context.Context, dir string) error {
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
		if err := empty(ctx, filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("emptying --data-dir: %w", err)
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making --data-dir: %w", err)
	}
	return os.WriteFile(filepath.Join(dir, demoMarker), []byte("demo empties this folder at every start\n"), 0o600)
}

// empty removes a file or folder, again for a while if somebody still writes
// there.
func empty(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, emptyPatience)
	defer cancel()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		err := os.RemoveAll(path)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-again.C:
		}
	}
}
