// SPDX-License-Identifier: Apache-2.0

package signers_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ininjo/poa/poatest"
	"ininjo/poa/receipt"
	"ininjo/server/outside/signers"
)

var now = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

// transit is the Transit engine of a KMS: only the server is played, over its real
// protocol.
type transit struct {
	*httptest.Server
	mu     sync.Mutex
	keys   []*ecdsa.PrivateKey // by version, from 1
	kind   string
	status int
	// busy are the signatures under way, most the highest number of them.
	busy, most, asked atomic.Int64
	hang              chan struct{}
	spoil             bool
}

const kmsToken = "hvs.secret-token"

func newTransit(t *testing.T) *transit {
	t.Helper()
	k := &transit{kind: "ecdsa-p256"}
	k.rotate(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/secret/transit/keys/receipts", k.read)
	mux.HandleFunc("POST /v1/secret/transit/sign/receipts/sha2-256", k.sign)
	k.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k.mu.Lock()
		status := k.status
		k.mu.Unlock()
		switch {
		case r.Header.Get("X-Vault-Token") != kmsToken || r.Header.Get("X-Vault-Namespace") != "poa":
			http.Error(w, `{"errors":["permission denied: `+r.Header.Get("X-Vault-Token")+`"]}`, http.StatusForbidden)
		case status != 0:
			w.Header().Set("Location", k.URL)
			http.Error(w, `{"errors":["`+r.Header.Get("X-Vault-Token")+`"]}`, status)
		default:
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(k.Close)
	return k
}

func (k *transit) rotate(t *testing.T) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys = append(k.keys, key)
}

func (k *transit) fails(status int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.status = status
}

func (k *transit) read(w http.ResponseWriter, _ *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	versions := map[string]any{}
	for i, key := range k.keys {
		der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
		if err != nil {
			panic(err)
		}
		versions[strconv.Itoa(i+1)] = map[string]any{"name": "P-256", "creation_time": now, "public_key": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"type": k.kind, "keys": versions, "latest_version": len(k.keys), "min_encryption_version": 0}})
}

func (k *transit) sign(w http.ResponseWriter, r *http.Request) {
	k.asked.Add(1)
	busy := k.busy.Add(1)
	defer k.busy.Add(-1)
	for most := k.most.Load(); busy > most && !k.most.CompareAndSwap(most, busy); most = k.most.Load() {
	}
	if k.hang != nil {
		select {
		case <-k.hang:
		case <-r.Context().Done():
			return
		}
	}
	var asked struct {
		Input      []byte `json:"input"`
		Prehashed  bool   `json:"prehashed"`
		KeyVersion int    `json:"key_version"`
		Marshaling string `json:"marshaling_algorithm"`
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || !asked.Prehashed || asked.Marshaling != "jws" || len(asked.Input) != sha256.Size {
		http.Error(w, "{}", http.StatusBadRequest)
		return
	}
	k.mu.Lock()
	key, spoil := k.keys[asked.KeyVersion-1], k.spoil
	k.mu.Unlock()
	der, err := key.Sign(rand.Reader, asked.Input, crypto.SHA256)
	if err != nil {
		panic(err)
	}
	raw, err := receipt.RawSignature(der)
	if err != nil {
		panic(err)
	}
	if spoil {
		raw[5] ^= 1
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"signature": fmt.Sprintf("vault:v%d:%s", asked.KeyVersion, base64.RawURLEncoding.EncodeToString(raw[:]))}})
}

// open connects as an operator does.
func (k *transit) open(t *testing.T, clock *poatest.Clock, edit func(*signers.Config)) signers.Source {
	t.Helper()
	dir := t.TempDir()
	token, ca := filepath.Join(dir, "token"), filepath.Join(dir, "ca.pem")
	write(t, token, []byte(kmsToken+"\n"))
	write(t, ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.Certificate().Raw}))
	c := signers.Config{VaultTokenFile: token, VaultNamespace: "poa", VaultCAFile: ca, Clock: clock}
	if edit != nil {
		edit(&c)
	}
	source, err := signers.Open("vault:"+k.URL+"/secret/transit/receipts", "", c)
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
	source := k.open(t, poatest.NewClock(now), nil)
	if keys := keysOf(t, source); len(keys) != 1 || issueWith(t.Context(), keys[0]) != nil {
		t.Fatalf("%d keys", len(keys))
	}
	k.rotate(t)
	keys := keysOf(t, source)
	if len(keys) != 2 || !keys[1].Public().Equal(&k.keys[1].PublicKey) {
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
	key := keysOf(t, k.open(t, clock, func(c *signers.Config) { c.Failures = 100 }))[0]
	for status, want := range map[int]string{403: "does not hold", 404: "no such engine", 503: "sealed", 500: "HTTP 500", 307: "HTTP 307"} {
		k.fails(status)
		err := issueWith(t.Context(), key)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), kmsToken) {
			t.Errorf("%d: %v", status, err)
		}
	}
	k.fails(0)
	k.spoil = true
	if err := issueWith(t.Context(), key); err == nil || !strings.Contains(err.Error(), "wrong signature") {
		t.Errorf("a wrong signature was used: %v", err)
	}
	for name, edit := range map[string]func(*signers.Config){
		"another authority": func(c *signers.Config) { c.VaultCAFile = "" },
		"no token":          func(c *signers.Config) { c.VaultTokenFile = filepath.Join(t.TempDir(), "none") },
	} {
		if _, err := k.open(t, clock, edit).Keys(t.Context()); err == nil {
			t.Errorf("%s: it was asked", name)
		}
	}
	k.kind = "ed25519"
	if _, err := k.open(t, clock, nil).Keys(t.Context()); err == nil || !strings.Contains(err.Error(), "ecdsa-p256 is wanted") {
		t.Errorf("another kind of key: %v", err)
	}
}

// TestDeadVaultHoldsNothingUp: a KMS that hangs costs a few answers its time and
// the others none; once it answers again, receipts do.
func TestDeadVaultHoldsNothingUp(t *testing.T) {
	t.Parallel()
	k := newTransit(t)
	clock := poatest.NewClock(now)
	key := keysOf(t, k.open(t, clock, func(c *signers.Config) { c.Timeout, c.Failures, c.Parallel = 300*time.Millisecond, 2, 4 }))[0]
	k.hang = make(chan struct{})
	var going sync.WaitGroup
	for range 12 { // more than there are places: they wait no longer than the others
		going.Go(func() {
			if issueWith(t.Context(), key) == nil {
				t.Error("a KMS that hangs has signed")
			}
		})
	}
	going.Wait()
	if most := k.most.Load(); most > 4 {
		t.Errorf("%d were asked for at once", most)
	}
	asked := k.asked.Load()
	for range 50 {
		if err := issueWith(t.Context(), key); err == nil || !strings.Contains(err.Error(), "not asked for a while") {
			t.Fatalf("while it is held off: %v", err)
		}
	}
	if k.asked.Load() != asked {
		t.Error("it was asked all the same")
	}
	close(k.hang)
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
