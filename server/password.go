// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

// hasher hashes passwords by argon2id (RFC 9106). Each hash takes 64 MiB, so
// that only a few may run at once; others wait within their context.
type hasher struct {
	slots  chan struct{}
	params argon2id.Params
	// nobody is compared with where there is no account: guessing addresses
	// takes as long as guessing passwords.
	nobody string
}

func newHasher(params argon2id.Params) (*hasher, error) {
	nobody, err := argon2id.CreateHash("nobody", &params)
	if err != nil {
		return nil, fmt.Errorf("hashing password: %w", err)
	}
	return &hasher{slots: make(chan struct{}, 2), params: params, nobody: nobody}, nil
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
