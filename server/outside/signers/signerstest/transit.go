// SPDX-License-Identifier: Apache-2.0

// Package signerstest plays, for tests, the server of a KMS over its real protocol:
// the Transit engine of HashiCorp Vault and OpenBao. It is for tests alone.
package signerstest

import (
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
	"strconv"
	"sync"
	"sync/atomic"

	"ininjo/poa/receipt"
)

// Token is what the KMS wants, at the path Place below its address.
const (
	Token = "hvs.secret-token"
	Place = "/secret/transit/receipts"
)

// Transit is a KMS with one key.
type Transit struct {
	*httptest.Server
	// Namespace is wanted where it is not empty; Kind is the key's type.
	Namespace, Kind string

	mu     sync.Mutex
	keys   []*ecdsa.PrivateKey // by version, from 1
	status int
	spoil  bool
	hang   chan struct{}
	busy   int64
	// Most is how many signatures were under way at once, Asked how many were asked
	// for.
	Most, Asked atomic.Int64
}

// NewTransit starts a KMS, over TLS or, for the machine itself, without.
func NewTransit(overTLS bool) *Transit {
	k := &Transit{Kind: "ecdsa-p256"}
	k.Rotate()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/secret/transit/keys/receipts", k.read)
	mux.HandleFunc("POST /v1/secret/transit/sign/receipts/sha2-256", k.sign)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { k.admit(w, r, mux) })
	if overTLS {
		k.Server = httptest.NewTLSServer(handler)
	} else {
		k.Server = httptest.NewServer(handler)
	}
	return k
}

// admit checks the token; refusals repeat it, as a careless server might.
func (k *Transit) admit(w http.ResponseWriter, r *http.Request, next http.Handler) {
	k.mu.Lock()
	status := k.status
	k.mu.Unlock()
	said := `{"errors":["` + r.Header.Get("X-Vault-Token") + `"]}`
	switch {
	case r.Header.Get("X-Vault-Token") != Token || r.Header.Get("X-Vault-Namespace") != k.Namespace:
		http.Error(w, said, http.StatusForbidden)
	case status != 0:
		w.Header().Set("Location", k.URL)
		http.Error(w, said, status)
	default:
		next.ServeHTTP(w, r)
	}
}

// Rotate makes a new version of the key.
func (k *Transit) Rotate() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err) // a test without randomness
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys = append(k.keys, key)
}

// Public is the public half of a version.
func (k *Transit) Public(version int) *ecdsa.PublicKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	return &k.keys[version-1].PublicKey
}

// Fail answers everything with a status; 0 ends it.
func (k *Transit) Fail(status int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.status = status
}

// Spoil gives wrong signatures.
func (k *Transit) Spoil() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.spoil = true
}

// Hang answers no signature until the returned function is called.
func (k *Transit) Hang() (release func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	hang := make(chan struct{})
	k.hang = hang
	return func() { close(hang) }
}

func (k *Transit) read(w http.ResponseWriter, _ *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	versions := map[string]any{}
	for i, key := range k.keys {
		der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
		if err != nil {
			panic(err) // a key of our own
		}
		versions[strconv.Itoa(i+1)] = map[string]any{"name": "P-256", "creation_time": "2026-06-01T00:00:00Z", "public_key": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"type": k.Kind, "keys": versions, "latest_version": len(k.keys), "min_encryption_version": 0}})
}

// begin counts a signature; the returned function ends it.
func (k *Transit) begin() (hang chan struct{}, end func()) {
	k.Asked.Add(1)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.busy++
	k.Most.Store(max(k.Most.Load(), k.busy))
	return k.hang, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.busy--
	}
}

func (k *Transit) sign(w http.ResponseWriter, r *http.Request) {
	hang, end := k.begin()
	defer end()
	if hang != nil {
		select {
		case <-hang:
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
	raw, err := k.signature(asked.KeyVersion, asked.Input)
	if err != nil {
		http.Error(w, "{}", http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"signature": fmt.Sprintf("vault:v%d:%s", asked.KeyVersion, base64.RawURLEncoding.EncodeToString(raw[:]))}})
}

func (k *Transit) signature(version int, digest []byte) ([64]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	der, err := k.keys[version-1].Sign(rand.Reader, digest, crypto.SHA256)
	if err != nil {
		return [64]byte{}, err
	}
	raw, err := receipt.RawSignature(der)
	if k.spoil {
		raw[5] ^= 1
	}
	return raw, err
}
