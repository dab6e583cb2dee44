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

func (t *tree) add(leaf [32]byte) {
	node := tlog.Hash(leaf)
	for n := t.leaves; n&1 == 1; n >>= 1 {
		last := len(t.full) - 1
		node, t.full = tlog.NodeHash(t.full[last], node), t.full[:last]
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
