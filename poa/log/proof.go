// SPDX-License-Identifier: Apache-2.0

package log

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// proofHead is the first line of a proof (C2SP tlog-proof).
const proofHead = "c2sp.org/tlog-proof@v1"

// MaxProof bounds a proof as a text, in bytes.
const MaxProof = 16 << 10

// Proof shows that a leaf stands in the log: the leaf's index, the hashes that
// lead to the root, and the signed checkpoint with that root.
type Proof struct {
	Index      int64
	Hashes     [][32]byte
	Checkpoint []byte
}

// Encode writes the proof as a text: it can be checked with nothing but it, the
// leaf hash and the log's key.
func (p Proof) Encode() []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s\nindex %d\n", proofHead, p.Index)
	for _, hash := range p.Hashes {
		fmt.Fprintf(&out, "%s\n", tlog.Hash(hash))
	}
	out.WriteByte('\n')
	out.Write(p.Checkpoint)
	return out.Bytes()
}

// ParseProof reads what Encode wrote. An extra line, which the format allows, is
// passed over.
func ParseProof(text []byte) (Proof, error) {
	if len(text) > MaxProof {
		return Proof{}, ErrNotProof
	}
	head, checkpoint, found := bytes.Cut(text, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || len(lines) < 2 || lines[0] != proofHead {
		return Proof{}, ErrNotProof
	}
	lines = lines[1:]
	if strings.HasPrefix(lines[0], "extra ") && len(lines) > 1 {
		lines = lines[1:]
	}
	number, is := strings.CutPrefix(lines[0], "index ")
	index, err := strconv.ParseInt(number, 10, 64)
	if !is || err != nil || index < 0 || strconv.FormatInt(index, 10) != number || len(lines) > 1+maxHashes {
		return Proof{}, ErrNotProof
	}
	p := Proof{Index: index, Checkpoint: checkpoint}
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return Proof{}, ErrNotProof
		}
		p.Hashes = append(p.Hashes, hash)
	}
	return p, nil
}

// Verify checks the way from the leaf hash to the checkpoint, and that one of the
// keys (VerifierKey) signed it.
func (p Proof) Verify(leaf [32]byte, keys ...string) (Checkpoint, error) {
	c, err := OpenCheckpoint(p.Checkpoint, keys...)
	if err != nil {
		return Checkpoint{}, err
	}
	hashes := make(tlog.RecordProof, len(p.Hashes))
	for i, hash := range p.Hashes {
		hashes[i] = hash
	}
	if p.Index >= c.Size || tlog.CheckRecord(hashes, c.Size, c.Root, p.Index, leaf) != nil {
		return Checkpoint{}, ErrNotIncluded
	}
	return c, nil
}
