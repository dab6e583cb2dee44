// SPDX-License-Identifier: Apache-2.0

// Package receipt signs and verifies receipts (有効性確認回答書): the answer to a
// question about validity as a compact JWS (RFC 7515) with ES256, verifiable
// with the published JWKS (RFC 7517). It is the home of go-jose.
//
// The payload is a pure function of Claims: fields in a fixed order, absent
// values as null, instants in RFC 3339 with microseconds in UTC. So a receipt
// can be signed again years later over the same bytes; only the signature may
// differ: that of a key in memory does not (RFC 6979), a token's is random. A key
// serves one purpose, shown in the header "typ", and
// signs in its published period alone: [Keyset] chooses. What is signed again after
// its key's period is signed with the key of today, and the header iat says when.
//
// The package must never answer a question about validity, never read a clock but
// the one that it is handed, never hold a private key in an error text, and never
// import poa.
package receipt
