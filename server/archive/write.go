// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"ininjo/poa"
)

// Write makes a file that is not there yet: fill writes its plain lines; once
// the file is whole, on the medium and named, check reads them back from it.
func (f *Folder) Write(ctx context.Context, name string, fill func(io.Writer) error, check func(io.Reader) error) (poa.ArchiveFile, error) {
	path, err := f.path(name)
	if err != nil {
		return poa.ArchiveFile{}, err
	}
	reader, recipients, err := f.ephemeral()
	if err != nil {
		return poa.ArchiveFile{}, err
	}
	f.step("begun")
	temporary, written, err := f.writeTemporary(recipients, fill)
	if err != nil {
		return poa.ArchiveFile{}, fmt.Errorf("writing archive: %w", err)
	}
	f.step("written")
	if err := errors.Join(ctx.Err(), f.name(temporary, path)); err != nil {
		_ = os.Remove(temporary)
		return poa.ArchiveFile{}, fmt.Errorf("naming archive: %w", err)
	}
	f.step("named")
	read, err := readBack(path, reader, check)
	if err == nil && read != written {
		err = errors.New("the medium gives other bytes back than were written")
	}
	if err != nil {
		return poa.ArchiveFile{}, fmt.Errorf("reading archive back: %w", errors.Join(err, f.Remove(name)))
	}
	f.step("verified")
	return written, nil
}

// ephemeral draws the identity that reads this one file back. Recipients that
// withstand quantum computers take no other kind beside them.
func (f *Folder) ephemeral() (age.Identity, []age.Recipient, error) {
	if _, hybrid := f.recipients[0].(*age.HybridRecipient); hybrid {
		identity, err := age.GenerateHybridIdentity()
		if err != nil {
			return nil, nil, fmt.Errorf("drawing identity: %w", err)
		}
		return identity, append([]age.Recipient{identity.Recipient()}, f.recipients...), nil
	}
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, nil, fmt.Errorf("drawing identity: %w", err)
	}
	return identity, append([]age.Recipient{identity.Recipient()}, f.recipients...), nil
}

// counted counts and digests what passes.
type counted struct {
	to   io.Writer
	sum  interface{ Write([]byte) (int, error) }
	size int64
}

// Write passes bytes on.
func (c *counted) Write(b []byte) (int, error) {
	n, err := c.to.Write(b)
	_, _ = c.sum.Write(b[:n]) // a hash never fails
	c.size += int64(n)
	return n, err
}

// writeTemporary writes the whole file under a temporary name, durably. Where it
// fails nothing is left.
func (f *Folder) writeTemporary(recipients []age.Recipient, fill func(io.Writer) error) (string, poa.ArchiveFile, error) {
	file, err := f.create(f.dir)
	if err != nil {
		return "", poa.ArchiveFile{}, err
	}
	sum := sha256.New()
	out := &counted{to: file, sum: sum}
	err = encrypt(out, recipients, fill)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		_ = os.Remove(file.Name())
		return "", poa.ArchiveFile{}, err
	}
	return file.Name(), poa.ArchiveFile{SHA256: [32]byte(sum.Sum(nil)), Size: out.size}, nil
}

func encrypt(out io.Writer, recipients []age.Recipient, fill func(io.Writer) error) error {
	sealed, err := age.Encrypt(out, recipients...)
	if err != nil {
		return err
	}
	packed, err := zstd.NewWriter(sealed, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	if err := fill(packed); err != nil {
		_ = packed.Close() // of a file that is thrown away
		return err
	}
	if err := packed.Close(); err != nil {
		return err
	}
	return sealed.Close()
}

// name gives the file its name, unless there is one of the name. One process
// alone archives, so nothing comes between.
func (f *Folder) name(temporary, path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		return errors.Join(errors.New("there is an archive of this name: it is not written over"), err)
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	return syncFolder(f.dir)
}

// readBack reads a file from the medium, past the machine's cache where that
// can be told to forget it.
func readBack(path string, identity age.Identity, check func(io.Reader) error) (poa.ArchiveFile, error) {
	file, err := os.Open(path)
	if err != nil {
		return poa.ArchiveFile{}, err
	}
	defer file.Close()
	forgetCache(file)
	return readFile(file, check, identity)
}

// readFile hands the plain lines of an archive to check and digests the file.
func readFile(from io.Reader, check func(io.Reader) error, identities ...age.Identity) (poa.ArchiveFile, error) {
	sum := sha256.New()
	in := &counted{to: io.Discard, sum: sum}
	whole := io.TeeReader(from, in)
	opened, err := age.Decrypt(whole, identities...)
	if err != nil {
		return poa.ArchiveFile{}, fmt.Errorf("decrypting: %w", err)
	}
	plain, err := zstd.NewReader(opened, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
	if err != nil {
		return poa.ArchiveFile{}, fmt.Errorf("decompressing: %w", err)
	}
	defer plain.Close()
	if err := check(plain); err != nil {
		return poa.ArchiveFile{}, err
	}
	for _, rest := range []io.Reader{plain, opened, whole} { // nothing may follow, and the digest is the whole file's
		if n, err := io.Copy(io.Discard, rest); err != nil || n != 0 {
			return poa.ArchiveFile{}, errors.Join(errors.New("more follows than the archive's lines"), err)
		}
	}
	return poa.ArchiveFile{SHA256: [32]byte(sum.Sum(nil)), Size: in.size}, nil
}

// Read decrypts an archive with the identities of a file and hands its lines to
// check. It returns the digest and size of the file.
func Read(path, identities string, check func(io.Reader) error) (poa.ArchiveFile, error) {
	secret, err := os.Open(identities)
	if err != nil {
		return poa.ArchiveFile{}, fmt.Errorf("reading identity: %w", err)
	}
	defer secret.Close()
	parsed, err := age.ParseIdentities(secret)
	if err != nil {
		return poa.ArchiveFile{}, errors.New("reading identity: the file holds no age identity") // err might quote it
	}
	file, err := os.Open(path)
	if err != nil {
		return poa.ArchiveFile{}, fmt.Errorf("opening archive: %w", err)
	}
	defer file.Close()
	return readFile(file, check, parsed...)
}
