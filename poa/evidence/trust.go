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
	// Roots are the pinned roots of signers, expired ones included; nil: paths
	// cannot be verified.
	Roots *jpki.Roots
	// Policies are the certificate policies that are taken; empty: those that the
	// record lists.
	Policies []string
	// TimeStampRoots are the roots of time stamp authorities, expired ones
	// included; nil: time stamps cannot be verified.
	TimeStampRoots *x509.CertPool
	// WeakFrom says from when on a digest no longer protects (WeakFrom() of the
	// package where nil).
	WeakFrom map[crypto.Hash]time.Time
}
