// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ininjo/poa"
	"ininjo/poa/log"
	"ininjo/server/archive"
)

// auditCommand works with archives of the audit log.
type auditCommand struct {
	List    auditListCommand    `cmd:"" help:"List the archives of the audit log."`
	Verify  auditVerifyCommand  `cmd:"" help:"Verify an archive: digests, and every row's leaf hash."`
	Restore auditRestoreCommand `cmd:"" help:"Make an archive readable again."`
}

type auditListCommand struct {
	Config
}

// Run prints the manifests, and which files of --archive-dir no manifest names.
func (c *auditListCommand) Run(ctx context.Context, out *output) error {
	s, err := c.besideServe(ctx, out)
	if err != nil {
		return err
	}
	archives, err := s.db.Archives(ctx)
	if err := errors.Join(err, s.stop(ctx)); err != nil {
		return err
	}
	known := map[string]bool{}
	for _, a := range archives {
		known[a.Location] = true
		fmt.Fprintf(out.stdout, "%s\t%d rows\t%s to %s\tverified %s\t%s\n", a.Location, a.Rows, stamp(a.FirstAt), stamp(a.LastAt), stamp(a.VerifiedAt), lifeOf(a))
	}
	return listUnknown(s.config.ArchiveDir, known, out)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format(time.RFC3339)
}

func lifeOf(a poa.Archive) string {
	switch {
	case !a.EndedAt.IsZero():
		return "destroyed " + stamp(a.EndedAt)
	case !a.DroppedAt.IsZero():
		return "moved " + stamp(a.DetachedAt)
	default:
		return "its month is still in the database"
	}
}

// listUnknown names files that a restored database does not know of.
func listUnknown(dir string, known map[string]bool, out *output) error {
	if dir == "" {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("reading --archive-dir: %w", err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), archive.Suffix) && !known[e.Name()] {
			fmt.Fprintf(out.stdout, "%s\tno manifest in the database\n", e.Name())
		}
	}
	return nil
}

type auditVerifyCommand struct {
	File     string `arg:"" help:"Archive (….jsonl.zst.age)." type:"existingfile"`
	Identity string `required:"" help:"File with the age identity that opens it." type:"existingfile"`
}

// Run verifies. It needs no database: the manifest beside the file is enough.
func (c *auditVerifyCommand) Run(out *output) error {
	head, sum, err := verifyArchive(c.File, c.Identity, nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(out.stdout, "%s is whole: %d rows from %s to %s\nroot of the leaf hashes: %x\n", head.Partition, sum.Rows, stamp(sum.First), stamp(sum.Last), sum.Root)
	return nil
}

// verifyArchive reads an archive whole, computes every leaf hash and the digests
// again and compares them with the manifest beside the file.
func verifyArchive(path, identity string, each func([]byte, [32]byte) error) (log.ArchiveHead, log.Summary, error) {
	var head log.ArchiveHead
	var sum log.Summary
	file, err := archive.Read(path, identity, func(from io.Reader) (err error) {
		head, sum, err = log.ReadArchive(from, each)
		return err
	})
	if err != nil {
		return head, sum, fmt.Errorf("verifying %s: %w", filepath.Base(path), err)
	}
	text, err := os.ReadFile(path + archive.ManifestSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return head, sum, fmt.Errorf("verifying %s: its manifest %s is missing", filepath.Base(path), filepath.Base(path)+archive.ManifestSuffix)
	}
	var manifest poa.Archive
	if err == nil {
		err = json.Unmarshal(text, &manifest)
	}
	if err != nil {
		return head, sum, fmt.Errorf("reading manifest: %w", err)
	}
	told := log.Summary{Rows: manifest.Rows, SHA256: manifest.PlainSHA256, First: manifest.FirstAt.UTC(), Last: manifest.LastAt.UTC(), Root: manifest.Root}
	if told != sum || manifest.SHA256 != poa.Digest(file.SHA256) || manifest.Size != file.Size || manifest.Partition != head.Partition {
		return head, sum, fmt.Errorf("verifying %s: the manifest tells of another content", filepath.Base(path))
	}
	return head, sum, nil
}

type auditRestoreCommand struct {
	File     string `arg:"" help:"Archive (….jsonl.zst.age)." type:"existingfile"`
	Identity string `required:"" help:"File with the age identity that opens it." type:"existingfile"`
	To       string `required:"" help:"Folder for the lines: one row a line, as JSON." type:"existingdir"`
}

// Run verifies the archive and writes its lines. The file appears once all of it
// was verified.
func (c *auditRestoreCommand) Run(out *output) (err error) {
	file, err := os.CreateTemp(c.To, ".restoring-*") // 0600
	if err != nil {
		return fmt.Errorf("restoring archive: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	lines := bufio.NewWriter(file)
	head, sum, err := verifyArchive(c.File, c.Identity, func(line []byte, leaf [32]byte) error {
		_, err := fmt.Fprintf(lines, "%s,\"leafHash\":\"%x\"}\n", line[:len(line)-1], leaf)
		return err
	})
	if err := errors.Join(err, lines.Flush(), file.Sync(), file.Close()); err != nil {
		return err
	}
	path := filepath.Join(c.To, head.Partition+numberOf(c.File)+".jsonl")
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("restoring archive: %s is there already", path)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("restoring archive: %w", err)
	}
	fmt.Fprintf(out.stdout, "%d rows in %s\n", sum.Rows, path)
	return nil
}

// numberOf is the number of a month's later archives, "" for the first.
func numberOf(path string) string {
	parts := strings.SplitN(strings.TrimSuffix(filepath.Base(path), archive.Suffix), "-", 2)
	if !slices.Contains(parts, "") && len(parts) == 2 {
		return "-" + parts[1]
	}
	return ""
}
