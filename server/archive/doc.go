// SPDX-License-Identifier: Apache-2.0

// Package archive keeps archives of the audit log as files of a folder: on this
// machine, or on removable media (operating rules 6.2.3, 7.1.7). It is the home
// of age and zstd.
//
// A file is written under a temporary name, synced, named and read back from
// the medium before anything is told of it. It is encrypted to the recipients
// of a file, whose identities need not be on this machine, and to an identity
// that is drawn for this one file, lives in memory and is forgotten once the
// file was read back: that is how the whole content is verified without the
// lasting identity.
//
// The package must never write over an archive, and knows nothing of what the
// lines mean.
package archive
