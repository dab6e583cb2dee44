// SPDX-License-Identifier: Apache-2.0

// Package jpki judges JPKI signing certificates (署名用電子証明書): their path to a pinned root, their profile and
// period at a given instant, and the name, address and birth date that they hold (facts of the field 2).
//
// It checks no revocation status: a certificate that passes here may have been revoked, and whoever records the
// check says so. It must never trust a root because of its name, never put personal data into an error or a
// log, never reach the network, and never import another package of this module.
package jpki
