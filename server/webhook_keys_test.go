// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ininjo/db/dbtest"
	"ininjo/poa"
)

// webhookFolder is a folder with the keys of webhooks alone.
func webhookFolder(t *testing.T, dirs ...string) string {
	t.Helper()
	dir := t.TempDir()
	if len(dirs) == 0 {
		if err := makeWebhookKey(dir); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	var all []byte
	for _, from := range dirs {
		text, err := os.ReadFile(filepath.Join(from, webhookKeyFile))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text...)
	}
	if err := os.WriteFile(filepath.Join(dir, webhookKeyFile), all, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// publish starts with the keys of a folder, as the program does.
func publish(t *testing.T, d *dbtest.Database, dir string) error {
	t.Helper()
	loaded, err := loadWebhookKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := &service{db: d.DB, clock: d.Clock, log: slog.New(slog.DiscardHandler), keys: keys{webhook: loaded}, config: Config{Keys: dir}}
	return s.publishWebhookKeys(t.Context())
}

func TestWebhookKeysAreRotated(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	old, fresh := webhookFolder(t), webhookFolder(t)
	published := func() []poa.WebhookKey {
		keys, err := d.DB.WebhookKeys(context.WithoutCancel(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	for range 2 { // another process, or a restart, changes nothing
		if err := publish(t, d, old); err != nil {
			t.Fatal(err)
		}
	}
	first := published()
	if len(first) != 1 || !first[0].Until.IsZero() || !strings.HasPrefix(first[0].Public, "whpk_") || !first[0].From.Equal(d.Clock.Now()) {
		t.Fatalf("published %+v", first)
	}
	d.Clock.Advance(time.Hour)
	if err := publish(t, d, webhookFolder(t, old, fresh)); err != nil {
		t.Fatal(err)
	}
	if both := published(); len(both) != 2 || !both[0].Until.IsZero() || !both[1].Until.IsZero() || both[1] != first[0] {
		t.Errorf("while both sign: %+v", both)
	}
	d.Clock.Advance(time.Hour)
	if err := publish(t, d, fresh); err != nil {
		t.Fatal(err)
	}
	after := published()
	if len(after) != 2 || !after[0].Until.IsZero() || after[1].ID != first[0].ID || !after[1].Until.Equal(d.Clock.Now()) {
		t.Errorf("after the rotation: %+v", after)
	}
	t.Run("a key that ended signs no more", func(t *testing.T) {
		if err := publish(t, d, webhookFolder(t, old, fresh)); err == nil || !strings.Contains(err.Error(), first[0].ID) {
			t.Errorf("it was taken: %v", err)
		}
	})
	set, err := d.DB.SigningKeys(t.Context())
	if err != nil || len(publicKeys(set)) != 2 {
		t.Errorf("the key set holds %d, %v", len(set), err)
	}
}

func TestWebhookKeyFile(t *testing.T) {
	t.Parallel()
	one := webhookFolder(t)
	loaded, err := loadWebhookKeys(webhookFolder(t, one, webhookFolder(t), webhookFolder(t)))
	if err != nil || len(loaded) != 3 || slices.ContainsFunc(loaded, func(k ed25519.PrivateKey) bool { return len(k) != 64 }) {
		t.Errorf("%d keys, %v", len(loaded), err)
	}
	if _, err := loadWebhookKeys(webhookFolder(t, one, one, one, one)); err == nil {
		t.Error("more signatures than a header has room for")
	}
}

// An installation of before there were keys of webhooks gets one beside the
// private PostgreSQL, once; one that signed is to be found again.
func TestFirstWebhookKey(t *testing.T) {
	t.Parallel()
	d, dir := dbtest.New(t), t.TempDir()
	elsewhere := &service{db: d.DB, clock: d.Clock, log: slog.New(slog.DiscardHandler), config: Config{Keys: dir, DatabaseURL: "postgres://elsewhere"}}
	if err := elsewhere.publishWebhookKeys(t.Context()); err == nil || !strings.Contains(err.Error(), "openssl genpkey -algorithm ed25519") {
		t.Errorf("with a database of the operator's: %v", err)
	}
	if err := publish(t, d, dir); err != nil {
		t.Fatal(err)
	}
	if made, err := loadWebhookKeys(dir); err != nil || len(made) != 1 {
		t.Errorf("%d keys were made, %v", len(made), err)
	}
	if err := publish(t, d, t.TempDir()); err == nil || !strings.Contains(err.Error(), "webhook.pem is missing") {
		t.Errorf("a key that signed is missing: %v", err)
	}
}
