// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"ininjo/db"
	"ininjo/jobs"
	"ininjo/poa"
	"ininjo/poa/receipt"
)

// webhookKeyFile holds the keys of webhooks (Ed25519, PKCS #8), one after
// another. All of them sign; a rotation adds the new one, and takes the old one
// away once every partner knows the new.
const webhookKeyFile = "webhook.pem"

// maxWebhookKeys bounds the signatures in a header.
const maxWebhookKeys = 3

func loadWebhookKeys(dir string) ([]ed25519.PrivateKey, error) {
	text, err := os.ReadFile(filepath.Join(dir, webhookKeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // firstWebhookKey decides
	}
	if err != nil {
		return nil, fmt.Errorf("reading key: %w", err)
	}
	keys, err := receipt.ParseEd25519PEMs(text)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", webhookKeyFile, err)
	}
	if len(keys) > maxWebhookKeys {
		return nil, fmt.Errorf("reading %s: it holds %d keys, at most %d sign", webhookKeyFile, len(keys), maxWebhookKeys)
	}
	return keys, nil
}

func makeWebhookKey(dir string) error { return makeEd25519Key(filepath.Join(dir, webhookKeyFile)) }

func makeEd25519Key(path string) error {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	pem, err := receipt.MarshalEd25519PEM(private)
	if err != nil {
		return err
	}
	return writeSecret(path, pem)
}

// publishWebhookKeys puts the public keys into the database before anything is
// signed, and records the end of those that were taken away. A key that ended
// signs no more: its published period would be wrong.
func (s *service) publishWebhookKeys(ctx context.Context) error {
	if len(s.keys.webhook) == 0 {
		if err := s.firstWebhookKey(ctx); err != nil {
			return err
		}
	}
	now := s.clock.Now()
	kids := make([]string, len(s.keys.webhook))
	for i, key := range s.keys.webhook {
		jwk, err := receipt.PublicOKP(publicHalf(key))
		if err != nil {
			return fmt.Errorf("writing public key: %w", err)
		}
		if kids[i], err = receipt.OKPKeyID(publicHalf(key)); err != nil {
			return fmt.Errorf("writing public key: %w", err)
		}
		if err := s.db.InsertSigningKey(ctx, db.SigningKey{KeyID: kids[i], Purpose: poa.PurposeWebhook, JWK: jwk, From: now}); err != nil {
			return err
		}
	}
	published, err := s.db.WebhookKeys(ctx)
	if err != nil {
		return err
	}
	for _, key := range published {
		for _, kid := range kids {
			if key.ID == kid && !key.Until.IsZero() {
				return fmt.Errorf("reading %s: the key %s ended on %s and signs no more: take it out", webhookKeyFile, kid, key.Until.Format("2006-01-02"))
			}
		}
	}
	ended, err := s.db.EndOtherSigningKeys(ctx, poa.PurposeWebhook, kids, now)
	if err == nil && ended > 0 {
		s.log.InfoContext(ctx, "webhook keys that are no longer in "+webhookKeyFile+" ended", "count", ended)
	}
	return err
}

// firstWebhookKey makes the key where none ever signed: an installation of before
// there were keys of webhooks has none. That is done beside the private PostgreSQL
// alone (design.md, rule 13); a key that signed before is to be found again.
func (s *service) firstWebhookKey(ctx context.Context) error {
	published, err := s.db.WebhookKeys(ctx)
	if err != nil {
		return err
	}
	if len(published) > 0 || s.config.DatabaseURL != "" {
		return fmt.Errorf("reading key: %s is missing (%s; it is made by: openssl genpkey -algorithm ed25519 -out %s)", webhookKeyFile, keyFiles, webhookKeyFile)
	}
	if err := makeWebhookKey(s.config.Keys); err != nil {
		return fmt.Errorf("making %s: %w", webhookKeyFile, err)
	}
	s.keys.webhook, err = loadWebhookKeys(s.config.Keys)
	return err
}

func publicHalf(key ed25519.PrivateKey) ed25519.PublicKey {
	public, _ := key.Public().(ed25519.PublicKey)
	return public
}

func (s *service) webhookKeys() []jobs.WebhookKey {
	keys := make([]jobs.WebhookKey, len(s.keys.webhook))
	for i, key := range s.keys.webhook {
		keys[i] = jobs.NewWebhookKey(key)
	}
	return keys
}
