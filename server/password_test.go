// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/pquerna/otp/totp"
)

// TestPasswordHash hashes as the program does, though other tests do not.
func TestPasswordHash(t *testing.T) {
	t.Parallel()
	h := newHasher(ofTheService)
	hash, err := h.Hash(t.Context(), "correct horse battery")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=65536,t=3,p=2$") {
		t.Errorf("hashed as %s: %v", hash, err)
	}
	for password, want := range map[string]bool{"correct horse battery": true, "correct horse": false, "": false} {
		if ok, err := h.Matches(t.Context(), hash, password); err != nil || ok != want {
			t.Errorf("%q: %v, %v", password, ok, err)
		}
	}
	if ok, err := h.Matches(t.Context(), "", "nobody"); err != nil || ok {
		t.Errorf("nobody's password: %v, %v", ok, err)
	}
	if _, params, err := argon2id.CheckHash("nobody", h.nobody); err != nil || *params != ofTheService { // it takes as long
		t.Errorf("nobody's hash is of %+v: %v", params, err)
	}
}

// TestCodeStep finds a code's step within one step of the instant, and no other.
func TestCodeStep(t *testing.T) {
	t.Parallel()
	h := newHasher(argon2id.Params{Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	secret, at := "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", time.Date(2026, 6, 1, 3, 0, 10, 0, time.UTC)
	for offset, fits := range map[int64]bool{-2: false, -1: true, 0: true, 1: true, 2: false} {
		code, err := totp.GenerateCode(secret, at.Add(time.Duration(offset)*30*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		step, ok := h.CodeStep(secret, code, at)
		if ok != fits || ok && step != at.Unix()/30+offset {
			t.Errorf("a code of %d steps away: %d, %v", offset, step, ok)
		}
	}
	for _, code := range []string{"", "12345", "1234567", "abcdef", "１２３４５６"} {
		if _, ok := h.CodeStep(secret, code, at); ok {
			t.Errorf("%q fits", code)
		}
	}
	if _, ok := h.CodeStep("", "123456", at); ok {
		t.Error("no secret has a code")
	}
}
