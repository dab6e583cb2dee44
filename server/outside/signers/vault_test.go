// SPDX-License-Identifier: Apache-2.0

package signers_test

import (
	"context"
	"crypto/rand"
	"encoding/pem"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"ininjo/poa/poatest"
	"ininjo/poa/receipt"
	"ininjo/server/outside/signers"
	"ininjo/server/outside/signers/signerstest"
)

var now = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

func newTransit(t *testing.T) *signerstest.Transit {
	t.Helper()
	k := signerstest.NewTransit(true)
	k.Namespace = "poa"
	t.Cleanup(k.Close)
	return k
}

// openVault connects as an operator does.
func openVault(t *testing.T, k *signerstest.Transit, clock *poatest.Clock, edit func(*signers.Config)) signers.Source {
	t.Helper()
	dir := t.TempDir()
	token, ca := filepath.Join(dir, "token"), filepath.Join(dir, "ca.pem")
	write(t, token, []byte(signerstest.Token+"\n"))
	write(t, ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.Certificate().Raw}))
	c := signers.Config{VaultTokenFile: token, VaultNamespace: "poa", VaultCAFile: ca, Clock: clock}
	if edit != nil {
		edit(&c)
	}
	source, err := signers.Open("vault:"+k.URL+signerstest.Place, "", c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = source.Close() })
	return source
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func keysOf(t *testing.T, source signers.Source) []receipt.Key {
	t.Helper()
	keys, err := source.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// issueWith signs a receipt and verifies it with the key's public half.
func issueWith(ctx context.Context, key receipt.Key) error {
	signer, err := receipt.NewES256(key)
	if err != nil {
		return err
	}
	compact, err := receipt.Issue(ctx, signer, receipt.Claims{Issuer: "https://poa.example", IssuedAt: now, Answer: receipt.Answer{Status: "VALID", AsOf: now, KnownAt: now, AnsweredAt: now}})
	if err != nil {
		return err
	}
	jwk, err := receipt.PublicJWK(key.Public())
	if err != nil {
		return err
	}
	set, err := receipt.JWKS([]receipt.PublicKey{{JWK: jwk, Purpose: receipt.TypReceipt}})
	if err != nil {
		return err
	}
	_, err = receipt.Verify(compact, set, receipt.TypReceipt)
	return err
}

func TestVaultSigns(t *testing.T) {
	t.Parallel()
	k := newTransit(t)
	source := openVault(t, k, poatest.NewClock(now), nil)
	if keys := keysOf(t, source); len(keys) != 1 || issueWith(t.Context(), keys[0]) != nil {
		t.Fatalf("%d keys", len(keys))
	}
	k.Rotate()
	keys := keysOf(t, source)
	if len(keys) != 2 || !keys[1].Public().Equal(k.Public(2)) {
		t.Fatalf("a new version is not found, or is not the last: %d keys", len(keys))
	}
	for i, key := range keys {
		if err := issueWith(t.Context(), key); err != nil {
			t.Errorf("version %d: %v", i+1, err)
		}
	}
}

// TestVaultFails: each failure is told without the token, also where the KMS
// repeats it.
func TestVaultFails(t *testing.T) {
	t.Parallel()
	k := newTransit(t)
	clock := poatest.NewClock(now)
	key := keysOf(t, openVault(t, k, clock, func(c *signers.Config) { c.Failures = 100 }))[0]
	for status, want := range map[int]string{403: "does not hold", 404: "no such engine", 503: "sealed", 500: "HTTP 500", 307: "HTTP 307"} {
		k.Fail(status)
		err := issueWith(t.Context(), key)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), signerstest.Token) {
			t.Errorf("%d: %v", status, err)
		}
	}
	k.Fail(0)
	k.Spoil()
	if err := issueWith(t.Context(), key); err == nil || !strings.Contains(err.Error(), "wrong signature") {
		t.Errorf("a wrong signature was used: %v", err)
	}
	for name, edit := range map[string]func(*signers.Config){
		"another authority": func(c *signers.Config) { c.VaultCAFile = "" },
		"no token":          func(c *signers.Config) { c.VaultTokenFile = filepath.Join(t.TempDir(), "none") },
	} {
		if _, err := openVault(t, k, clock, edit).Keys(t.Context()); err == nil {
			t.Errorf("%s: it was asked", name)
		}
	}
	k.Kind = "ed25519"
	if _, err := openVault(t, k, clock, nil).Keys(t.Context()); err == nil || !strings.Contains(err.Error(), "ecdsa-p256 is wanted") {
		t.Errorf("another kind of key: %v", err)
	}
}

// TestDeadVaultHoldsNothingUp: a KMS that hangs costs a few answers its time and
// the others none; once it answers again, receipts do.
func TestDeadVaultHoldsNothingUp(t *testing.T) {
	t.Parallel()
	k := newTransit(t)
	clock := poatest.NewClock(now)
	key := keysOf(t, openVault(t, k, clock, func(c *signers.Config) { c.Timeout, c.Failures, c.Parallel = 300*time.Millisecond, 2, 4 }))[0]
	release := k.Hang()
	var going sync.WaitGroup
	for range 12 { // more than there are places: they wait no longer than the others
		going.Go(func() {
			if issueWith(t.Context(), key) == nil {
				t.Error("a KMS that hangs has signed")
			}
		})
	}
	going.Wait()
	asked := k.Asked.Load()
	for range 50 {
		if err := issueWith(t.Context(), key); err == nil || !strings.Contains(err.Error(), "not asked for a while") {
			t.Fatalf("while it is held off: %v", err)
		}
	}
	if k.Asked.Load() != asked {
		t.Error("it was asked all the same")
	}
	release()
	clock.Advance(6 * time.Second)
	if err := issueWith(t.Context(), key); err != nil {
		t.Errorf("after the pause: %v", err)
	}
	t.Run("who leaves early says nothing of the place", func(t *testing.T) {
		gone, leave := context.WithCancel(t.Context())
		leave()
		for range 10 {
			_ = issueWith(gone, key)
		}
		if err := issueWith(t.Context(), key); err != nil {
			t.Error(err)
		}
	})
}

// TestVaultIsAskedSoManyAtOnce holds the KMS until as many as may be are there.
func TestVaultIsAskedSoManyAtOnce(t *testing.T) {
	t.Parallel()
	k := newTransit(t)
	key := keysOf(t, openVault(t, k, poatest.NewClock(now), func(c *signers.Config) { c.Timeout, c.Parallel = time.Minute, 4 }))[0]
	release := k.Hang()
	var going sync.WaitGroup
	for range 12 {
		going.Go(func() {
			if err := issueWith(t.Context(), key); err != nil {
				t.Error(err)
			}
		})
	}
	for k.Asked.Load() < 4 {
		runtime.Gosched()
	}
	release()
	going.Wait()
	if most := k.Most.Load(); most != 4 {
		t.Errorf("%d were asked for at once", most)
	}
}

func TestFileAdds(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "receipt.pem")
	private, err := receipt.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text, err := receipt.MarshalPrivatePEM(private)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, []byte(strings.TrimSpace(string(text))))
	file := &signers.File{Path: path}
	if err := file.Add(); err != nil {
		t.Fatal(err)
	}
	keys := keysOf(t, file)
	if len(keys) != 2 || !keys[0].Public().Equal(&private.PublicKey) {
		t.Fatalf("%d keys", len(keys))
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	for _, key := range keys {
		if err := issueWith(t.Context(), key); err != nil {
			t.Error(err)
		}
	}
	write(t, path, []byte("no key"))
	if file.Add() == nil {
		t.Error("what is no file of keys was added to")
	}
}

func FuzzPlace(f *testing.F) {
	for _, text := range []string{"file:a", "pkcs11:token=a;object=%20b?module-path=/m&pin-source=file:/p", "vault:https://h/transit/k", "pkcs11:id=%01", ":", ""} {
		f.Add(text)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		if source, err := signers.Open(text, "/keys", signers.Config{VaultTokenFile: "/t", Clock: poatest.NewClock(now)}); err == nil {
			_, _ = source.Name(), source.Remote()
			_ = source.Close()
		}
	})
}
