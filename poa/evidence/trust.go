// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"crypto"
	"crypto/x509"
	"time"

	"ininjo/poa/jpki"
)

// Trust is what the one who verifies brings: nothing in a bundle is believed
// because the bundle says so.
type Trust struct {
	// Profile holds the pinned roots of signers, expired ones included, and the
	// policies that are taken. Without roots paths are not verifiable; without
	// policies those that the record lists are taken.
	Profile jpki.Profile
	// TimeStampRoots are the roots of time stamp authorities, expired ones
	// included; nil: time stamps are not verifiable.
	TimeStampRoots *x509.CertPool
	// WeakFrom says from when on a digest no longer protects: a time stamp over one
	// must have been renewed before. A digest that is not in it does.
	WeakFrom map[crypto.Hash]time.Time
}

// digests are those that a time stamp may be over.
var digests = []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512}

// weak reports whether the digest no longer protects at the instant.
func (t Trust) weak(hash crypto.Hash, at time.Time) bool {
	from, listed := t.WeakFrom[hash]
	return listed && !at.Before(from)
}
