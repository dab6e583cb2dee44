// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"

	"ininjo/poa/poatest"
)

var (
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
)

// twinOf is a certificate with the key identifier of another, as a careless
// authority could be made to issue.
func twinOf(tb testing.TB, victim, thief *poatest.Signer) []byte {
	tb.Helper()
	template := x509.Certificate{SerialNumber: big.NewInt(9), NotAfter: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), SubjectKeyId: victim.Certificate.SubjectKeyId}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, thief.Key.Public(), thief.Key)
	must(tb, err)
	return der
}

// renamedTo has a signer named by another certificate.
func renamedTo(tb testing.TB, s *poatest.ForgedSigner, certificate *x509.Certificate) {
	tb.Helper()
	s.SID = asn1.RawValue{FullBytes: poatest.DER(tb, struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}{asn1.RawValue{FullBytes: certificate.RawIssuer}, certificate.SerialNumber})}
}
