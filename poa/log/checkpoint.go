// SPDX-License-Identifier: Apache-2.0

package log

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is the log's head at some size, as it is signed (C2SP tlog-checkpoint
// in a signed note).
type Checkpoint struct {
	// Origin names the log; the keys that sign it bear the same name.
	Origin string
	// Size is how many leaves the tree has, Root its hash (RFC 6962, section 2.1).
	Size int64
	Root [32]byte
}

// Errors of what others handed in; none holds a part of it.
var (
	ErrNotCheckpoint = errors.New("this is no signed checkpoint")
	ErrNotProof      = errors.New("this is no inclusion proof")
	ErrUnknownSigner = errors.New("none of the given keys signed the checkpoint")
	ErrNotIncluded   = errors.New("the proof does not lead from the leaf to the checkpoint")
)

// Bounds of what is read: a proof of 2^62 leaves has 62 hashes.
const (
	maxCheckpoint = 4 << 10
	maxHashes     = 64
)

// algEd25519 marks a key in the encoding of signed notes.
const algEd25519 = 1

// OriginOf names the log of the service at a URL: a name of a signed note holds no
// scheme.
func OriginOf(issuer string) string {
	_, host, found := strings.Cut(issuer, "://")
	if !found {
		host = issuer
	}
	return host + "/log"
}

// VerifierKey writes a public key as a signed note's reader takes it
// (name+hash+key).
func VerifierKey(origin string, public ed25519.PublicKey) (string, error) {
	key, err := note.NewEd25519VerifierKey(origin, public)
	if err != nil {
		return "", fmt.Errorf("writing verifier key: %w", err)
	}
	return key, nil
}

// SignCheckpoint signs with every key: more than one while a rotation overlaps.
func SignCheckpoint(c Checkpoint, keys ...ed25519.PrivateKey) ([]byte, error) {
	signers := make([]note.Signer, len(keys))
	for i, key := range keys {
		var err error
		if signers[i], err = note.NewSigner(signerKey(c.Origin, key)); err != nil {
			return nil, errors.New("signing checkpoint: the origin cannot be the name of a key") // never the library's words: they may hold the key
		}
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]))
	signed, err := note.Sign(&note.Note{Text: text}, signers...)
	if err != nil {
		return nil, fmt.Errorf("signing checkpoint: %w", err)
	}
	return signed, nil
}

// signerKey writes a key as note.NewSigner reads it.
func signerKey(origin string, key ed25519.PrivateKey) string {
	public, _ := key.Public().(ed25519.PublicKey)
	sum := sha256.Sum256(append([]byte(origin+"\n"), append([]byte{algEd25519}, public...)...))
	return fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", origin, binary.BigEndian.Uint32(sum[:]), base64.StdEncoding.EncodeToString(append([]byte{algEd25519}, key.Seed()...)))
}

// OpenCheckpoint reads a signed checkpoint that one of the keys (VerifierKey)
// signed under its own name.
func OpenCheckpoint(signed []byte, keys ...string) (Checkpoint, error) {
	if len(signed) > maxCheckpoint {
		return Checkpoint{}, ErrNotCheckpoint
	}
	verifiers := make([]note.Verifier, len(keys))
	for i, key := range keys {
		var err error
		if verifiers[i], err = note.NewVerifier(strings.TrimSpace(key)); err != nil {
			return Checkpoint{}, fmt.Errorf("reading verifier key: %w", err)
		}
	}
	opened, err := note.Open(signed, note.VerifierList(verifiers...))
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified), errors.As(err, &invalid):
		return Checkpoint{}, ErrUnknownSigner
	case err != nil:
		return Checkpoint{}, ErrNotCheckpoint
	}
	c, err := parseCheckpoint(opened.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	for _, signature := range opened.Sigs {
		if signature.Name == c.Origin {
			return c, nil
		}
	}
	return Checkpoint{}, ErrUnknownSigner
}

// parseCheckpoint reads the three lines; further ones are others' extensions.
func parseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[0] == "" {
		return Checkpoint{}, ErrNotCheckpoint
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	root, bad := tlog.ParseHash(lines[2])
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] || bad != nil {
		return Checkpoint{}, ErrNotCheckpoint
	}
	return Checkpoint{Origin: lines[0], Size: size, Root: root}, nil
}
