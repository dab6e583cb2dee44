// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// store writes a signed file with mode 0600. Without force it never replaces a file, not even one that appears
// between looking and writing; a file that was not written whole does not stay.
func store(path string, file []byte, force bool) (err error) {
	if force {
		return replace(path, file)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return wrong("exists", "path", path)
	}
	if err != nil {
		return wrong("writing", "path", path).because(err)
	}
	return fillFile(f, path, file)
}

// replace writes beside the file first, so that the old one is whole until the new one is.
func replace(path string, file []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".signing-*") // 0600
	if err != nil {
		return wrong("writing", "path", path).because(err)
	}
	if err := fillFile(f, path, file); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return wrong("writing", "path", path).because(errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

func fillFile(f *os.File, path string, file []byte) error {
	_, err := f.Write(file)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return wrong("writing", "path", path).because(errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// there says whether something of that name exists, whatever it is.
func there(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
