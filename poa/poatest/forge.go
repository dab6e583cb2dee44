// SPDX-License-Identifier: Apache-2.0

package poatest

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"

	"ininjo/poa/cms"
)

// Forged is a CMS SignedData taken apart, so that a forger can put another one together.
type Forged struct {
	Version int
	Digests asn1.RawValue
	Content struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"optional"`
	}
	Certificates asn1.RawValue
	Signers      []ForgedSigner `asn1:"set"`
}

// ForgedSigner is a SignerInfo taken apart.
type ForgedSigner struct {
	Version    int
	SID        asn1.RawValue
	Digest     pkix.AlgorithmIdentifier
	Attributes asn1.RawValue `asn1:"optional"`
	Signature  pkix.AlgorithmIdentifier
	Value      []byte
}

// ForgedAttribute is a signed attribute with values of any kind.
type ForgedAttribute struct {
	Type   asn1.ObjectIdentifier
	Values []asn1.RawValue `asn1:"set"`
}

// Forge signs content as it should be, and hands it to the forger.
func Forge(t TB, signer *Signer, content []byte, options cms.SignOptions, change func(*Forged)) []byte {
	t.Helper()
	file, err := signer.Sign(content, options)
	if err != nil {
		t.Fatalf("signing: %v", err)
	}
	var outer struct {
		Type asn1.ObjectIdentifier
		Body Forged `asn1:"explicit,tag:0"`
	}
	if rest, err := asn1.Unmarshal(file, &outer); err != nil || len(rest) > 0 {
		t.Fatalf("taking apart: %v", err)
	}
	change(&outer.Body)
	return DER(t, outer)
}

// DER writes a value.
func DER(t TB, value any) []byte {
	t.Helper()
	der, err := asn1.Marshal(value)
	if err != nil {
		t.Fatalf("writing DER: %v", err)
	}
	return der
}

// Explicit wraps DER in the context tag 0.
func Explicit(der ...[]byte) asn1.RawValue {
	var inner []byte
	for _, each := range der {
		inner = append(inner, each...)
	}
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: inner}
}

// SignAttributes puts other signed attributes into a signer, and signs them with the key rightly.
func (s *ForgedSigner) SignAttributes(t TB, key crypto.Signer, attributes ...ForgedAttribute) {
	t.Helper()
	set, err := asn1.MarshalWithParams(attributes, "set")
	if err != nil {
		t.Fatalf("writing attributes: %v", err)
	}
	var inner asn1.RawValue
	if _, err := asn1.Unmarshal(set, &inner); err != nil {
		t.Fatalf("reading attributes: %v", err)
	}
	s.Attributes = Explicit(inner.Bytes)
	s.Sign(t, key, set)
}

// Sign puts a signature with SHA-256 over any bytes into a signer.
func (s *ForgedSigner) Sign(t TB, key crypto.Signer, over []byte) {
	t.Helper()
	digest := sha256.Sum256(over)
	value, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		t.Fatalf("signing: %v", err)
	}
	s.Value = value
}

// Attribute is an attribute with one value.
func Attribute(t TB, kind asn1.ObjectIdentifier, value any) ForgedAttribute {
	t.Helper()
	return ForgedAttribute{kind, []asn1.RawValue{{FullBytes: DER(t, value)}}}
}
