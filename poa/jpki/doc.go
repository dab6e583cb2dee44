// SPDX-License-Identifier: Apache-2.0

// Package jpki judges signing certificates: those of JPKI (署名用電子証明書) and, where the operator wants them, of the
// commercial registry (商業登記電子証明書). It finds their path to a pinned root, judges profile and period at a given
// instant, reads who holds them (facts of the field 2), and reads what a CRL or an OCSP response says about them.
//
// A certificate that passes Check may have been revoked: whoever records the check asks for its status as well. The
// package must never trust a root because of its name, never take an answer about another certificate, never put
// personal data into an error or a log, never reach the network, and never import another package of this module.
package jpki
