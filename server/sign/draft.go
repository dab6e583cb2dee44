// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"ininjo/poa/document"
)

// maxDraft bounds a file to sign, in bytes: a drafted PDF holds fonts.
const maxDraft = 16 << 20

// maxChallenge bounds a delegate's challenge, in bytes.
const maxChallenge = 4 << 10

// challengeTitle and the other beginnings are lines of every challenge that the service draws (poa.ChallengeOnce).
const challengeTitle = "受任者の電子証明書の提出\n"

var challengeLines = []string{"service: ", "delegation: ", "draft-sha256: ", "challenge: ", "nonce: ", "expires: "}

// Draft is a file to sign, read once: these bytes are shown and these bytes are signed.
type Draft struct {
	// Name is the file's name without its folder.
	Name  string
	Bytes []byte
	// Format and Content are a drafted delegation's; nil for a challenge, whose whole text is Text.
	Format  document.Format
	Content document.Content
	Text    string
}

// SHA256 is the digest of the bytes, in hex.
func (d Draft) SHA256() string {
	sum := sha256.Sum256(d.Bytes)
	return hex.EncodeToString(sum[:])
}

// readDraft judges by what is in the file, never by its name.
func readDraft(name string, file []byte) (Draft, error) {
	d := Draft{Name: filepath.Base(name), Bytes: file}
	switch {
	case len(file) > maxDraft:
		return d, wrong("too-large", "name", d.Name)
	case bytes.HasPrefix(file, []byte("%PDF-")):
		if bytes.Contains(file, []byte("/ByteRange")) {
			return d, wrong("already-signed", "name", d.Name)
		}
		return d.as(".pdf")
	case bytes.HasPrefix(file, []byte("<?xml")):
		return d.as(".xml")
	case bytes.HasPrefix(file, []byte(challengeTitle)):
		return d.challenge()
	case len(file) > 0 && file[0] == 0x30, bytes.HasPrefix(file, []byte("-----BEGIN ")): // DER or PEM, as signed files are
		return d, wrong("already-signed", "name", d.Name)
	}
	return d, wrong("no-draft", "name", d.Name)
}

// as reads a drafted delegation. A file that has nothing of one is told apart from one that was altered.
func (d Draft) as(extension string) (Draft, error) {
	format, known := document.Known().ByExtension(extension)
	if !known {
		return d, wrong("format-unknown", "name", d.Name)
	}
	content, err := format.Parse(d.Bytes)
	var f *document.Fault
	switch {
	case err == nil:
		d.Format, d.Content = format, content
		return d, nil
	case extension == ".xml" && !bytes.Contains(d.Bytes, []byte("<Delegation")), errors.As(err, &f) && f.Kind == document.Namespace:
		return d, wrong("no-draft", "name", d.Name)
	}
	return d, wrong("draft-broken", "name", d.Name).because(err)
}

// challenge wants every line that the service writes, and no character that could hide another text.
func (d Draft) challenge() (Draft, error) {
	text := string(d.Bytes)
	if len(text) > maxChallenge || !utf8.ValidString(text) || strings.ContainsFunc(text, hidden) {
		return d, wrong("draft-broken", "name", d.Name)
	}
	for _, line := range challengeLines {
		if !strings.Contains(text, "\n"+line) {
			return d, wrong("draft-broken", "name", d.Name)
		}
	}
	d.Text = text
	return d, nil
}

// hidden are characters that are not seen or turn the direction of writing.
func hidden(r rune) bool {
	return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r))
}

// kind names the format for people.
func (d Draft) kind() string {
	if d.Format == nil {
		return "challenge"
	}
	return strings.TrimPrefix(d.Format.Extension(), ".")
}

// openDraft reads a draft from the disk.
func openDraft(path string) (Draft, error) {
	file, err := readBounded(path, maxDraft)
	if errors.Is(err, fs.ErrNotExist) {
		return Draft{Name: filepath.Base(path)}, wrong("missing", "name", path)
	}
	if err != nil {
		return Draft{Name: filepath.Base(path)}, err
	}
	return readDraft(path, file)
}

// readBounded reads a file of at most bound bytes.
func readBounded(path string, bound int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, wrong("reading", "name", filepath.Base(path)).because(err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, bound+1))
	if err != nil {
		return nil, wrong("reading", "name", filepath.Base(path)).because(err)
	}
	if int64(len(text)) > bound {
		return nil, wrong("too-large", "name", filepath.Base(path))
	}
	return text, nil
}
