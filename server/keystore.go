// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"ininjo/db"
)

// keyStoreVariable is the place for a URL with a password: arguments can be
// read by everybody on the machine.
const keyStoreVariable = "ININJO_KEY_STORE"

// namedKeyStore reads --key-store: a folder, or the URL of a PostgreSQL
// database. A password is taken from the environment only (design.md, rule 13).
func namedKeyStore(setting string) (string, error) {
	if !isDatabaseURL(setting) {
		if setting == "" {
			return "", nil
		}
		return kong.ExpandPath(setting), nil
	}
	u, err := url.Parse(setting)
	if err != nil {
		return "", errors.New("--key-store is not a PostgreSQL URL") // err quotes it
	}
	_, secret := u.User.Password()
	for _, name := range []string{"password", "sslpassword"} {
		secret = secret || u.Query().Has(name)
	}
	if secret && setting != os.Getenv(keyStoreVariable) {
		return "", fmt.Errorf("--key-store holds a password, which everybody on the machine could read: give the URL in %s, or the password in a file (passfile)", keyStoreVariable)
	}
	return setting, nil
}

func isDatabaseURL(setting string) bool {
	return strings.HasPrefix(setting, "postgres://") || strings.HasPrefix(setting, "postgresql://")
}

// openKeyStore opens the store of wrapped data keys, which is never in the
// database that holds the data.
func (s *service) openKeyStore(ctx context.Context) (db.KeyStore, error) {
	if !isDatabaseURL(s.config.KeyStore) {
		store, err := db.NewFolderKeyStore(s.config.KeyStore)
		if err != nil {
			return nil, fmt.Errorf("opening --key-store: %w", err)
		}
		return store, nil
	}
	sameServer, err := db.KeyStoreApart(ctx, s.config.KeyStore, s.database.url)
	if err != nil {
		return nil, fmt.Errorf("opening --key-store: %w", err)
	}
	if sameServer {
		s.log.Warn("the key store is on the same PostgreSQL server as the data: a backup of the whole server holds both, and erases nobody")
	}
	store, err := db.NewDatabaseKeyStore(ctx, s.config.KeyStore, s.clock)
	if err != nil {
		return nil, fmt.Errorf("opening --key-store: %w", err)
	}
	s.keyStore = store
	return store, nil
}
