// SPDX-License-Identifier: Apache-2.0

package signers

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"ininjo/poa"
	"ininjo/poa/receipt"
)

// Source is a place with keys.
type Source interface {
	// Keys returns all that are there now, the newest last. It is asked again and
	// again: a key that was added meanwhile is found.
	Keys(ctx context.Context) ([]receipt.Key, error)
	// Name tells the place in logs; it holds no secret.
	Name() string
	// Remote says that the place may be out of reach for a while.
	Remote() bool
	// Close lets go of it.
	Close() error
}

// Config is what all places need.
type Config struct {
	// VaultTokenFile holds the token at a KMS; it is read for each request, so that
	// an agent may renew it. VaultNamespace is empty for none.
	VaultTokenFile, VaultNamespace string
	// VaultCAFile holds the certificates of the KMS's authority in PEM; empty for
	// those of the system.
	VaultCAFile string
	// Timeout bounds a signature outside; zero means 2 s.
	Timeout time.Duration
	// Parallel bounds how many are asked for at once of one place; zero means 8.
	Parallel int
	// Failures in a row hold a place off for Pause; zero means 5 and 5 s.
	Failures int
	Pause    time.Duration
	Clock    poa.Clock
}

func (c Config) withDefaults() Config {
	if c.Timeout == 0 {
		c.Timeout = 2 * time.Second
	}
	if c.Parallel == 0 {
		c.Parallel = 8
	}
	if c.Failures == 0 {
		c.Failures = 5
	}
	if c.Pause == 0 {
		c.Pause = 5 * time.Second
	}
	return c
}

// Open reads a place as it is written in the settings: file:PATH,
// pkcs11:token=…;object=…?module-path=…&pin-source=file:… (RFC 7512), or
// vault:https://HOST/MOUNT/KEY. A path that is not absolute stands below dir.
// Nothing is asked yet.
func Open(text, dir string, c Config) (Source, error) {
	c = c.withDefaults()
	if c.Clock == nil {
		return nil, errors.New("opening keys: no clock was given")
	}
	kind, rest, _ := strings.Cut(text, ":")
	switch {
	case rest == "":
	case kind == "file":
		if !filepath.IsAbs(rest) {
			rest = filepath.Join(dir, rest)
		}
		return &File{Path: rest}, nil
	case kind == "pkcs11":
		uri, err := parseURI(rest)
		if err != nil {
			return nil, err
		}
		return openToken(uri, c)
	case kind == "vault":
		return newVault(rest, c)
	}
	return nil, fmt.Errorf("reading the place of a key: %q begins with none of file:, pkcs11: and vault:, the known ones", kind)
}
