// SPDX-License-Identifier: Apache-2.0

// Package timestamp asks time stamp authorities (TSA) over HTTP (RFC 3161 section 3.4) for stamps over evidence. What
// is sent is a digest and a random number: nothing about anybody leaves the site.
//
// It must never return a token that it has not verified against the pinned roots of the authorities: a stamp that
// nobody can verify is noticed ten years too late otherwise.
package timestamp
