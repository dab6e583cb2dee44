// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

	"ininjo/db"
	"ininjo/poa"
	"ininjo/poa/receipt"
)

// checkpointFile holds the keys of the log (Ed25519, PKCS #8), one after another.
// All of them sign each checkpoint, as those of webhooks do.
const checkpointFile = "checkpoint.pem"

// equipLog publishes the keys of the log and lets it be sealed. An installation of
// before there was a tree has none: beside the private PostgreSQL it is made now,
// once; elsewhere a warning says so and nothing is sealed.
func (s *service) equipLog(ctx context.Context) error {
	keys, err := s.checkpointKeys(ctx)
	if err != nil || len(keys) == 0 {
		return err
	}
	now, kids := s.clock.Now(), make([]string, len(keys))
	for i, key := range keys {
		jwk, err := receipt.PublicOKP(publicHalf(key))
		if err != nil {
			return fmt.Errorf("writing public key: %w", err)
		}
		if kids[i], err = receipt.OKPKeyID(publicHalf(key)); err != nil {
			return fmt.Errorf("writing public key: %w", err)
		}
		if err := s.db.InsertSigningKey(ctx, db.SigningKey{KeyID: kids[i], Purpose: poa.PurposeCheckpoint, JWK: jwk, From: now}); err != nil {
			return err
		}
	}
	ended, err := s.db.EndOtherSigningKeys(ctx, poa.PurposeCheckpoint, kids, now)
	if err != nil {
		return err
	}
	if ended > 0 {
		s.log.InfoContext(ctx, "keys of the log that are no longer in "+checkpointFile+" ended", "count", ended)
	}
	s.chapters.records.SealWith(s.policy.Issuer, keys...)
	return nil
}

// checkpointKeys reads the keys, or makes the first one.
func (s *service) checkpointKeys(ctx context.Context) ([]ed25519.PrivateKey, error) {
	path := filepath.Join(s.config.Keys, checkpointFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if text, err = s.firstCheckpointKey(ctx, path); err == nil && text == nil {
			return nil, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("reading key: %w", err)
	}
	keys, err := receipt.ParseEd25519PEMs(text)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", checkpointFile, err)
	}
	if len(keys) > maxWebhookKeys {
		return nil, fmt.Errorf("reading %s: it holds %d keys, at most %d sign", checkpointFile, len(keys), maxWebhookKeys)
	}
	return keys, nil
}

// firstCheckpointKey makes the key where none ever signed; nil where it has to be
// given. A key that signed before is to be found again.
func (s *service) firstCheckpointKey(ctx context.Context, path string) ([]byte, error) {
	stored, err := s.db.SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range stored {
		if k.Purpose == poa.PurposeCheckpoint && k.Until.IsZero() {
			return nil, fmt.Errorf("%s is missing in --keys, and checkpoints were signed before: find it again (docs/receipts.md)", checkpointFile)
		}
	}
	if s.config.DatabaseURL != "" {
		s.log.Warn("no " + checkpointFile + " in --keys: the audit log is not sealed into its tree (docs/receipts.md)")
		return nil, nil
	}
	if err := makeEd25519Key(path); err != nil {
		return nil, fmt.Errorf("making %s: %w", checkpointFile, err)
	}
	return os.ReadFile(path)
}

// checkpoint serves the newest signed checkpoint of the log: whoever keeps them
// sees that nothing was changed or taken away.
func (s *service) checkpoint(w http.ResponseWriter, r *http.Request) {
	signed, err := s.chapters.records.Checkpoint(r.Context())
	switch {
	case errors.Is(err, poa.ErrNotFound):
		plain(w, http.StatusNotFound, "NOT_FOUND\n")
	case err != nil:
		s.log.ErrorContext(r.Context(), "reading checkpoint", "cause", err)
		plain(w, http.StatusServiceUnavailable, "UNAVAILABLE\n")
	default:
		plain(w, http.StatusOK, string(signed))
	}
}
