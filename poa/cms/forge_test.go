// SPDX-License-Identifier: Apache-2.0

package cms_test

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"testing"

	"ininjo/poa/cms"
	"ininjo/poa/poatest"
)

var (
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidESSv2         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
)

// forge signs content as it should be, and hands it to the forger.
func forge(t testing.TB, signer *poatest.Signer, options cms.SignOptions, change func(f *poatest.Forged)) []byte {
	t.Helper()
	return poatest.Forge(t, signer, content, options, change)
}

// withKeyID issues a certificate of the CA whose key identifier is somebody else's: what a careless or deceived
// authority could be made to issue.
func withKeyID(t testing.TB, signer *poatest.Signer, template x509.Certificate, id []byte) *x509.Certificate {
	t.Helper()
	template.SubjectKeyId = id
	template.ExtraExtensions, template.Extensions = nil, nil
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, signer.Key.Public(), signer.Key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// keyOf is a key of two certificates.
func keyOf(signer *poatest.Signer) func() (crypto.Signer, error) {
	return func() (crypto.Signer, error) { return signer.Key, nil }
}

// issuerSerial names a certificate as a signer does.
func issuerSerial(t testing.TB, certificate *x509.Certificate) asn1.RawValue {
	t.Helper()
	return asn1.RawValue{FullBytes: poatest.DER(t, struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}{asn1.RawValue{FullBytes: certificate.RawIssuer}, certificate.SerialNumber})}
}

// essNamed is signing-certificate-v2 with the hash of one certificate, and issuer and number of another.
func essNamed(t testing.TB, hashed, numbered *x509.Certificate) poatest.ForgedAttribute {
	t.Helper()
	type numberOf struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	directory := poatest.DER(t, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 4, IsCompound: true, Bytes: numbered.RawIssuer})
	type certID struct {
		Hash   []byte
		Number numberOf
	}
	names := asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: directory}
	return poatest.Attribute(t, oidESSv2, struct{ Certs []certID }{[]certID{{sha256Of(hashed.Raw), numberOf{names, numbered.SerialNumber}}}})
}

// shortSigner has an RSA key of 1024 bits.
func shortSigner(t testing.TB) *poatest.Signer {
	t.Helper()
	return issue(t, poatest.WithRSABits(1024))
}
