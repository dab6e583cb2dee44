// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"crypto"
	"crypto/x509"
	"time"

	"ininjo/poa/jpki"
)

// StatusQuestion asks whether a certificate is revoked. What a source does not
// need it does not look at: CRL and OCSP take certificate, issuer and root, a
// platform the signature as well.
type StatusQuestion struct {
	Certificate, Issuer *x509.Certificate
	RootSHA256          [32]byte // of the pinned root, which decides whom to ask
	SignatureValue      []byte   // of the SignerInfo
	SignedDigest        []byte   // hash of the DER of the signed attributes
	Hash                crypto.Hash
	At                  time.Time
	Liveness            bool // asked again about a certificate that was verified before (現況確認)
}

// StatusSource tells whether a certificate is revoked. An error means "cannot
// tell now": the caller waits and asks again, and never accepts.
type StatusSource interface {
	Status(ctx context.Context, q StatusQuestion) (jpki.StatusAnswer, error)
}
