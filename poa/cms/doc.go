// SPDX-License-Identifier: Apache-2.0

// Package cms reads and writes CMS signed data (RFC 5652) and decides for itself who signed what.
//
// It is the home of digitorus/pkcs7 and digitorus/timestamp. Size, nesting, structure, attributes, algorithms and the
// signature are judged by this package alone; pkcs7 is the second reader in its tests and fuzzing, and timestamp writes
// the requests for time stamps (RFC 3161). See Verify and openStamp for why neither is asked in service.
//
// It must never decide whether a signer is trusted (that is jpki's work; of time stamps it judges the path), never
// take the signing time that a file claims for a fact, and never import another package of this module.
package cms
