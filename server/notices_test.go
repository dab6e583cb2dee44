// SPDX-License-Identifier: Apache-2.0

package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ininjo/db/dbtest"
	"ininjo/poa"
	"ininjo/poa/receipt"
)

// TestHeartbeatKey starts with and without the key of heartbeats.
func TestHeartbeatKey(t *testing.T) {
	t.Parallel()
	data := dbtest.New(t)
	policy := poa.DefaultPolicy("https://ininjo.example")
	s := &service{db: data.DB, clock: data.Clock, log: slog.New(slog.DiscardHandler), chapters: chapters{notifier: poa.NewNotifier(data.Clock, data.DB, policy)},
		config: Config{Keys: t.TempDir(), DatabaseURL: "postgres://elsewhere", noticesConfig: noticesConfig{Heartbeat: time.Hour}}}
	path := filepath.Join(s.config.Keys, heartbeatFile)
	signed := func() bool {
		jws, err := s.chapters.notifier.HeartbeatOf(t.Context(), poa.Feed{PartyID: "rcp_1", FeedSlice: poa.FeedSlice{Head: poa.Head{Stream: "s"}}})
		if err != nil {
			t.Fatal(err)
		}
		return jws != ""
	}
	if err := s.equipHeartbeats(t.Context()); err != nil || signed() {
		t.Errorf("beside a database of the operator's without the key: %v, signed %t", err, signed())
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a key was made beside a database of the operator's")
	}
	s.config.DatabaseURL = ""
	if err := s.equipHeartbeats(t.Context()); err != nil || !signed() {
		t.Errorf("beside the private PostgreSQL: %v, signed %t", err, signed())
	}
	stored, err := data.DB.SigningKeys(t.Context())
	if err != nil || len(stored) != 1 || stored[0].Purpose != receipt.TypHeartbeat {
		t.Errorf("the database holds %v, %v", stored, err)
	}
	if err := s.equipHeartbeats(t.Context()); err != nil {
		t.Errorf("at the next start: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := s.equipHeartbeats(t.Context()); err == nil {
		t.Error("a key that signed and is gone is made anew")
	}
	if err := os.WriteFile(path, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.equipHeartbeats(t.Context()); err == nil {
		t.Error("what is no key is taken")
	}
	s.config.Heartbeat = 0
	if err := s.equipHeartbeats(t.Context()); err != nil {
		t.Errorf("switched off: %v", err)
	}
	for _, odd := range []time.Duration{time.Second, -time.Hour, 25 * time.Hour} {
		if (noticesConfig{Heartbeat: odd}).check() == nil {
			t.Errorf("%v is taken", odd)
		}
	}
}
