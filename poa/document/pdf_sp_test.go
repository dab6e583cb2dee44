// SPDX-License-Identifier: Apache-2.0

package document_test

import (
	"strconv"
	"testing"

	"ininjo/poa/document"
)

// TestACertificateBesideTheCMSIsRefused: it is no part of these kinds of
// signatures, and what is signed is kept in mode sp, where no certificate may be.
func TestACertificateBesideTheCMSIsRefused(t *testing.T) {
	t.Parallel()
	refuseAll(t, map[string]forgery{
		"written":   {func(b *increment) { b.add(b.free, "/Cert <3082>") }, document.Contents},
		"in a list": {func(b *increment) { b.add(b.free, "/Cert [<3082> <3082>]") }, document.Contents},
		"in an object": {func(b *increment) {
			b.objects[b.free+9] = "[<3082>]"
			b.add(b.free, "/Cert 999 0 R")
			b.edit(b.free, "999 0 R", strconv.Itoa(b.free+9)+" 0 R")
		}, document.Contents},
		"empty, though": {func(b *increment) { b.add(b.free, "/Cert []") }, document.Contents},
	})
}
