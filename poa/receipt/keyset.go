// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

// Errors of a signer that need no log for each signature: whoever keeps the keys
// tells of them once.
var (
	// ErrNoKey says that no key of a keyset may sign now.
	ErrNoKey = errors.New("no key of the keyset may sign now")
	// ErrHeldOff says that a key's place failed and is not asked for a while.
	ErrHeldOff = errors.New("the place of the key failed and is not asked for a while")
)

// Member is a key of a keyset with the period in which it signs, as published.
type Member struct {
	Signer *ES256
	From   time.Time
	// Until is zero while no end is known.
	Until time.Time
}

// Keyset signs, for one purpose, with that of its keys whose published period
// began last. A new key is published before its period begins, and the former
// one's goes on for a while after that, so that who keeps the JWKS for hours knows
// the key of whatever arrives, and a process that does not hold the new key yet
// still signs. Processes that hold the same keys choose the same one at the same
// instant. It is safe for concurrent use.
type Keyset struct {
	typ     string
	now     func() time.Time
	members atomic.Pointer[[]Member]
}

var (
	_ Signer = (*Keyset)(nil)
	_ late   = (*Keyset)(nil)
)

// NewKeyset makes a keyset that signs the header typ alone; it has no key yet.
func NewKeyset(typ string, now func() time.Time) *Keyset { return &Keyset{typ: typ, now: now} }

// Set changes the keys; what is being signed goes on with the former ones.
func (k *Keyset) Set(members []Member) {
	sorted := slices.Clone(members)
	slices.SortFunc(sorted, func(a, b Member) int {
		return cmp.Or(b.From.Compare(a.From), cmp.Compare(b.Signer.KeyID(), a.Signer.KeyID()))
	})
	k.members.Store(&sorted)
}

// Current is the key that signs at now.
func (k *Keyset) Current(now time.Time) (Member, bool) {
	members := k.members.Load()
	if members == nil {
		return Member{}, false
	}
	for _, m := range *members {
		if !now.Before(m.From) && (m.Until.IsZero() || now.Before(m.Until)) {
			return m, true
		}
	}
	return Member{}, false
}

// KeyID is that of the key that signs now; empty where there is none.
func (k *Keyset) KeyID() string {
	if m, ok := k.Current(k.now()); ok {
		return m.Signer.KeyID()
	}
	return ""
}

// Sign signs with the key of now. Without one it fails with [ErrNoKey]: nothing is
// ever signed outside of a published period.
func (k *Keyset) Sign(ctx context.Context, payload []byte, typ string) (string, error) {
	m, err := k.keyFor(typ, k.now())
	if err != nil {
		return "", err
	}
	return m.Signer.Sign(ctx, payload, typ)
}

func (k *Keyset) appendIssued(ctx context.Context, b, payload []byte, typ string, issuedAt time.Time) ([]byte, error) {
	now := k.now()
	m, err := k.keyFor(typ, now)
	if err != nil {
		return b, err
	}
	if issuedAt.Before(m.From) {
		return m.Signer.appendLate(ctx, b, payload, typ, now)
	}
	return m.Signer.append(ctx, b, payload, typ, m.Signer.head(typ))
}

func (k *Keyset) keyFor(typ string, now time.Time) (Member, error) {
	if typ != k.typ {
		return Member{}, fmt.Errorf("signing %s with keys for %s: a key serves one purpose", typ, k.typ)
	}
	m, ok := k.Current(now)
	if !ok {
		return Member{}, fmt.Errorf("signing %s: %w", typ, ErrNoKey)
	}
	return m, nil
}
