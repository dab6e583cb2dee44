// SPDX-License-Identifier: Apache-2.0

package log

import (
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// TileHeight is the distance of the levels whose nodes are stored: of the levels
// between them a node is worked out from at most 128 others. So a tree of n leaves
// is stored in little more than n rows.
const TileHeight = 8

// Span names the nodes From to To (not included) of a level that is stored: 0, the
// leaves, or a multiple of TileHeight.
type Span struct {
	Level    int
	From, To int64
}

// ReadSpans reads stored nodes, in the order of the spans.
type ReadSpans func([]Span) ([][][32]byte, error)

// Node is a stored node above the leaves: the root of a full subtree.
type Node struct {
	Level int
	Index int64
	Hash  [32]byte
}

// Growing is a tree to which leaves are added. It holds the roots of its full
// subtrees and is read from what is stored only once.
type Growing struct{ tree tree }

// Grow reads the tree of size.
func Grow(size int64, read ReadSpans) (*Growing, error) {
	var indexes []int64
	for level, from := bits.Len64(uint64(size)), int64(0); level >= 0; level-- { //nolint:gosec // a size
		if size&(1<<level) != 0 {
			indexes = append(indexes, tlog.StoredHashIndex(level, from>>level))
			from += 1 << level
		}
	}
	full, err := stored(read).ReadHashes(indexes)
	if err != nil {
		return nil, fmt.Errorf("reading the log's tree: %w", err)
	}
	return &Growing{tree{leaves: uint64(size), full: full}}, nil //nolint:gosec // a size
}

// Size is the number of leaves.
func (g *Growing) Size() int64 { return int64(g.tree.leaves) } //nolint:gosec // fewer than 2^63

// Root is the hash of the tree; of no leaves, SHA-256 of nothing.
func (g *Growing) Root() [32]byte { return g.tree.root() }

// Add adds leaves and returns the nodes to be stored that become full with them, in
// the order of their levels and indexes.
func (g *Growing) Add(leaves [][32]byte) []Node {
	var grown []Node
	for _, leaf := range leaves {
		g.tree.grow(leaf, func(level int, index int64, hash tlog.Hash) {
			if level%TileHeight == 0 {
				grown = append(grown, Node{level, index, hash})
			}
		})
	}
	return grown
}

// fold is the root over a power of two of nodes.
func fold(nodes [][32]byte) [32]byte {
	row := append([][32]byte{}, nodes...)
	for len(row) > 1 {
		for i := 0; i < len(row)/2; i++ {
			row[i] = tlog.NodeHash(row[2*i], row[2*i+1])
		}
		row = row[:len(row)/2]
	}
	return row[0]
}

// Prove returns the hashes that lead from a leaf to the root of the tree of size.
func Prove(size, index int64, read ReadSpans) ([][32]byte, error) {
	proof, err := tlog.ProveRecord(size, index, stored(read))
	if err != nil {
		return nil, fmt.Errorf("proving a leaf of the log: %w", err)
	}
	hashes := make([][32]byte, len(proof))
	for i, hash := range proof {
		hashes[i] = hash
	}
	return hashes, nil
}

// stored works out any node from those that are stored.
func stored(read ReadSpans) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		spans := make([]Span, len(indexes))
		for i, index := range indexes {
			level, n := tlog.SplitStoredHashIndex(index)
			above := level % TileHeight
			spans[i] = Span{level - above, n << above, (n + 1) << above}
		}
		rows, err := read(spans)
		if err != nil {
			return nil, err
		}
		hashes := make([]tlog.Hash, len(indexes))
		for i, row := range rows {
			if int64(len(row)) != spans[i].To-spans[i].From {
				return nil, fmt.Errorf("nodes %d to %d of level %d are not whole", spans[i].From, spans[i].To, spans[i].Level)
			}
			hashes[i] = fold(row)
		}
		return hashes, nil
	})
}
