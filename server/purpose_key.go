// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"ininjo/db"
	"ininjo/poa/receipt"
)

// purposeKey is a key in --keys that installations of before its purpose have not.
type purposeKey struct {
	file, purpose string
	// what it signs, and off the setting that does without.
	what, off string
}

// signerOf reads a key and puts its public half into the database before its first
// signature. Where it is missing it is made beside the private PostgreSQL, once;
// elsewhere a warning says so and there is no signer.
func (s *service) signerOf(ctx context.Context, key purposeKey) (receipt.Signer, error) {
	signer, jwk, err := loadSigner(filepath.Join(s.config.Keys, key.file))
	if errors.Is(err, os.ErrNotExist) {
		signer, jwk, err = s.firstKey(ctx, key)
	}
	if err != nil || signer == nil {
		return nil, err
	}
	if err := s.db.InsertSigningKey(ctx, db.SigningKey{KeyID: signer.KeyID(), Purpose: key.purpose, JWK: jwk, From: s.clock.Now()}); err != nil {
		return nil, fmt.Errorf("registering key of %s: %w", key.what, err)
	}
	return signer, nil
}

// firstKey makes the key where none ever signed. A key that signed before is to be
// found again.
func (s *service) firstKey(ctx context.Context, key purposeKey) (*receipt.ES256, []byte, error) {
	stored, err := s.db.SigningKeys(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("reading signing keys: %w", err)
	}
	for _, k := range stored {
		if k.Purpose == key.purpose {
			return nil, nil, fmt.Errorf("reading key: %s is missing in --keys, and %s were signed before: find it again, or set %s", key.file, key.what, key.off)
		}
	}
	if s.config.DatabaseURL != "" {
		s.log.Warn("no " + key.file + " in --keys: there are no " + key.what + " (docs/operations.md)")
		return nil, nil, nil
	}
	path := filepath.Join(s.config.Keys, key.file)
	if err := makeSigningKey(path); err != nil {
		return nil, nil, fmt.Errorf("making %s: %w", key.file, err)
	}
	return loadSigner(path)
}
