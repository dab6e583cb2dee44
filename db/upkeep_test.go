// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/db"
	"ininjo/db/dbtest"
	"ininjo/poa"
)

func TestKeyChecks(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	for range 2 {
		if err := d.DB.CheckKeys(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.DB.CheckKey(t.Context(), "master", bytes.Repeat([]byte("m"), 32)); err != nil {
		t.Errorf("the right key: %v", err)
	}
	if err := d.DB.CheckKey(t.Context(), "master", []byte("another")); err == nil || !strings.Contains(err.Error(), `"master"`) {
		t.Errorf("a wrong key: %v", err)
	}
	other, err := db.NewSealer(d.KeyStore, bytes.Repeat([]byte("m"), 32), bytes.Repeat([]byte("x"), 32), d.Clock)
	if err != nil {
		t.Fatal(err)
	}
	store, err := db.Open(t.Context(), db.Config{URL: d.URL, Sealer: other, Clock: d.Clock})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.CheckKeys(t.Context()); err == nil || !strings.Contains(err.Error(), `"hash"`) {
		t.Errorf("a wrong hash key: %v", err)
	}
}

func TestMarks(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	state := func() [2]bool {
		marked, err := d.DB.IsMarked(t.Context(), "demo")
		if err != nil {
			t.Fatal(err)
		}
		empty, err := d.DB.IsEmpty(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return [2]bool{marked, empty}
	}
	if got := state(); got != [2]bool{false, true} {
		t.Error(got)
	}
	for range 2 {
		if err := d.DB.Mark(t.Context(), "demo"); err != nil {
			t.Fatal(err)
		}
	}
	if got := state(); got != [2]bool{true, false} {
		t.Error(got)
	}
}

func TestSigningKeys(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	k := db.SigningKey{KeyID: "k1", Purpose: "receipt", JWK: json.RawMessage(`{"kty": "EC","crv":"P-256"}`), From: d.Clock.Now()}
	for range 2 {
		if err := d.DB.InsertSigningKey(t.Context(), k); err != nil {
			t.Fatal(err)
		}
	}
	other := k
	other.Purpose = "heartbeat"
	if err := d.DB.InsertSigningKey(t.Context(), other); poa.CodeOf(err) != poa.CodeConflict {
		t.Errorf("another purpose: %v", err)
	}
	k.Until, k.JWK = k.From.Add(time.Hour), json.RawMessage(`{"kty":"EC","crv":"P-256"}`)
	if err := d.DB.EndSigningKey(t.Context(), "k1", k.Until); err != nil {
		t.Error(err)
	}
	keys, err := d.DB.SigningKeys(t.Context())
	if diff := cmp.Diff([]db.SigningKey{k}, keys); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	for _, c := range []struct {
		name          string
		before, after time.Duration // of the machine's clock, beside the database's
		low, high     time.Duration // of what is told
	}{
		{"clocks that agree", 0, 0, 0, 0},
		{"an answer that took a second", -time.Second, 0, 0, 0},
		{"a machine an hour behind", -time.Hour, -time.Hour, 50 * time.Minute, time.Hour},
		{"a machine an hour ahead", time.Hour, time.Hour, -time.Hour, -50 * time.Minute},
	} {
		ahead, err := d.DB.Ready(t.Context(), &lateClock{before: c.before, after: c.after})
		if err != nil || ahead < c.low-time.Millisecond || ahead > c.high+time.Millisecond {
			t.Errorf("%s: %v ahead, %v", c.name, ahead, err)
		}
	}
	d.DB.Close()
	if err := d.DB.Ping(context.WithoutCancel(t.Context())); err == nil {
		t.Error("a closed database answers")
	}
}

// lateClock is the machine's, off by one time when it is first read and by another
// afterwards.
type lateClock struct{ before, after time.Duration }

func (c *lateClock) Now() time.Time {
	off := c.before
	c.before = c.after
	return poa.SystemClock{}.Now().Add(off)
}
