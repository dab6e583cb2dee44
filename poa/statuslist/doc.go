// SPDX-License-Identifier: Apache-2.0

// Package statuslist writes and reads status lists as the IETF's Token Status
// List has them: two bits for each entry, compressed with ZLIB, in a signed JWT of
// the type statuslist+jwt.
//
// It never decides how an entry stands, never reads a clock and never imports poa.
package statuslist
