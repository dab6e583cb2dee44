// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"

	"ininjo/poa/cms"
	"ininjo/poa/poatest"
)

// forged is a CMS taken apart, so that a forger can put another one together.
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
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
)

// forge signs content as it should be, and hands it to the forger.
func forge(tb testing.TB, signer *poatest.Signer, content []byte, options cms.SignOptions, change func(f *forged)) []byte {
	tb.Helper()
	file, err := signer.Sign(content, options)
	must(tb, err)
	var outer struct {
		Type asn1.ObjectIdentifier
		Body forged `asn1:"explicit,tag:0"`
	}
	_, err = asn1.Unmarshal(file, &outer)
	must(tb, err)
	change(&outer.Body)
	return derOf(tb, outer)
}

func derOf(tb testing.TB, value any) []byte {
	tb.Helper()
	der, err := asn1.Marshal(value)
	must(tb, err)
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

// signAttributes puts other signed attributes into a signer, and signs them with
// the key rightly.
func (s *forgedSigner) signAttributes(tb testing.TB, key crypto.Signer, attributes ...forgedAttribute) {
	tb.Helper()
	set, err := asn1.MarshalWithParams(attributes, "set")
	must(tb, err)
	var inner asn1.RawValue
	_, err = asn1.Unmarshal(set, &inner)
	must(tb, err)
	s.Attributes = explicit(inner.Bytes)
	s.sign(tb, key, set)
}

func (s *forgedSigner) sign(tb testing.TB, key crypto.Signer, over []byte) {
	tb.Helper()
	digest := sha256.Sum256(over)
	var err error
	s.Value, err = key.Sign(rand.Reader, digest[:], crypto.SHA256)
	must(tb, err)
}

func attribute(tb testing.TB, kind asn1.ObjectIdentifier, value any) forgedAttribute {
	tb.Helper()
	return forgedAttribute{kind, []asn1.RawValue{{FullBytes: derOf(tb, value)}}}
}

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
func (s *forgedSigner) renamedTo(tb testing.TB, certificate *x509.Certificate) {
	tb.Helper()
	s.SID = asn1.RawValue{FullBytes: derOf(tb, struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}{asn1.RawValue{FullBytes: certificate.RawIssuer}, certificate.SerialNumber})}
}
