// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ininjo/db"
	"ininjo/poa"
	"ininjo/poa/poatest"
)

func newSealer(tb testing.TB, dir string, master byte) *db.Sealer {
	tb.Helper()
	store, err := db.NewFolderKeyStore(dir)
	if err != nil {
		tb.Fatal(err)
	}
	return sealerOn(tb, store, master)
}

func sealerOn(tb testing.TB, store db.KeyStore, master byte) *db.Sealer {
	tb.Helper()
	s, err := db.NewSealer(store, bytes.Repeat([]byte{master}, 32), bytes.Repeat([]byte{2}, 32), poatest.NewClock(time.Unix(0, 0)))
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// place is where something sealed stands.
type place struct {
	subject            db.Subject
	table, column, row string
}

func drawPlace(t *rapid.T, label string) place {
	text := func(l string) string { return rapid.SampledFrom([]string{"", "a", "ab", "b"}).Draw(t, label+l) }
	class := rapid.SampledFrom([]db.Class{db.ClassAccount, db.ClassDelegation, db.ClassAudit}).Draw(t, label+"class")
	return place{db.Subject{Class: class, ID: text("id")}, text("table"), text("column"), text("row")}
}

// TestSealingIsBound: what was sealed opens with its own subject, table, column
// and row, and with no other.
func TestSealingIsBound(t *testing.T) {
	t.Parallel()
	s := newSealer(t, t.TempDir(), 1)
	ctx := t.Context()
	rapid.Check(t, func(t *rapid.T) {
		here, there := drawPlace(t, "here "), drawPlace(t, "there ")
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		if err := errors.Join(s.Create(ctx, here.subject), s.Create(ctx, there.subject)); err != nil {
			t.Fatal(err)
		}
		sealed, err := s.Seal(ctx, here.subject, here.table, here.column, here.row, plain)
		if err != nil {
			t.Fatal(err)
		}
		opened, err := s.Open(ctx, there.subject, there.table, there.column, there.row, sealed)
		if (err == nil) != (here == there) || err == nil && !bytes.Equal(opened, plain) {
			t.Fatalf("%+v opened at %+v: %v", here, there, err)
		}
		at := rapid.IntRange(0, len(sealed)-1).Draw(t, "at")
		sealed[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if _, err := s.Open(ctx, here.subject, here.table, here.column, here.row, sealed); err == nil {
			t.Fatal("a changed bit went unnoticed")
		}
	})
}

func TestKeyStoreHoldsNoPlainKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newSealer(t, dir, 1)
	subject := db.Subject{Class: db.ClassAccount, ID: "dgr_1"}
	if err := s.Create(t.Context(), subject); err != nil {
		t.Fatal(err)
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		files++
		info, err := e.Info()
		if err == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		content, _ := os.ReadFile(path)
		if len(content) != 12+32+16 || bytes.Contains([]byte(path), []byte("dgr_1")) {
			t.Errorf("%s holds %d bytes", path, len(content))
		}
		return err
	})
	if err != nil || files != 1 {
		t.Errorf("%v, %d files", err, files)
	}
	if err := newSealer(t, dir, 9).Create(t.Context(), subject); err == nil {
		t.Error("another master key unwraps")
	}
}

func TestHashes(t *testing.T) {
	t.Parallel()
	s := newSealer(t, t.TempDir(), 1)
	if bytes.Equal(s.Hash("a", "bc"), s.Hash("ab", "c")) || !bytes.Equal(s.Hash("a", "b"), s.Hash("a", "b")) {
		t.Error("domain and value run together")
	}
	grams, same := s.Grams("party", "株式 会社"), s.Grams("party", "株式会社")
	if len(grams) != 3 || len(grams[0]) != 8 || !bytes.Equal(grams[2], same[2]) {
		t.Errorf("%x, %x", grams, same)
	}
}

// TestKeyStoreAway: where the key store's disk cannot be used, what was asked
// for can be asked for again later.
func TestKeyStoreAway(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "store")
	s := newSealer(t, dir, 1)
	if err := errors.Join(os.Remove(dir), os.WriteFile(dir, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	subject := db.Subject{Class: db.ClassAccount, ID: "a"}
	var told *poa.Error
	if err := s.Create(t.Context(), subject); !errors.As(err, &told) || told.Code != poa.CodeUnavailable {
		t.Errorf("creating: %v", err)
	}
	if _, err := s.Seal(t.Context(), subject, "t", "c", "r", nil); !errors.As(err, &told) || told.Code != poa.CodeUnavailable {
		t.Errorf("sealing: %v", err)
	}
}
