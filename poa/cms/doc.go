// SPDX-License-Identifier: Apache-2.0

// Package cms reads and writes CMS signed data (RFC 5652) and decides for itself who signed what.
//
// It is the home of digitorus/pkcs7, which is asked only for a second opinion: size, nesting,
// structure, attributes, algorithms and the signature are judged here first (docs: libraries, "Signatures").
//
// It must never decide whether a signer is trusted (that is jpki's work), never take the signing time
// that a file claims for a fact, and never import another package of this module.
package cms
