// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"ininjo/poa/receipt"
)

// purposeKey is a key that installations of before its purpose have not.
type purposeKey struct {
	// file is its name in --keys, places where the settings keep it instead.
	file    string
	places  []string
	purpose string
	// what it signs, and off the setting that does without.
	what, off string
}

// openPurpose opens the keys of a purpose and publishes what is new there. Where no
// place is named and there is no file it is made beside the private PostgreSQL,
// once; elsewhere a warning says so and there are no keys.
func (s *service) openPurpose(ctx context.Context, key purposeKey) (*receipt.Keyset, error) {
	if len(key.places) == 0 {
		if there, err := s.firstKey(ctx, key); err != nil || !there {
			return nil, err
		}
	}
	sources, err := s.config.keySources(key.places, key.file)
	if err != nil {
		return nil, err
	}
	ring, err := s.openKeyring(ctx, key.purpose, sources)
	if err != nil {
		return nil, fmt.Errorf("registering key of %s: %w", key.what, err)
	}
	return ring.set, nil
}

// firstKey makes the key where none ever signed, and reports whether there is one.
// A key that signed before is to be found again.
func (s *service) firstKey(ctx context.Context, key purposeKey) (bool, error) {
	path := filepath.Join(s.config.Keys, key.file)
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return true, nil // what cannot be read is told by whoever reads it
	}
	stored, err := s.db.SigningKeys(ctx)
	if err != nil {
		return false, fmt.Errorf("reading signing keys: %w", err)
	}
	for _, k := range stored {
		if k.Purpose == key.purpose {
			return false, fmt.Errorf("reading key: %s is missing in --keys, and %s were signed before: find it again, or set %s", key.file, key.what, key.off)
		}
	}
	if s.config.DatabaseURL != "" {
		s.log.Warn("no " + key.file + " in --keys: there are no " + key.what + " (docs/operations.md)")
		return false, nil
	}
	if err := makeSigningKey(path); err != nil {
		return false, fmt.Errorf("making %s: %w", key.file, err)
	}
	return true, nil
}
