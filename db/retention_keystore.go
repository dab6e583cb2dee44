// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
)

// StoredKey is an entry of a key store in a backup of it: the wrapped key, or
// the mark of a destroyed one.
type StoredKey struct {
	// Subject is the hash that names the subject.
	Subject [32]byte `json:"-"`
	// Class is empty where the store does not keep it.
	Class string `json:"class,omitempty"`
	// Wrapped is nil for a destroyed key.
	Wrapped []byte `json:"wrapped"`
}

// KeyCopier copies key stores: both kinds do.
type KeyCopier interface {
	// Export hands over every entry.
	Export(ctx context.Context, each func(StoredKey) error) error
	// Import brings an entry in. The mark of a destroyed key wins over the key,
	// whichever of the two was there first, and a key that is there stays.
	Import(ctx context.Context, k StoredKey) error
}

var (
	_ KeyCopier = (*FolderKeyStore)(nil)
	_ KeyCopier = (*DatabaseKeyStore)(nil)
)

// Export hands over every entry.
func (f *FolderKeyStore) Export(ctx context.Context, each func(StoredKey) error) error {
	err := filepath.WalkDir(f.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || ctx.Err() != nil || !entry.Type().IsRegular() {
			return errors.Join(err, ctx.Err())
		}
		key, known, err := f.entry(path)
		if err != nil || !known {
			return err
		}
		return each(key)
	})
	if err != nil {
		return fmt.Errorf("reading key store: %w", err)
	}
	return nil
}

// entry reads a file of the store; what is half written is none of it.
func (f *FolderKeyStore) entry(path string) (StoredKey, bool, error) {
	name := filepath.Base(filepath.Dir(path)) + strings.TrimSuffix(strings.TrimSuffix(filepath.Base(path), keySuffix), destroyedSuffix)
	sum, err := hex.DecodeString(name)
	if err != nil || len(sum) != 32 {
		return StoredKey{}, false, nil
	}
	key := StoredKey{Subject: [32]byte(sum)}
	if strings.HasSuffix(path, destroyedSuffix) {
		return key, true, nil
	}
	key.Wrapped, err = os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) { // destroyed meanwhile
		return StoredKey{}, false, nil
	}
	return key, err == nil, err
}

// Import brings an entry in.
func (f *FolderKeyStore) Import(_ context.Context, k StoredKey) error {
	name := hex.EncodeToString(k.Subject[:])
	path := filepath.Join(f.dir, name[:2], name[2:])
	if k.Wrapped == nil {
		return f.destroy(path)
	}
	err := f.put(path, k.Wrapped)
	if errors.Is(err, ErrErased) {
		return nil
	}
	return err
}

// Export hands over every entry.
func (s *DatabaseKeyStore) Export(ctx context.Context, each func(StoredKey) error) error {
	rows, err := s.pool.Query(ctx, "SELECT subject, class, wrapped FROM wrapped_keys")
	if err != nil {
		return failed(err, "reading key store")
	}
	var subject, wrapped []byte
	var class string
	_, err = pgx.ForEachRow(rows, []any{&subject, &class, &wrapped}, func() error {
		return each(StoredKey{Subject: [32]byte(subject), Class: class, Wrapped: append([]byte(nil), wrapped...)})
	})
	return failed(err, "reading key store")
}

// Import brings an entry in.
func (s *DatabaseKeyStore) Import(ctx context.Context, k StoredKey) error {
	return s.call(ctx, "restoring data key", func(ctx context.Context) error {
		statement, args := "INSERT INTO wrapped_keys (subject, class, wrapped) VALUES ($1, $2, $3) ON CONFLICT (subject) DO NOTHING", []any{k.Subject[:], k.Class, k.Wrapped}
		if k.Wrapped == nil {
			statement, args = `INSERT INTO wrapped_keys (subject, class, destroyed_at) VALUES ($1, $2, $3)
				ON CONFLICT (subject) DO UPDATE SET wrapped = NULL, destroyed_at = EXCLUDED.destroyed_at WHERE wrapped_keys.destroyed_at IS NULL`, []any{k.Subject[:], k.Class, s.clock.Now()}
		}
		_, err := s.pool.Exec(ctx, statement, args...)
		return err
	})
}
