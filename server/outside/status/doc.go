// SPDX-License-Identifier: Apache-2.0

// Package status asks whether certificates are revoked: CRLs from a file or over
// HTTP, OCSP responders, and a verification platform's interface
// (docs/platform-openapi.yaml). Each source implements poa.StatusSource.
//
// It must never take an address from a certificate, follow a redirect, read
// without bound, keep an answer longer than the answer itself allows, or let
// certificate data into an error. What it cannot tell is an error, never GOOD.
package status
