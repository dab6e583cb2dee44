// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"crypto/rand"
	"fmt"
)

// recoveryCodes is how many codes are made at once; each is 10 symbols of
// Crockford's base 32 (50 bits), written 5-5.
const (
	recoveryCodes  = 10
	recoveryLength = 10
)

func newRecoveryCodes() []string {
	codes := make([]string, recoveryCodes)
	for i := range codes {
		var raw [recoveryLength]byte
		rand.Read(raw[:])
		for j, b := range raw {
			raw[j] = crockford[b&31]
		}
		codes[i] = string(raw[:5]) + "-" + string(raw[5:])
	}
	return codes
}

// parseRecoveryCode reads a code in any case, with or without the hyphen, and as
// Crockford reads I, L and O.
func parseRecoveryCode(text string) (string, bool) {
	var symbols [recoveryLength]byte
	if !readCrockford(text, symbols[:]) {
		return "", false
	}
	for i, s := range symbols {
		symbols[i] = crockford[s]
	}
	return string(symbols[:5]) + "-" + string(symbols[5:]), true
}

// MakeRecoveryCodes makes ten new recovery codes, by the password, and returns
// them this once; the earlier ones hold no more.
func (a *Access) MakeRecoveryCodes(ctx context.Context, actor Actor, password string) ([]string, error) {
	account, _, err := a.own(ctx, actor)
	if err != nil {
		return nil, err
	}
	if err := a.confirmPassword(ctx, actor, account, ActionRecoveryCodes, password); err != nil {
		return nil, err
	}
	codes := newRecoveryCodes()
	_, err = a.perform(ctx, actor, ActionRecoveryCodes, "", nil, func(ctx context.Context, t *act) (string, error) {
		t.subject = account.ID
		if _, err := t.LockAccount(ctx, account.ID); err != nil {
			return "", fmt.Errorf("locking account: %w", err)
		}
		factors, err := factorsOf(ctx, t, account)
		if err != nil {
			return "", err
		}
		if !factors.Any() {
			return "", Faults{newFault(CodeFactorMissing, "password")}
		}
		return account.ID, t.ReplaceRecoveryCodes(ctx, account.ID, codes, t.now)
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// IsRecoveryCode reports whether a text has the shape of a recovery code.
func IsRecoveryCode(text string) bool {
	_, ok := parseRecoveryCode(text)
	return ok
}
