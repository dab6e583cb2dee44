// SPDX-License-Identifier: Apache-2.0

package signers

import (
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"ininjo/poa/receipt"
)

// File is a PEM file with private keys (PKCS #8), the newest last.
type File struct{ Path string }

// Keys reads the file.
func (f *File) Keys(context.Context) ([]receipt.Key, error) {
	text, err := os.ReadFile(f.Path)
	if err != nil {
		return nil, fmt.Errorf("reading key: %w", err)
	}
	private, err := receipt.ParsePrivatePEMs(text)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", filepath.Base(f.Path), err)
	}
	keys := make([]receipt.Key, len(private))
	for i, key := range private {
		keys[i] = receipt.InMemory(key)
	}
	return keys, nil
}

// Name is the file's name.
func (f *File) Name() string { return "file:" + f.Path }

// Remote is false: a file is there or it is not.
func (f *File) Remote() bool { return false }

// Close does nothing.
func (f *File) Close() error { return nil }

// Add makes a key and puts it behind those that are there. The file appears whole
// or stays as it was; its keys are never lost.
func (f *File) Add() error {
	text, err := os.ReadFile(f.Path)
	if err != nil {
		return fmt.Errorf("reading key: %w", err)
	}
	if _, err := receipt.ParsePrivatePEMs(text); err != nil {
		return fmt.Errorf("reading %s: %w", filepath.Base(f.Path), err)
	}
	key, err := receipt.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	more, err := receipt.MarshalPrivatePEM(key)
	if err != nil {
		return err
	}
	if len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(text, '\n')
	}
	return replace(f.Path, append(text, more...))
}

// replace writes a durable file of mode 0600 in place of another.
func replace(path string, content []byte) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-")
	if err != nil {
		return fmt.Errorf("writing key: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
		}
	}()
	if err := keepOwner(file, path); err != nil {
		_ = file.Close()
		return err
	}
	if _, err := file.Write(content); err != nil {
		_ = file.Close()
		return fmt.Errorf("writing key: %w", err)
	}
	if err := file.Sync(); err != nil {
		_ = file.Close()
		return fmt.Errorf("writing key: %w", err)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("writing key: %w", err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("writing key: %w", err)
	}
	return nil
}

// keepOwner keeps who may read the key: a command may run as another user than
// the service.
func keepOwner(file *os.File, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("reading key: %w", err)
	}
	if err := file.Chmod(info.Mode() & fs.ModePerm); err != nil {
		return fmt.Errorf("writing key: %w", err)
	}
	return chownLike(file, info)
}
