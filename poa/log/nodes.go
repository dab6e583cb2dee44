// SPDX-License-Identifier: Apache-2.0

package log

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// TileHeight is the distance of the levels whose nodes are stored: of the levels
// between them a node is worked out from at most 128 others. So a tree of n leaves
// is stored in little more than n rows.
const TileHeight = 8

const tileWidth = 1 << TileHeight

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

// Grown returns the nodes to be stored when leaves are added to a tree of size.
func Grown(size int64, leaves [][32]byte, read ReadSpans) ([]Node, error) {
	var grown []Node
	level, from, fresh := 0, size, leaves
	for len(fresh) > 0 {
		whole := from - from%tileWidth // where the last subtree that was not full begins
		row := fresh
		if whole < from && from%tileWidth+int64(len(fresh)) >= tileWidth {
			before, err := readOne(read, Span{level, whole, from})
			if err != nil {
				return nil, err
			}
			row = append(before, fresh...)
		} else if whole < from {
			return grown, nil // it does not become full
		}
		var above [][32]byte
		for ; len(row) >= tileWidth; row = row[tileWidth:] {
			above = append(above, fold(row[:tileWidth]))
		}
		level += TileHeight
		from = whole >> TileHeight
		for i, hash := range above {
			grown = append(grown, Node{level, from + int64(i), hash})
		}
		fresh = above
	}
	return grown, nil
}

func readOne(read ReadSpans, span Span) ([][32]byte, error) {
	rows, err := read([]Span{span})
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 || int64(len(rows[0])) != span.To-span.From {
		return nil, fmt.Errorf("reading the log's tree: nodes %d to %d of level %d are not whole", span.From, span.To, span.Level)
	}
	return rows[0], nil
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

// Root is the hash of the tree of size.
func Root(size int64, read ReadSpans) ([32]byte, error) {
	root, err := tlog.TreeHash(size, stored(read))
	if err != nil {
		return root, fmt.Errorf("reading the log's tree: %w", err)
	}
	return root, nil
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
