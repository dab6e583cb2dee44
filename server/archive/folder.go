// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"filippo.io/age"

	"ininjo/poa"
)

const (
	// markName is a file that tells the folder from the empty place where a
	// medium is not mounted.
	markName = "ininjo-archive.json"
	// DestroyedName is the folder's copy of the list of destroyed keys.
	DestroyedName = "destroyed-keys.jsonl"
	// Suffix ends the names of archives, ManifestSuffix those of the manifests
	// beside them.
	Suffix         = ".jsonl.zst.age"
	ManifestSuffix = ".manifest.json"
	// temporaryPrefix begins the names of files that are being written.
	temporaryPrefix = ".writing-"
)

// Folder is a folder of archives.
type Folder struct {
	dir        string
	recipients []age.Recipient
	// create makes the file that is written; tests make it fail.
	create func(dir string) (File, error)
	// step is called between the steps of writing; tests stop there.
	step func(string)
}

// File is what is written to.
type File interface {
	io.WriteCloser
	Name() string
	Sync() error
}

var _ poa.ArchiveFolder = (*Folder)(nil)

// Open returns the folder, which need not be there yet: removable media come
// and go. recipients is a file with one age recipient a line.
func Open(dir, recipients string) (*Folder, error) {
	file, err := os.Open(recipients)
	if err != nil {
		return nil, fmt.Errorf("reading archive recipients: %w", err)
	}
	defer file.Close()
	parsed, err := age.ParseRecipients(file)
	if err != nil {
		return nil, fmt.Errorf("reading archive recipients: %w", err)
	}
	create := func(dir string) (File, error) { return os.CreateTemp(dir, temporaryPrefix+"*") }
	return &Folder{dir: dir, recipients: parsed, create: create, step: func(string) {}}, nil
}

// ErrAway means that the folder is not there, or that something else is mounted
// in its place.
var ErrAway = errors.New("the archive folder is not there: mount the medium that holds it; nothing is archived until then")

// Ready reports why the folder cannot be used. first marks an empty one.
func (f *Folder) Ready(first bool) error {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return fmt.Errorf("%w (%w)", ErrAway, err)
	}
	if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == markName }) {
		return f.removeTemporaries(entries)
	}
	if !first {
		return fmt.Errorf("%w (no %s in it)", ErrAway, markName)
	}
	if err := f.place(markName, []byte(`{"format":"ininjo archives 1"}`+"\n")); err != nil {
		return fmt.Errorf("marking the archive folder: %w", err)
	}
	return nil
}

// removeTemporaries removes what a crash left half written.
func (f *Folder) removeTemporaries(entries []fs.DirEntry) error {
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), temporaryPrefix) {
			if err := os.Remove(filepath.Join(f.dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("removing leftover: %w", err)
			}
		}
	}
	return nil
}

// path refuses names that lead out of the folder: they come from the database.
func (f *Folder) path(name string) (string, error) {
	if name == "" || name != filepath.Base(name) || strings.HasPrefix(name, ".") {
		return "", fmt.Errorf("%q is no name of an archive", name)
	}
	return filepath.Join(f.dir, name), nil
}

// Has reports whether there is a file of the name.
func (f *Folder) Has(name string) (bool, error) {
	path, err := f.path(name)
	if err != nil {
		return false, err
	}
	_, err = os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Holds reports whether the file of the name is there with these bytes.
func (f *Folder) Holds(name string, want poa.ArchiveFile) (bool, error) {
	path, err := f.path(name)
	if err != nil {
		return false, err
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	forgetCache(file)
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	return err == nil && poa.ArchiveFile{SHA256: [32]byte(sum.Sum(nil)), Size: size} == want, err
}

// Note writes the manifest beside its archive.
func (f *Folder) Note(name string, manifest []byte) error {
	if _, err := f.path(name); err != nil {
		return err
	}
	return f.place(name+ManifestSuffix, manifest)
}

// Remove destroys a file and its manifest; one that is not there is none.
func (f *Folder) Remove(name string) error {
	path, err := f.path(name)
	if err != nil {
		return err
	}
	for _, each := range []string{path, path + ManifestSuffix} {
		if err := os.Remove(each); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing archive: %w", err)
		}
	}
	return syncFolder(f.dir)
}

// place writes a small file whole or not at all.
func (f *Folder) place(name string, content []byte) error {
	file, err := f.create(f.dir)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		_ = os.Remove(file.Name())
		return err
	}
	if err := os.Rename(file.Name(), filepath.Join(f.dir, name)); err != nil {
		return err
	}
	return syncFolder(f.dir)
}

// KeepDestroyed brings the folder's copy of the list of destroyed keys up to
// date; nothing is ever taken from it.
func (f *Folder) KeepDestroyed(keys []poa.DestroyedKey) error {
	there, err := ReadDestroyed(filepath.Join(f.dir, DestroyedName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	merged := MergeDestroyed(there, keys)
	if err == nil && len(merged) == len(there) {
		return nil
	}
	return f.place(DestroyedName, EncodeDestroyed(merged))
}

// EncodeDestroyed writes a list of destroyed keys, one a line.
func EncodeDestroyed(keys []poa.DestroyedKey) []byte {
	var text []byte
	for _, key := range keys {
		line, _ := json.Marshal(key) // texts and times always encode
		text = append(append(text, line...), '\n')
	}
	return text
}

// MergeDestroyed joins lists; of a key that stands in several the first entry
// stays.
func MergeDestroyed(lists ...[]poa.DestroyedKey) []poa.DestroyedKey {
	seen := map[[2]string]bool{}
	var merged []poa.DestroyedKey
	for _, key := range slices.Concat(lists...) {
		if id := [2]string{key.Class, key.ID}; !seen[id] {
			seen[id] = true
			merged = append(merged, key)
		}
	}
	slices.SortStableFunc(merged, func(a, b poa.DestroyedKey) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return merged
}

// ReadDestroyed reads a list of destroyed keys.
func ReadDestroyed(path string) ([]poa.DestroyedKey, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading list of destroyed keys: %w", err)
	}
	defer file.Close()
	var keys []poa.DestroyedKey
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var key poa.DestroyedKey
		if err := json.Unmarshal(lines.Bytes(), &key); err != nil || key.Class == "" || key.ID == "" {
			return nil, fmt.Errorf("reading list of destroyed keys: %s is damaged", path)
		}
		keys = append(keys, key)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading list of destroyed keys: %w", err)
	}
	return keys, nil
}

// syncFolder makes names durable. Some media's file systems have no such call.
func syncFolder(dir string) error {
	file, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("syncing folder: %w", err)
	}
	err = file.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrPermission) {
		err = nil
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("syncing folder: %w", err)
	}
	return nil
}

// Faulty lets tests in other packages wrap the files that are written, and stop
// between the steps of writing: begun, written, named, verified.
func (f *Folder) Faulty(wrap func(File) File, step func(string)) {
	if create := f.create; wrap != nil {
		f.create = func(dir string) (File, error) {
			file, err := create(dir)
			if err != nil {
				return nil, err
			}
			return wrap(file), nil
		}
	}
	if step != nil {
		f.step = step
	}
}
