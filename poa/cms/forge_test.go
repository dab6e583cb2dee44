// SPDX-License-Identifier: Apache-2.0

package cms_test

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"

	"ininjo/poa/cms"
	"ininjo/poa/poatest"
)

// forged is a file taken apart, so that a forger can put another one together.
type forged struct {
	Version int
	Digests asn1.RawValue
	Content struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"optional"`
	}
	Certificates asn1.RawValue
	Signers      []forgedSigner `asn1:"set"`
}

type forgedSigner struct {
	Version    int
	SID        asn1.RawValue
	Digest     pkix.AlgorithmIdentifier
	Attributes asn1.RawValue `asn1:"optional"`
	Signature  pkix.AlgorithmIdentifier
	Value      []byte
}

type forgedAttribute struct {
	Type   asn1.ObjectIdentifier
	Values []asn1.RawValue `asn1:"set"`
}

var (
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidESSv2         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
)

// forge signs content as it should be, and hands it to the forger.
func forge(t testing.TB, signer *poatest.Signer, options cms.SignOptions, change func(f *forged)) []byte {
	t.Helper()
	file, err := signer.Sign(content, options)
	if err != nil {
		t.Fatal(err)
	}
	var outer struct {
		Type asn1.ObjectIdentifier
		Body forged `asn1:"explicit,tag:0"`
	}
	if rest, err := asn1.Unmarshal(file, &outer); err != nil || len(rest) > 0 {
		t.Fatal(err)
	}
	change(&outer.Body)
	return marshal(t, outer)
}

func marshal(t testing.TB, value any) []byte {
	t.Helper()
	der, err := asn1.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// explicit wraps DER in the context tag 0.
func explicit(der ...[]byte) asn1.RawValue {
	var inner []byte
	for _, each := range der {
		inner = append(inner, each...)
	}
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: inner}
}

// signAttributes puts other signed attributes into a signer, and signs them with the key rightly.
func (s *forgedSigner) signAttributes(t testing.TB, key crypto.Signer, attributes ...forgedAttribute) {
	t.Helper()
	set, err := asn1.MarshalWithParams(attributes, "set")
	if err != nil {
		t.Fatal(err)
	}
	var inner asn1.RawValue
	if _, err := asn1.Unmarshal(set, &inner); err != nil {
		t.Fatal(err)
	}
	s.Attributes = explicit(inner.Bytes)
	s.sign(t, key, set)
}

func (s *forgedSigner) sign(t testing.TB, key crypto.Signer, over []byte) {
	t.Helper()
	value, err := key.Sign(rand.Reader, sha256Of(over), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	s.Value = value
}

func attribute(t testing.TB, kind asn1.ObjectIdentifier, value any) forgedAttribute {
	t.Helper()
	return forgedAttribute{kind, []asn1.RawValue{{FullBytes: marshal(t, value)}}}
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
	return asn1.RawValue{FullBytes: marshal(t, struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}{asn1.RawValue{FullBytes: certificate.RawIssuer}, certificate.SerialNumber})}
}

// essNamed is signing-certificate-v2 with the hash of one certificate, and issuer and number of another.
func essNamed(t testing.TB, hashed, numbered *x509.Certificate) forgedAttribute {
	t.Helper()
	type numberOf struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	directory := marshal(t, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 4, IsCompound: true, Bytes: numbered.RawIssuer})
	type certID struct {
		Hash   []byte
		Number numberOf
	}
	names := asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: directory}
	return attribute(t, oidESSv2, struct{ Certs []certID }{[]certID{{sha256Of(hashed.Raw), numberOf{names, numbered.SerialNumber}}}})
}

// shortSigner has an RSA key of 1024 bits.
func shortSigner(t testing.TB) *poatest.Signer {
	t.Helper()
	return issue(t, poatest.WithRSABits(1024))
}
