// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ininjo/poa/receipt"
)

// rotated is a keyset at a clock of its own: an old key and a new one that begins
// at issued and overlaps the old one for an hour.
type rotated struct {
	now      time.Time
	old, new made
	set      *receipt.Keyset
	jwks     []byte
}

func newRotated(t *testing.T) *rotated {
	t.Helper()
	r := &rotated{now: issued.Add(-time.Hour)}
	r.old, r.new = newKey(t, nil), newKey(t, nil)
	from, until := issued.AddDate(-1, 0, 0), issued.Add(time.Hour)
	r.set = receipt.NewKeyset(receipt.TypReceipt, func() time.Time { return r.now })
	r.set.Set([]receipt.Member{{Signer: r.old.signer, From: from, Until: until}, {Signer: r.new.signer, From: issued}})
	var err error
	r.jwks, err = receipt.JWKS([]receipt.PublicKey{{JWK: r.old.jwk, Purpose: receipt.TypReceipt, NotBefore: from, NotAfter: until},
		{JWK: r.new.jwk, Purpose: receipt.TypReceipt, NotBefore: issued}})
	must(t, err)
	return r
}

// issue signs the sample as answered at an instant.
func (r *rotated) issue(t *testing.T, answered time.Time) string {
	t.Helper()
	c := sample()
	c.IssuedAt, c.Answer.AnsweredAt = answered, answered
	compact, err := receipt.Issue(context.Background(), r.set, c)
	must(t, err)
	return compact
}

func (r *rotated) by(t *testing.T, compact string) receipt.SigningKey {
	t.Helper()
	if _, err := receipt.Verify(compact, r.jwks, receipt.TypReceipt); err != nil {
		t.Fatal(err)
	}
	key, err := receipt.WhichKey(compact, r.jwks, receipt.TypReceipt)
	must(t, err)
	return key
}

func TestKeysetRotates(t *testing.T) {
	t.Parallel()
	r := newRotated(t)
	before := r.issue(t, r.now)
	if key := r.by(t, before); key.KeyID != r.old.signer.KeyID() || !key.SignedAt.IsZero() {
		t.Errorf("before the new key begins: %+v", key)
	}
	r.now = issued
	if key := r.by(t, r.issue(t, r.now)); key.KeyID != r.new.signer.KeyID() || !key.SignedAt.IsZero() || r.set.KeyID() != key.KeyID {
		t.Errorf("once it begins: %+v", key)
	}
	t.Run("a receipt of the former key still verifies", func(t *testing.T) { r.by(t, before) })
	t.Run("an old answer is signed again with the key of today, which says when", func(t *testing.T) {
		r.now = issued.AddDate(5, 0, 0)
		key := r.by(t, r.issue(t, issued.Add(-time.Minute)))
		if key.KeyID != r.new.signer.KeyID() || !key.SignedAt.Equal(r.now.Truncate(time.Second)) {
			t.Errorf("%+v", key)
		}
	})
	t.Run("a process without the new key signs with the former one in the overlap alone", func(t *testing.T) {
		r.set.Set([]receipt.Member{{Signer: r.old.signer, From: issued.AddDate(-1, 0, 0), Until: issued.Add(time.Hour)}})
		r.now = issued.Add(time.Hour - 1)
		r.by(t, r.issue(t, r.now))
		r.now = issued.Add(time.Hour)
		if _, err := receipt.Issue(context.Background(), r.set, sample()); !errors.Is(err, receipt.ErrNoKey) || r.set.KeyID() != "" {
			t.Errorf("got %v", err)
		}
	})
}

func TestKeysetServesOnePurpose(t *testing.T) {
	t.Parallel()
	if _, err := newRotated(t).set.Sign(context.Background(), nil, receipt.TypHeartbeat); err == nil {
		t.Error("a key for receipts signed a heartbeat")
	}
	if _, err := receipt.NewKeyset(receipt.TypReceipt, func() time.Time { return issued }).Sign(context.Background(), nil, receipt.TypReceipt); !errors.Is(err, receipt.ErrNoKey) {
		t.Errorf("got %v", err)
	}
}

// TestEndedKeySignsNothingNew plays who stole a key that ended: what it signs is
// taken for what was issued in the key's period, never for something of today.
func TestEndedKeySignsNothingNew(t *testing.T) {
	t.Parallel()
	r := newRotated(t)
	stolen := receipt.NewKeyset(receipt.TypReceipt, func() time.Time { return issued })
	stolen.Set([]receipt.Member{{Signer: r.old.signer, From: issued.AddDate(9, 0, 0).Add(-1)}, {Signer: r.old.signer, From: issued}})
	c := sample()
	for name, at := range map[string]time.Time{"issued before its period, signed in it": issued.AddDate(-2, 0, 0), "issued in its period": issued} {
		c.IssuedAt = at
		compact, err := receipt.Issue(context.Background(), stolen, c)
		must(t, err)
		if _, err := receipt.Verify(compact, r.jwks, receipt.TypReceipt); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	late := receipt.NewKeyset(receipt.TypReceipt, func() time.Time { return issued.Add(-time.Minute) })
	late.Set([]receipt.Member{{Signer: r.old.signer, From: issued.AddDate(-1, 0, 0)}})
	c.IssuedAt = issued.AddDate(1, 0, 0) // issued after the key's end
	compact, err := receipt.Issue(context.Background(), late, c)
	must(t, err)
	_, err = receipt.Verify(compact, r.jwks, receipt.TypReceipt)
	wantFault(t, err, receipt.KeyPeriod)
}

// brokenKey is a token that was pulled out.
type brokenKey struct{ receipt.Key }

var errPulled = errors.New("the token is gone")

func (brokenKey) SignDigest(context.Context, [sha256.Size]byte) ([64]byte, error) {
	return [64]byte{}, errPulled
}

type publicOnly struct{ public *ecdsa.PublicKey }

func (k publicOnly) Public() *ecdsa.PublicKey { return k.public }
func (publicOnly) SignDigest(context.Context, [sha256.Size]byte) ([64]byte, error) {
	return [64]byte{}, nil
}

func TestKeyThatFails(t *testing.T) {
	t.Parallel()
	signer, err := receipt.NewES256(brokenKey{publicOnly{&newKey(t, nil).key.PublicKey}})
	must(t, err)
	if _, err := receipt.Issue(context.Background(), signer, sample()); !errors.Is(err, errPulled) {
		t.Errorf("got %v", err)
	}
}

// TestRawSignature compares with the numbers, however many zeros they begin with.
func TestRawSignature(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, s := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 1, 32).Draw(t, "r")), new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 1, 32).Draw(t, "s"))
		raw, err := receipt.RawSignature(der(r, s))
		if err != nil {
			t.Fatal(err)
		}
		if new(big.Int).SetBytes(raw[:32]).Cmp(r) != 0 || new(big.Int).SetBytes(raw[32:]).Cmp(s) != 0 {
			t.Fatalf("%x", raw)
		}
	})
	for name, text := range map[string]string{"nothing": "", "an empty sequence": "\x30\x00", "one number": "\x30\x03\x02\x01\x01", "a negative number": "\x30\x06\x02\x01\x80\x02\x01\x01",
		"an empty number": "\x30\x05\x02\x00\x02\x01\x01", "bytes behind": "\x30\x06\x02\x01\x01\x02\x01\x01\x00", "a third number": "\x30\x09\x02\x01\x01\x02\x01\x01\x02\x01\x01",
		"a long length": "\x30\x81\x06\x02\x01\x01\x02\x01\x01", "a number of 33 bytes": "\x30\x26\x02\x21\x01" + strings.Repeat("\x00", 32) + "\x02\x01\x01"} {
		_, err := receipt.RawSignature([]byte(text))
		var f *receipt.Fault
		if !errors.As(err, &f) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func der(r, s *big.Int) []byte {
	number := func(n *big.Int) []byte {
		b := n.Bytes()
		if len(b) == 0 || b[0]&0x80 != 0 {
			b = append([]byte{0}, b...)
		}
		return append([]byte{2, byte(len(b))}, b...)
	}
	body := append(number(r), number(s)...)
	return append([]byte{0x30, byte(len(body))}, body...)
}

func FuzzRawSignature(f *testing.F) {
	f.Add(der(big.NewInt(1), big.NewInt(255)))
	f.Fuzz(func(t *testing.T, text []byte) { _, _ = receipt.RawSignature(text) })
}

// BenchmarkIssue signs receipts on every core: encoding and ES256.
func BenchmarkIssue(b *testing.B) {
	key, err := receipt.GenerateKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	signer, err := receipt.NewES256Signer(key)
	if err != nil {
		b.Fatal(err)
	}
	set := receipt.NewKeyset(receipt.TypReceipt, func() time.Time { return issued })
	set.Set([]receipt.Member{{Signer: signer}})
	c := sample()
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = receipt.Encode(c)
		}
	})
	b.Run("ecdsa alone", func(b *testing.B) {
		digest := sha256.Sum256(nil)
		for b.Loop() {
			_, _ = ecdsa.SignASN1(rand.Reader, key, digest[:])
		}
	})
	b.Run("one core", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = receipt.Issue(context.Background(), set, c)
		}
	})
	b.Run("all cores", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_, _ = receipt.Issue(context.Background(), set, c)
			}
		})
	})
}
