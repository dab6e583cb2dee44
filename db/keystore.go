// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// errNoKey means that a subject has no data key yet.
var errNoKey = errors.New("the subject has no data key")

// KeyStore keeps wrapped data keys, apart from the data and from its backups.
type KeyStore interface {
	// Get returns the wrapped key; ErrErased where it was destroyed.
	Get(ctx context.Context, subject Subject) ([]byte, error)
	// Put stores a wrapped key durably. Where there is one already, that one
	// stays; where it was destroyed it is ErrErased.
	Put(ctx context.Context, subject Subject, wrapped []byte) error
	// Destroy removes the key and records that it was destroyed.
	Destroy(ctx context.Context, subject Subject) error
	// Destroyed counts the keys that were destroyed.
	Destroyed(ctx context.Context) (int, error)
}

// FolderKeyStore is a key store in a folder: one file for each key, named by a
// hash of its subject, in sub-folders by the hash's first byte.
type FolderKeyStore struct{ dir string }

// NewFolderKeyStore makes the folder where there is none and returns the store
// in it. Nobody but the program's user can read it.
func NewFolderKeyStore(dir string) (*FolderKeyStore, error) {
	if dir == "" {
		return nil, errors.New("opening key store: no folder was given")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making key store: %w", err)
	}
	return &FolderKeyStore{dir: dir}, nil
}

const (
	keySuffix = ".key"
	// destroyedSuffix marks a destroyed key: it must not come back with the
	// same subject.
	destroyedSuffix = ".destroyed"
)

// Get returns the wrapped key.
func (f *FolderKeyStore) Get(_ context.Context, subject Subject) ([]byte, error) {
	path := f.path(subject)
	if destroyed, err := exists(path + destroyedSuffix); err != nil || destroyed {
		return nil, errors.Join(err, erasedIf(destroyed))
	}
	wrapped, err := os.ReadFile(path + keySuffix)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errNoKey
	case err != nil:
		return nil, fmt.Errorf("reading data key: %w", err)
	}
	return wrapped, nil
}

// Put stores a wrapped key durably: file and folder are synced before it
// returns. A link, which fails where the name is taken, lets the first of
// several processes win.
func (f *FolderKeyStore) Put(_ context.Context, subject Subject, wrapped []byte) error {
	return f.put(f.path(subject), wrapped)
}

func (f *FolderKeyStore) put(path string, wrapped []byte) error {
	if destroyed, err := exists(path + destroyedSuffix); err != nil || destroyed {
		return errors.Join(err, erasedIf(destroyed))
	}
	if err := f.makeShard(filepath.Dir(path)); err != nil {
		return err
	}
	temporary, err := writeSynced(filepath.Dir(path), wrapped)
	if err != nil {
		return err
	}
	defer os.Remove(temporary)
	if err := os.Link(temporary, path+keySuffix); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("naming data key: %w", err)
	}
	return syncFolder(filepath.Dir(path))
}

// Destroy removes the key's file after marking the key as destroyed.
func (f *FolderKeyStore) Destroy(_ context.Context, subject Subject) error {
	return f.destroy(f.path(subject))
}

func (f *FolderKeyStore) destroy(path string) error {
	if done, err := f.isDestroyed(path); err != nil || done {
		return err
	}
	if err := f.makeShard(filepath.Dir(path)); err != nil {
		return err
	}
	mark, err := os.OpenFile(path+destroyedSuffix, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("marking data key: %w", err)
	}
	if err := errors.Join(mark.Sync(), mark.Close(), syncFolder(filepath.Dir(path))); err != nil {
		return fmt.Errorf("marking data key: %w", err)
	}
	if err := os.Remove(path + keySuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing data key: %w", err)
	}
	return syncFolder(filepath.Dir(path))
}

// isDestroyed reports that there is nothing left to destroy, which lets the
// whole list be replayed at every start.
func (f *FolderKeyStore) isDestroyed(path string) (bool, error) {
	marked, err := exists(path + destroyedSuffix)
	if err != nil || !marked {
		return false, err
	}
	there, err := exists(path + keySuffix)
	return err == nil && !there, err
}

// Destroyed counts the marks of destroyed keys.
func (f *FolderKeyStore) Destroyed(ctx context.Context) (int, error) {
	n := 0
	err := filepath.WalkDir(f.dir, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, destroyedSuffix) {
			n++
		}
		return errors.Join(err, ctx.Err())
	})
	if err != nil {
		return 0, fmt.Errorf("reading key store: %w", err)
	}
	return n, nil
}

// makeShard makes a sub-folder durably where there is none.
func (f *FolderKeyStore) makeShard(dir string) error {
	if there, err := exists(dir); err != nil || there {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making key store: %w", err)
	}
	return syncFolder(f.dir)
}

// hash names a subject in a key store. Subjects are opaque IDs; hashing them
// keeps what is in an ID from becoming part of a path.
func (s Subject) hash() [sha256.Size]byte { return sha256.Sum256(bind(string(s.Class), s.ID)) }

// path leaves the suffix off.
func (f *FolderKeyStore) path(subject Subject) string {
	sum := subject.hash()
	name := hex.EncodeToString(sum[:])
	return filepath.Join(f.dir, name[:2], name[2:])
}

// writeSynced writes a file under a fresh name. A crash may leave it behind:
// it holds a wrapped key that nothing was sealed with.
func writeSynced(dir string, content []byte) (string, error) {
	file, err := os.CreateTemp(dir, "new-*") // 0600
	if err != nil {
		return "", fmt.Errorf("writing data key: %w", err)
	}
	_, err = file.Write(content)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		_ = os.Remove(file.Name())
		return "", fmt.Errorf("writing data key: %w", err)
	}
	return file.Name(), nil
}

// syncFolder makes names in a folder durable. Windows has no such call: its
// file systems write names through.
func syncFolder(dir string) error {
	if strings.EqualFold(runtime.GOOS, "windows") {
		return nil
	}
	file, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("syncing key store: %w", err)
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("syncing key store: %w", err)
	}
	return nil
}

func exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func erasedIf(destroyed bool) error {
	if destroyed {
		return ErrErased
	}
	return nil
}
