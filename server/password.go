// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"runtime"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"golang.org/x/crypto/argon2"
)

// hasher hashes passwords by argon2id (RFC 9106). Each hash takes 64 MiB and a
// core for each lane, so that no more than two run at once, and no more than
// there are cores for; others wait within their context.
type hasher struct {
	slots  chan struct{}
	params argon2id.Params
	// nobody is compared with where there is no account: guessing addresses
	// takes as long as guessing passwords.
	nobody string
}

func newHasher(params argon2id.Params) *hasher {
	slots := min(2, max(1, runtime.GOMAXPROCS(0)/int(params.Parallelism)))
	return &hasher{slots: make(chan struct{}, slots), params: params, nobody: nobodysHash(params)}
}

// nobodysHash is a hash of no password that is known: random, and not calculated.
// Each calculation takes 64 MiB, and the start should not: the garbage collector
// would let the heap grow to several times that.
func nobodysHash(params argon2id.Params) string {
	random := make([]byte, params.SaltLength+params.KeyLength)
	_, _ = rand.Read(random) // it never fails
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, params.Memory, params.Iterations, params.Parallelism,
		encode(random[:params.SaltLength]), encode(random[params.SaltLength:]))
}

// passwordParams follow the second choice of RFC 9106, section 4, with one lane
// for each of two cores.
var passwordParams = argon2id.Params{Memory: 64 * 1024, Iterations: 3, Parallelism: 2, SaltLength: 16, KeyLength: 32}

func (h *hasher) enter(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for password hashing: %w", ctx.Err())
	}
}

// Hash returns what is kept of a password.
func (h *hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer func() { <-h.slots }()
	return argon2id.CreateHash(password, &h.params)
}

// Matches compares a password with what is kept of one. An empty hash matches
// nothing and takes as long.
func (h *hasher) Matches(ctx context.Context, hash, password string) (bool, error) {
	if err := h.enter(ctx); err != nil {
		return false, err
	}
	defer func() { <-h.slots }()
	if hash == "" {
		_, err := argon2id.ComparePasswordAndHash(password, h.nobody)
		return false, err
	}
	return argon2id.ComparePasswordAndHash(password, hash)
}

// codeOptions are those of RFC 6238 that authenticator apps take for granted.
var codeOptions = hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}

// codePeriod is the length of a time step.
const codePeriod = 30

// CodeStep finds the time step whose code it is (RFC 6238: 30 s, 6 digits, one
// step of tolerance). Codes are compared in constant time.
func (h *hasher) CodeStep(secret, code string, at time.Time) (int64, bool) {
	if secret == "" {
		return 0, false
	}
	now, found := at.Unix()/codePeriod, int64(-1)
	for step := now - 1; step <= now+1; step++ {
		if ok, err := hotp.ValidateCustom(code, uint64(step), secret, codeOptions); err == nil && ok {
			found = step
		}
	}
	return found, found >= 0
}
