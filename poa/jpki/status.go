// SPDX-License-Identifier: Apache-2.0

package jpki

import (
	"crypto/x509"
	"slices"
	"strconv"
	"time"
)

// Standing is what a source says about a certificate's revocation.
type Standing string

// The standings.
const (
	Good    Standing = "GOOD"    // not revoked
	Revoked Standing = "REVOKED" // revoked for good, since RevokedAt
	OnHold  Standing = "ON_HOLD" // 一時保留: revoked until further notice; JPKI never releases one (facts of the field 2.3)
	Unknown Standing = "UNKNOWN" // the source does not know the certificate: never to be accepted
)

// Standings lists every Standing.
func Standings() []Standing { return []Standing{Good, Revoked, OnHold, Unknown} }

// The sources of a StatusAnswer.
const (
	SourceCRL      = "CRL"
	SourceOCSP     = "OCSP"
	SourcePlatform = "PLATFORM"
)

// StatusAnswer is what a source said about one certificate, with all that is needed to check it again.
type StatusAnswer struct {
	Standing Standing
	// RevokedAt is since when it is revoked or on hold: the earlier of revocation and invalidity date; zero where the
	// source names no time.
	RevokedAt time.Time
	Reason    string // RFC 5280 name of the reason (affiliationChanged), or a platform's own word
	Source    string // CRL, OCSP or PLATFORM

	ProducedAt, ThisUpdate, NextUpdate time.Time // NextUpdate is zero where the source promises none

	Raw            []byte // the CRL or OCSP response, or the platform's answer without certificate data
	Nonce          []byte // that an OCSP request sent and the response repeats; nil where none was wanted
	VerificationID string // a platform's name of the verification
	CertificateID  string // a platform's name of the certificate, by which its status is asked again
}

// StandingAt returns the standing that a revocation told now gives a signature proved to be of the instant at: what
// was revoked only later was good then. A compromised key was never good, whatever the date.
func (a StatusAnswer) StandingAt(at time.Time) Standing {
	if a.Standing != Revoked && a.Standing != OnHold || a.RevokedAt.IsZero() || !at.Before(a.RevokedAt) {
		return a.Standing
	}
	if slices.Contains([]string{"keyCompromise", "cACompromise", "aACompromise"}, a.Reason) {
		return a.Standing
	}
	return Good
}

const (
	// maxAhead is how far a source's clock may be ahead of ours.
	maxAhead = 5 * time.Minute
	// maxUnpromised is how old an OCSP response may be that does not say until when it holds.
	maxUnpromised = time.Hour
)

// reasons are RFC 5280's names, by the number in the list or response; 7 is not used.
var reasons = map[int]string{0: "unspecified", 1: "keyCompromise", 2: "cACompromise", 3: "affiliationChanged", 4: "superseded",
	5: "cessationOfOperation", reasonHold: "certificateHold", reasonRemove: "removeFromCRL", 9: "privilegeWithdrawn", 10: "aACompromise"}

const (
	reasonHold   = 6
	reasonRemove = 8
)

// revoke puts a revocation into the answer. removeFromCRL stands in delta lists alone, which are not read.
func (a *StatusAnswer) revoke(reason int, at time.Time) error {
	if reason == reasonRemove {
		return fault(StatusUnsupported, "removeFromCRL outside of a delta list")
	}
	a.Standing, a.RevokedAt = Revoked, at.UTC()
	if reason == reasonHold {
		a.Standing = OnHold
	}
	if a.Reason = reasons[reason]; a.Reason == "" {
		a.Reason = "reason" + strconv.Itoa(reason)
	}
	return nil
}

// fresh judges the answer's times as of an instant.
func (a *StatusAnswer) fresh(at time.Time) error {
	switch {
	case !a.NextUpdate.IsZero() && a.NextUpdate.Before(a.ThisUpdate):
		return fault(StatusUnreadable, "its end lies before its begin")
	case a.ThisUpdate.After(at.Add(maxAhead)) || a.ProducedAt.After(at.Add(maxAhead)):
		return fault(StatusNotYet, "from the future")
	case !a.NextUpdate.IsZero() && at.After(a.NextUpdate):
		return fault(StatusStale, "newer information is out")
	case a.NextUpdate.IsZero() && at.Sub(a.ThisUpdate) > maxUnpromised:
		return fault(StatusStale, "old, and it does not say until when it holds")
	}
	return nil
}

// signatureTaken are the algorithms by which an answer may be signed; SHA-1 is none of them, though crypto/x509
// still verifies it there.
var signatureTaken = []x509.SignatureAlgorithm{
	x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA, x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS,
	x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512,
}

func takenAlgorithm(algorithm x509.SignatureAlgorithm) error {
	if !slices.Contains(signatureTaken, algorithm) {
		return fault(StatusAlgorithm, "signed by an algorithm that is not taken")
	}
	return nil
}

// issued wants the certificate to be one that the issuer's key signed: names alone do not tell JPKI's generations apart.
func issued(certificate, issuer *x509.Certificate) error {
	if certificate == nil || issuer == nil || certificate.CheckSignatureFrom(issuer) != nil {
		return fault(StatusOtherIssuer, "the certificate is not of this issuer")
	}
	return nil
}
