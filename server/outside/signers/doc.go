// SPDX-License-Identifier: Apache-2.0

// Package signers reaches the keys with which the service signs (receipts,
// heartbeats, status lists) wherever the operator keeps them: in a file, in a
// token over PKCS #11, or in a KMS that speaks the Transit interface of HashiCorp
// Vault and OpenBao. Each is a [Source] of keys of P-256.
//
// What is not in memory is guarded: bounded at once, bounded in time, and not
// asked for a while after failures in a row, so that a dead token or KMS holds no
// answer. Every signature that comes from there is verified before it is used.
//
// The package must never put a secret into an error or a log, never ask at an
// address that was not configured, and never decide which key signs
// (receipt.Keyset does).
package signers
