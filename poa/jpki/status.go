// SPDX-License-Identifier: Apache-2.0

package jpki

import "time"

// Standing is what a source says about a certificate's revocation.
type Standing string

// The standings.
const (
	Good    Standing = "GOOD"    // not revoked
	Revoked Standing = "REVOKED" // revoked for good, since RevokedAt
	OnHold  Standing = "ON_HOLD" // 一時保留: revoked until further notice; JPKI never releases one (facts of the field 2.3)
	Unknown Standing = "UNKNOWN" // the source does not know the certificate: never to be accepted
)

// The sources of a StatusAnswer.
const (
	SourceCRL      = "CRL"
	SourceOCSP     = "OCSP"
	SourcePlatform = "PLATFORM"
)

// StatusAnswer is what a source said about one certificate, with all that is needed to check it again.
type StatusAnswer struct {
	Standing  Standing
	RevokedAt time.Time // when it was revoked or put on hold; zero where the source names no time
	Reason    string    // RFC 5280 name of the reason (affiliationChanged); empty where none is given
	Source    string    // CRL, OCSP or PLATFORM

	ProducedAt, ThisUpdate, NextUpdate time.Time // NextUpdate is zero where the source promises none

	Raw            []byte // the CRL or OCSP response, or the platform's answer without certificate data
	VerificationID string // of a platform
}
