// SPDX-License-Identifier: Apache-2.0

// Package document is the file format of a delegation (電子委任状): every item of
// table 4-1 of the operating rules, with what the service writes in by itself
// (ID, service, policy, address for questions about validity, entry in the
// status lists).
//
// A Format is a plug-in: XML, and PDF for people and Acrobat. Equal contents give
// equal bytes, so that what was signed can be compared with what was drafted.
// Texts are UTF-8 in normalization form C and hold no control characters and none that turn the
// direction of writing: what is read is what is signed. Reading is strict and
// bounded, since files come from outside: no document type, entity, comment or
// processing instruction, no element twice, out of order or unknown. Of a signed
// PDF the revision that signs is read as strictly, since readers differ in what
// they guess: docs/signatures.md lists what it may change.
//
// No conformity with the 記載例 of the basic guideline is claimed; it could not be
// read (design.md, section 6).
//
// The package must never judge a delegation (whether the term is sensible, the
// company exists or the power may be given), verify a signature, put a text of
// the file into an error, or import poa.
package document
