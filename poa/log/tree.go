// SPDX-License-Identifier: Apache-2.0

package log

import (
	"crypto/sha256"

	"golang.org/x/mod/sumdb/tlog"
)

// tree computes a Merkle tree hash (RFC 6962, section 2.1) leaf by leaf. It
// keeps the roots of the full subtrees, the largest first: as many as the
// number of leaves has binary ones.
type tree struct {
	leaves uint64
	full   []tlog.Hash
}

func (t *tree) add(leaf [32]byte) { t.grow(leaf, func(int, int64, tlog.Hash) {}) }

// grow adds a leaf and tells of each node above it whose subtree becomes full.
func (t *tree) grow(leaf [32]byte, full func(level int, index int64, hash tlog.Hash)) {
	node, level := tlog.Hash(leaf), 0
	for n := t.leaves; n&1 == 1; n >>= 1 {
		last := len(t.full) - 1
		node, t.full = tlog.NodeHash(t.full[last], node), t.full[:last]
		level++
		full(level, int64(n>>1), node) //nolint:gosec // fewer than 2^63 leaves
	}
	t.full = append(t.full, node)
	t.leaves++
}

// root is the hash of the tree; of no leaves, SHA-256 of nothing.
func (t *tree) root() [32]byte {
	if len(t.full) == 0 {
		return sha256.Sum256(nil)
	}
	node := t.full[len(t.full)-1]
	for i := len(t.full) - 2; i >= 0; i-- {
		node = tlog.NodeHash(t.full[i], node)
	}
	return node
}
