// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ininjo/db"
	"ininjo/db/dbtest"
	"ininjo/poa/receipt"
	"ininjo/server/outside/signers"
)

// keyDesk is an installation whose processes share a database, a folder of keys
// and a clock.
type keyDesk struct {
	t    *testing.T
	data *dbtest.Database
	file *signers.File
}

func newKeyDesk(t *testing.T) *keyDesk {
	t.Helper()
	k := &keyDesk{t: t, data: dbtest.New(t), file: &signers.File{Path: filepath.Join(t.TempDir(), receiptFile)}}
	if err := makeSigningKey(k.file.Path); err != nil {
		t.Fatal(err)
	}
	return k
}

// start begins a process that rotates with a day of lead and a day of overlap.
func (k *keyDesk) start(sources ...signers.Source) (*keyring, error) {
	if len(sources) == 0 {
		sources = []signers.Source{&signers.File{Path: k.file.Path}}
	}
	s := &service{db: k.data.DB, clock: k.data.Clock, log: slog.New(slog.DiscardHandler), config: Config{signingConfig: signingConfig{KeyLead: day, KeyOverlap: day}}}
	return s.openKeyring(context.WithoutCancel(k.t.Context()), receipt.TypReceipt, sources)
}

func (k *keyDesk) must(ring *keyring, err error) *keyring {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
	return ring
}

func (k *keyDesk) refresh(rings ...*keyring) {
	k.t.Helper()
	for _, r := range rings {
		if err := r.refresh(k.t.Context(), false); err != nil {
			k.t.Fatal(err)
		}
	}
}

// issue signs a receipt of now and verifies it with the published keys.
func (k *keyDesk) issue(r *keyring) (compact, kid string) {
	k.t.Helper()
	now := k.data.Clock.Now()
	compact, err := receipt.Issue(k.t.Context(), r.set, receipt.Claims{Issuer: "https://poa.example", IssuedAt: now, Answer: receipt.Answer{Status: "VALID", AsOf: now, KnownAt: now, AnsweredAt: now}})
	if err != nil {
		k.t.Fatal(err)
	}
	return compact, k.verify(compact)
}

func (k *keyDesk) verify(compact string) string {
	k.t.Helper()
	stored, err := k.data.DB.SigningKeys(context.WithoutCancel(k.t.Context()))
	if err != nil {
		k.t.Fatal(err)
	}
	set, err := receipt.JWKS(publicKeys(stored))
	if err != nil {
		k.t.Fatal(err)
	}
	if _, err := receipt.Verify(compact, set, receipt.TypReceipt); err != nil {
		k.t.Fatal(err)
	}
	key, err := receipt.WhichKey(compact, set, receipt.TypReceipt)
	if err != nil {
		k.t.Fatal(err)
	}
	return key.KeyID
}

// TestThreeProcessesRotate adds a key to the file while three processes run: it is
// published a day before it signs, all change over at the same instant, and one
// that never learns of it stops before its key's published end.
func TestThreeProcessesRotate(t *testing.T) {
	t.Parallel()
	k := newKeyDesk(t)
	one, two, late := k.must(k.start()), k.must(k.start()), k.must(k.start())
	former, old := k.issue(one)
	for _, r := range []*keyring{two, late} {
		if _, kid := k.issue(r); kid != old {
			t.Errorf("another key signed at the beginning: %s", kid)
		}
	}
	if err := k.file.Add(); err != nil {
		t.Fatal(err)
	}
	k.refresh(one, two)
	stored, err := k.data.DB.SigningKeys(t.Context())
	now := k.data.Clock.Now()
	if err != nil || len(stored) != 2 || !stored[1].From.Equal(now.Add(day)) || !stored[0].Until.Equal(now.Add(2*day)) || !stored[1].Until.IsZero() {
		t.Fatalf("published %+v, %v", stored, err)
	}
	fresh := stored[1].KeyID
	k.data.Clock.Advance(day - time.Microsecond)
	for _, r := range []*keyring{one, two, late} {
		if _, kid := k.issue(r); kid != old {
			t.Error("the new key signed before its period")
		}
	}
	k.data.Clock.Advance(time.Microsecond)
	for _, r := range []*keyring{one, two} {
		if _, kid := k.issue(r); kid != fresh {
			t.Error("the processes do not change over at the same instant")
		}
	}
	if _, kid := k.issue(late); kid != old {
		t.Error("who does not hold the new key goes on with the former one in the overlap")
	}
	k.data.Clock.Advance(day)
	late.held[0] = late.held[0][:1]
	late.use(t.Context(), map[string]db.SigningKey{old: {KeyID: old, From: stored[0].From, Until: stored[0].Until}})
	if _, err := receipt.Issue(t.Context(), late.set, receipt.Claims{}); !errors.Is(err, receipt.ErrNoKey) {
		t.Errorf("signed after the published end: %v", err)
	}
	k.refresh(late)
	if _, kid := k.issue(late); kid != fresh {
		t.Error("a process that looks again does not find the new key")
	}
	if kid := k.verify(former); kid != old {
		t.Error("a receipt of the former key does not verify after the rotation")
	}
}

// TestKeysAtTheStart tells a wrong file from a new one before anything is published.
func TestKeysAtTheStart(t *testing.T) {
	t.Parallel()
	k := newKeyDesk(t)
	first := k.must(k.start())
	_, old := k.issue(first)
	other := filepath.Join(t.TempDir(), receiptFile)
	if err := makeSigningKey(other); err != nil {
		t.Fatal(err)
	}
	refused := func() {
		t.Helper()
		_, err := k.start(&signers.File{Path: other})
		var notHeld *notHeldError
		if !errors.As(err, &notHeld) || !strings.Contains(err.Error(), old) {
			t.Errorf("another key alone: %v", err)
		}
		if stored, err := k.data.DB.SigningKeys(t.Context()); err != nil || len(stored) != 1 {
			t.Errorf("it was published: %v, %v", stored, err)
		}
	}
	refused()
	if _, err := k.start(&signers.File{Path: filepath.Join(t.TempDir(), "none.pem")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	t.Run("a place that follows another is published beside it", func(t *testing.T) {
		both := k.must(k.start(&signers.File{Path: k.file.Path}, &signers.File{Path: other}))
		if _, kid := k.issue(both); kid != old {
			t.Error("the second place signs at once")
		}
		k.data.Clock.Advance(2 * day)
		if _, kid := k.issue(k.must(k.start(&signers.File{Path: other}))); kid == old {
			t.Error("the second place does not sign by itself afterwards")
		}
	})
}

// TestLostKeyIsEnded: once the key that signs is ended, another one signs at once.
func TestLostKeyIsEnded(t *testing.T) {
	t.Parallel()
	k := newKeyDesk(t)
	running := k.must(k.start())
	_, old := k.issue(running)
	ended, err := k.data.DB.StopSigningKey(t.Context(), receipt.TypReceipt, old, k.data.Clock.Now().Add(keySpread))
	if err != nil || !ended {
		t.Fatal(ended, err)
	}
	if again, err := k.data.DB.StopSigningKey(t.Context(), receipt.TypReceipt, old, k.data.Clock.Now().Add(time.Hour)); err != nil || again {
		t.Errorf("an end is never put off: %t, %v", again, err)
	}
	if none, err := k.data.DB.StopSigningKey(t.Context(), receipt.TypHeartbeat, old, k.data.Clock.Now()); err != nil || none {
		t.Errorf("a key of another purpose was ended: %t, %v", none, err)
	}
	k.refresh(running)
	k.issue(running)
	k.data.Clock.Advance(keySpread)
	if running.set.KeyID() != "" {
		t.Error("an ended key signs")
	}
	if err := makeSigningKey(k.file.Path + ".new"); err != nil {
		t.Fatal(err)
	}
	fresh := k.must(k.start(&signers.File{Path: k.file.Path + ".new"}))
	if _, kid := k.issue(fresh); kid == old {
		t.Error("no other key signs at once")
	}
}

// TestProcessThatCannotLookSignsNoMore: who does not know whether its key was ended
// does not sign with it.
func TestProcessThatCannotLookSignsNoMore(t *testing.T) {
	t.Parallel()
	k := newKeyDesk(t)
	r := k.must(k.start())
	k.data.Clock.Advance(keySpread - time.Microsecond)
	r.forget(k.data.Clock.Now())
	k.issue(r)
	k.data.Clock.Advance(time.Microsecond)
	r.forget(k.data.Clock.Now())
	if r.set.KeyID() != "" {
		t.Error("it signs")
	}
	k.refresh(r)
	k.issue(r)
}

func TestSigningSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config signingConfig
		want   string
	}{
		"a lead of a year":           {signingConfig{KeyLead: 365 * day}, "--key-lead"},
		"a negative overlap":         {signingConfig{KeyOverlap: -1}, "--key-overlap"},
		"no time to sign":            {signingConfig{SigningTimeout: 1}, "--signing-timeout"},
		"a thousand at once":         {signingConfig{SigningParallel: 1000}, "--signing-parallel"},
		"no place":                   {signingConfig{ReceiptKeys: []string{"receipt.pem"}}, "begins with none of"},
		"a PIN in the settings":      {signingConfig{ReceiptKeys: []string{"pkcs11:token=a;object=b?pin-value=1234"}}, "seen by others"},
		"a KMS without a token":      {signingConfig{HeartbeatKeys: []string{"vault:https://kms.example/transit/k"}}, "--vault-token-file"},
		"a KMS elsewhere, in clear":  {signingConfig{ReceiptKeys: []string{"vault:http://kms.example/transit/k"}, VaultTokenFile: "x"}, "https://"},
		"a KMS without a key's name": {signingConfig{ReceiptKeys: []string{"vault:https://kms.example/transit"}, VaultTokenFile: "x"}, "mount"},
	} {
		if err := c.config.check(); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "1234") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (signingConfig{ReceiptKeys: []string{"file:/a b,c.pem"}}).check(); err != nil {
		t.Error(err)
	}
}
