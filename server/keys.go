// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"ininjo/poa/receipt"
)

// keys are the secrets of an installation. Each serves one purpose.
type keys struct {
	// master wraps the data keys of the key store.
	master []byte
	// hash serves keyed hashes for equality and search.
	hash []byte
	// webhook signs webhooks: the first key, and beside it those that a rotation
	// still wants.
	webhook []ed25519.PrivateKey
}

// receiptFile is the key of receipts in --keys, where --receipt-key names no other
// place.
const receiptFile = "receipt.pem"

// keyFiles are what --keys names.
const keyFiles = "--keys names a folder with master.key, hash.key, receipt.pem and webhook.pem"

// loadKeys reads the keys of a folder.
func loadKeys(dir string) (keys, error) {
	master, err := readKey(filepath.Join(dir, "master.key"))
	if err != nil {
		return keys{}, err
	}
	hash, err := readKey(filepath.Join(dir, "hash.key"))
	if err != nil {
		return keys{}, err
	}
	webhook, err := loadWebhookKeys(dir)
	if err != nil {
		return keys{}, err
	}
	return keys{master: master, hash: hash, webhook: webhook}, nil
}

func readKey(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading key: %w (%s)", err, keyFiles)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("reading key %s: want 32 bytes in base 64", path)
	}
	return key, nil
}

// prepareKeys makes missing keys where the private PostgreSQL is about to be
// made, and only there (design.md, rule 13): beside data that other keys have
// sealed, a missing key is to be found again.
func (c Config) prepareKeys() error {
	if c.DatabaseURL != "" {
		return nil
	}
	if _, err := os.Stat(filepath.Join(c.DataDir, "pg")); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := makeKeys(c.Keys); err != nil {
		return fmt.Errorf("making keys in %s: %w", c.Keys, err)
	}
	return nil
}

// makeKeys makes the keys that are missing. Each appears whole or not at all,
// and one that is there is never replaced, whoever made it meanwhile.
func makeKeys(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"master.key", "hash.key"} {
		var key [32]byte
		rand.Read(key[:])
		if err := writeSecret(filepath.Join(dir, name), []byte(base64.StdEncoding.EncodeToString(key[:])+"\n")); err != nil {
			return err
		}
	}
	for _, name := range []string{receiptFile, heartbeatFile, statusListFile} {
		if err := makeSigningKey(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	if err := makeEd25519Key(filepath.Join(dir, checkpointFile)); err != nil {
		return err
	}
	return makeWebhookKey(dir)
}

// makeSigningKey makes a key that signs.
func makeSigningKey(path string) error {
	private, err := receipt.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	pem, err := receipt.MarshalPrivatePEM(private)
	if err != nil {
		return err
	}
	return writeSecret(path, pem)
}

// writeSecret makes a durable file of mode 0600, unless it is there.
func writeSecret(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
