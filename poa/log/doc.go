// SPDX-License-Identifier: Apache-2.0

// Package log turns rows of the audit log and of the inquiries into bytes and
// leaf hashes of a transparency log (RFC 6962, section 2.1). It is the home of
// golang.org/x/mod/sumdb/tlog.
//
// # Encoding
//
// An encoding begins with a line that names its kind and version
// ("ininjo/audit/1\n" or "ininjo/inquiry/1\n"), so that no row of one kind is
// ever a row of the other. The fields follow in the order of the struct:
//
//   - a string or byte field: its length as 4 bytes, big-endian, then the bytes;
//   - an instant: microseconds since 1970-01-01 UTC as 8 bytes, big-endian, two's
//     complement; finer parts are dropped, as PostgreSQL drops them;
//   - an integer: 8 bytes likewise;
//   - a truth value: one byte, 0 or 1;
//   - an optional field: one byte, 0 or 1, and the field where it is 1.
//
// Since every field carries its length, distinct rows have distinct encodings.
// The encoding is for ever: another one takes another version in the first line.
//
// The package must never store, chain or read rows, never normalize what it is
// given, and never import poa.
package log
