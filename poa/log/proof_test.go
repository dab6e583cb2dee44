// SPDX-License-Identifier: Apache-2.0

package log_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"ininjo/poa/log"
)

// shelf keeps nodes as the database does.
type shelf struct{ levels map[int][][32]byte }

func (s *shelf) read(spans []log.Span) ([][][32]byte, error) {
	rows := make([][][32]byte, len(spans))
	for i, span := range spans {
		rows[i] = s.levels[span.Level][span.From:span.To]
	}
	return rows, nil
}

// add seals leaves and keeps what grows.
func (s *shelf) add(t interface{ Fatal(...any) }, leaves [][32]byte) {
	tree := s.tree(t, len(s.levels[0]))
	s.levels[0] = append(s.levels[0], leaves...)
	for _, node := range tree.Add(leaves) {
		if node.Index != int64(len(s.levels[node.Level])) {
			t.Fatal("a node out of order", node)
		}
		s.levels[node.Level] = append(s.levels[node.Level], node.Hash)
	}
}

func (s *shelf) tree(t interface{ Fatal(...any) }, size int) *log.Growing {
	tree, err := log.Grow(int64(size), s.read)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func numbered(from, n int) [][32]byte {
	leaves := make([][32]byte, n)
	for i := range leaves {
		leaves[i] = tlog.RecordHash(binary.BigEndian.AppendUint64(nil, uint64(from+i)))
	}
	return leaves
}

func newLogKey(t interface{ Fatal(...any) }) (ed25519.PrivateKey, string) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := log.VerifierKey("poa.example/log", public)
	if err != nil {
		t.Fatal(err)
	}
	return private, key
}

// TestTreeGrowsInBatches seals batches of any size and proves leaves at any later
// size; the root is tlog's own.
func TestTreeGrowsInBatches(t *testing.T) {
	t.Parallel()
	private, key := newLogKey(t)
	rapid.Check(t, func(t *rapid.T) {
		s, sizes := &shelf{map[int][][32]byte{}}, []int{}
		for size := 0; len(sizes) < rapid.IntRange(1, 5).Draw(t, "batches"); {
			n := rapid.OneOf(rapid.IntRange(1, 3), rapid.IntRange(200, 700), rapid.SampledFrom([]int{255, 256, 257, 512})).Draw(t, "leaves")
			s.add(t, numbered(size, n))
			size += n
			sizes = append(sizes, size)
		}
		size := rapid.SampledFrom(sizes).Draw(t, "size")
		root := s.tree(t, size).Root()
		if root != rootOfAll(s.levels[0][:size]) {
			t.Fatalf("root of %d", size)
		}
		signed, err := log.SignCheckpoint(log.Checkpoint{Origin: "poa.example/log", Size: int64(size), Root: root}, private)
		if err != nil {
			t.Fatal(err)
		}
		index := rapid.IntRange(0, size-1).Draw(t, "index")
		hashes, err := log.Prove(int64(size), int64(index), s.read)
		if err != nil {
			t.Fatal(err)
		}
		proof, err := log.ParseProof(log.Proof{Index: int64(index), Hashes: hashes, Checkpoint: signed}.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if c, err := proof.Verify(s.levels[0][index], key); err != nil || c.Size != int64(size) || c.Root != root {
			t.Fatalf("%+v, %v", c, err)
		}
		if _, err := proof.Verify(tlog.RecordHash([]byte("another")), key); !errors.Is(err, log.ErrNotIncluded) {
			t.Fatalf("another leaf: %v", err)
		}
	})
}

// TestLargeTree crosses the second stored level.
func TestLargeTree(t *testing.T) {
	t.Parallel()
	s := &shelf{map[int][][32]byte{}}
	for _, n := range []int{65000, 535, 1, 70000} {
		s.add(t, numbered(len(s.levels[0]), n))
	}
	if len(s.levels[8]) != 135536>>8 || len(s.levels[16]) != 135536>>16 {
		t.Fatalf("%d and %d nodes", len(s.levels[8]), len(s.levels[16]))
	}
	if s.tree(t, 135536).Root() != rootOfAll(s.levels[0]) {
		t.Error("another root")
	}
}

func rootOfAll(leaves [][32]byte) [32]byte {
	if len(leaves) == 1 {
		return leaves[0]
	}
	half := 1
	for half*2 < len(leaves) {
		half *= 2
	}
	return tlog.NodeHash(rootOfAll(leaves[:half]), rootOfAll(leaves[half:]))
}

func TestCheckpoint(t *testing.T) {
	t.Parallel()
	private, key := newLogKey(t)
	second, other := newLogKey(t)
	c := log.Checkpoint{Origin: "poa.example/log", Size: 7, Root: sha256.Sum256([]byte("root"))}
	signed, err := log.SignCheckpoint(c, private, second)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(signed), "poa.example/log\n7\n") || strings.Count(string(signed), "\n— poa.example/log ") != 2 {
		t.Errorf("%s", signed)
	}
	for _, known := range []string{key, other} {
		if got, err := log.OpenCheckpoint(signed, known); err != nil || got != c {
			t.Errorf("%+v, %v", got, err)
		}
	}
	_, stranger := newLogKey(t)
	public, err := log.VerifierKey("other.example/log", private.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := log.SignCheckpoint(log.Checkpoint{Origin: "other.example/log", Size: 7, Root: c.Root}, private)
	if err != nil {
		t.Fatal(err)
	}
	for name, each := range map[string]struct {
		signed []byte
		key    string
		want   error
	}{
		"a stranger's key":        {signed, stranger, log.ErrUnknownSigner},
		"the same key, other log": {signed, public, log.ErrUnknownSigner},
		"a checkpoint of another": {foreign, key, log.ErrUnknownSigner},
		"a changed size":          {bytes.Replace(signed, []byte("\n7\n"), []byte("\n8\n"), 1), key, log.ErrUnknownSigner},
		"no note":                 {[]byte("poa.example/log\n7\n"), key, log.ErrNotCheckpoint},
		"too much":                {make([]byte, 1<<20), key, log.ErrNotCheckpoint},
	} {
		if _, err := log.OpenCheckpoint(each.signed, each.key); !errors.Is(err, each.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if log.OriginOf("https://poa.example") != "poa.example/log" {
		t.Error("another origin")
	}
}

func TestProofOfAnotherKindIsRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"nothing": "", "no head": "index 1\n\nx", "no index": "c2sp.org/tlog-proof@v1\n\nx", "a negative index": "c2sp.org/tlog-proof@v1\nindex -1\n\nx",
		"an index with zeros": "c2sp.org/tlog-proof@v1\nindex 01\n\nx", "a hash that is none": "c2sp.org/tlog-proof@v1\nindex 1\nx\n\nx", "no checkpoint": "c2sp.org/tlog-proof@v1\nindex 1\n",
		"too many hashes": "c2sp.org/tlog-proof@v1\nindex 1\n" + strings.Repeat("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", 65) + "\nx"} {
		if _, err := log.ParseProof([]byte(text)); !errors.Is(err, log.ErrNotProof) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if p, err := log.ParseProof([]byte("c2sp.org/tlog-proof@v1\nextra AAAA\nindex 5\n\nx")); err != nil || p.Index != 5 {
		t.Errorf("with an extra line: %+v, %v", p, err)
	}
}

// FuzzProof: what is parsed is written again to what is parsed alike, and nothing
// verifies that no key signed.
func FuzzProof(f *testing.F) {
	_, key := newLogKey(f)
	f.Add([]byte("c2sp.org/tlog-proof@v1\nindex 5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\npoa.example/log\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— poa.example/log AAAA\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := log.ParseProof(text)
		if err != nil {
			return
		}
		if again, err := log.ParseProof(p.Encode()); err != nil || again.Index != p.Index || len(again.Hashes) != len(p.Hashes) {
			t.Fatalf("%v: %+v and %+v", err, p, again)
		}
		if _, err := p.Verify([32]byte{}, key); err == nil {
			t.Fatal("nobody signed it")
		}
	})
}
