// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"crypto"
	"crypto/x509"
	"time"

	"ininjo/poa/jpki"
)

// StatusQuestion asks whether a certificate stands at an instant.
type StatusQuestion struct {
	Certificate, Issuer *x509.Certificate
	RootSHA256          [32]byte // of the pinned root of its path: configuration says whom to ask for each
	// SignatureValue is the CMS signature, SignedDigest the hash of the signed attributes that it is over, Hash the
	// algorithm: what a verification platform is asked about.
	SignatureValue, SignedDigest []byte
	Hash                         crypto.Hash
	At                           time.Time
	Liveness                     bool // asked later about a certificate that was verified before (現況確認), not at a signature
}

// StatusSource asks for revocation status. Implemented by server/outside/status, which bounds its time.
type StatusSource interface {
	// Status asks. An error means "cannot tell now": wait and ask again, never accept. One of the profile's standings
	// other than GOOD is an answer, not an error.
	Status(ctx context.Context, q StatusQuestion) (jpki.StatusAnswer, error)
}

// TimeStamper asks a time-stamping authority (RFC 3161). Implemented by server/outside/timestamp, which bounds its
// time.
type TimeStamper interface {
	// Stamp returns the token over a digest, read but not verified by path. An error means "not now".
	Stamp(ctx context.Context, digest []byte, hash crypto.Hash) (token []byte, err error)
}

// Mode is the operator's part in the verification of signatures (公的個人認証法 article 17).
type Mode string

// Modes.
const (
	ModePlatform Mode = "PLATFORM" // a certified verifier itself: signed files are kept as they were filed
	ModeSP       Mode = "SP"       // a service provider, whom a platform verifies for: no raw certificate is kept anywhere
	ModeDemo     Mode = "DEMO"     // a test hierarchy
)

// Verification is what the checks of a filing lean on beside the profile. Each may be left out.
type Verification struct {
	// Mode is PLATFORM where it is empty.
	Mode Mode
	// Status is whom certificates are asked of; without it a person decides (NO_STATUS_SOURCE).
	Status StatusSource
	// Stamper gives time stamps; without it evidence is kept unstamped until there is one.
	Stamper TimeStamper
	// StampRoots are those of the time-stamping authority: a token that they do not verify is not kept.
	StampRoots *x509.CertPool
}

// Equip gives the registrar whom to ask. It is called once, before any use; NewRegistrar alone asks nobody.
func (r *Registrar) Equip(v Verification) { r.verification = v.withDefaults() }

// DecideWith has the rules of titles accept and refuse by the registrar. It is called once, before any use; without
// it they use one that asks nobody.
func (t *Titles) DecideWith(r *Registrar) { t.registrar = r }

func (v Verification) withDefaults() Verification {
	if v.Mode == "" {
		v.Mode = ModePlatform
	}
	return v
}
