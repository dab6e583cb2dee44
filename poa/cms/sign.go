// SPDX-License-Identifier: Apache-2.0

package cms

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"
)

// SignOptions says how to sign; the zero value makes an attached signature without a signing time.
type SignOptions struct {
	Detached    bool
	SigningTime time.Time   // zero: no signing time is claimed
	Hash        crypto.Hash // 0: SHA-256, with a P-384 key SHA-384
	PSS         bool        // RSA-PSS with a salt of the hash's length; without it RSA keys sign PKCS #1 v1.5
	KeyID       bool        // name the signer by subject key identifier
	ESS         bool        // add signing-certificate-v2, as CAdES-BES does
	// Chain is carried beside the signer's certificate, as authorities between it and the root are.
	Chain []*x509.Certificate
	// ContentType is id-data where it is nil; a time stamp authority signs id-ct-TSTInfo.
	ContentType asn1.ObjectIdentifier
	// TimeStamp is asked for a token over the signature value (CAdES-T) where it is not nil.
	TimeStamp func(signature []byte) (token []byte, err error)
}

type wireAttribute struct {
	Type   asn1.ObjectIdentifier
	Values []asn1.RawValue `asn1:"set"`
}

type wireSigner struct {
	Version            int
	SID                asn1.RawValue
	DigestAlgorithm    pkix.AlgorithmIdentifier
	Attributes         asn1.RawValue
	SignatureAlgorithm pkix.AlgorithmIdentifier
	Signature          []byte
}

type wireContent struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"optional"`
}

type wireSignedData struct {
	Version          int
	DigestAlgorithms []pkix.AlgorithmIdentifier `asn1:"set"`
	Content          wireContent
	Certificates     asn1.RawValue
	Signers          []wireSigner `asn1:"set"`
}

// Sign makes one CMS SignedData in DER with one signer, its certificate and the signed attributes content type,
// message digest and, where asked for, signing time: the shape that jpki/myna writes. pkcs7 is not used for it,
// since that would always write the machine's time.
func Sign(content []byte, certificate *x509.Certificate, key crypto.Signer, options SignOptions) ([]byte, error) {
	hash, digestOID, signatureOID, err := chooseSigning(key.Public(), options.Hash)
	if err != nil {
		return nil, err
	}
	attributes, err := signedAttributes(content, certificate, hash, options)
	if err != nil {
		return nil, fmt.Errorf("encoding signed attributes: %w", err)
	}
	signature, err := key.Sign(rand.Reader, sum(hash, attributes), hash)
	if err != nil {
		return nil, fmt.Errorf("signing attributes: %w", err)
	}
	signer := wireSigner{
		Version: 1, DigestAlgorithm: pkix.AlgorithmIdentifier{Algorithm: digestOID},
		Attributes:         asn1.RawValue{FullBytes: append([]byte{0xa0}, attributes[1:]...)},
		SignatureAlgorithm: signatureAlgorithm(signatureOID), Signature: signature,
	}
	if err := signer.name(certificate, options.KeyID); err != nil {
		return nil, err
	}
	der, err := assemble(content, certificate, signer, options.Detached)
	if err != nil {
		return nil, fmt.Errorf("encoding signed data: %w", err)
	}
	return der, nil
}

// chooseSigning returns hash, digest OID and signature OID for a key; RSA is named rsaEncryption, as the card's tools do.
func chooseSigning(public crypto.PublicKey, hash crypto.Hash) (crypto.Hash, asn1.ObjectIdentifier, asn1.ObjectIdentifier, error) {
	curve, isECDSA := public.(*ecdsa.PublicKey)
	if _, isRSA := public.(*rsa.PublicKey); !isRSA && !isECDSA {
		return 0, nil, nil, errors.New("choosing algorithm: key is neither RSA nor ECDSA")
	}
	if hash == 0 {
		hash = crypto.SHA256
		if isECDSA && curve.Curve == elliptic.P384() {
			hash = crypto.SHA384
		}
	}
	table := map[crypto.Hash][2]asn1.ObjectIdentifier{
		crypto.SHA256: {oidSHA256, oidECDSASHA256},
		crypto.SHA384: {oidSHA384, oidECDSASHA384},
		crypto.SHA512: {oidSHA512, oidECDSASHA512},
	}
	row, ok := table[hash]
	if !ok {
		return 0, nil, nil, errors.New("choosing algorithm: digest is not SHA-256, SHA-384 or SHA-512")
	}
	if isECDSA {
		return hash, row[0], row[1], nil
	}
	return hash, row[0], oidRSA, nil
}

func signatureAlgorithm(oid asn1.ObjectIdentifier) pkix.AlgorithmIdentifier {
	id := pkix.AlgorithmIdentifier{Algorithm: oid}
	if oid.Equal(oidRSA) {
		id.Parameters = asn1.NullRawValue // RFC 3370 section 3.2
	}
	return id
}

// signedAttributes returns the DER of the SET OF Attribute, sorted as DER asks.
func signedAttributes(content []byte, certificate *x509.Certificate, hash crypto.Hash, options SignOptions) ([]byte, error) {
	values := []struct {
		oid   asn1.ObjectIdentifier
		value any
		on    bool
	}{
		{oidContentType, oidData, true},
		{oidMessageDigest, sum(hash, content), true},
		{oidSigningTime, options.SigningTime.UTC(), !options.SigningTime.IsZero()},
		{oidESSv2, essValue(certificate), options.ESS},
	}
	var encoded [][]byte
	for _, v := range values {
		if !v.on {
			continue
		}
		value, err := asn1.Marshal(v.value)
		if err != nil {
			return nil, err
		}
		one, err := asn1.Marshal(wireAttribute{Type: v.oid, Values: []asn1.RawValue{{FullBytes: value}}})
		if err != nil {
			return nil, err
		}
		encoded = append(encoded, one)
	}
	slices.SortFunc(encoded, bytes.Compare)
	return asn1.Marshal(asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: bytes.Join(encoded, nil)})
}

// essValue is SigningCertificateV2 with one ESSCertIDv2 in SHA-256, which is the default and so not written.
func essValue(certificate *x509.Certificate) any {
	type certID struct{ Hash []byte }
	return struct{ Certs []certID }{[]certID{{sum(crypto.SHA256, certificate.Raw)}}}
}

// name fills the signer's identifier; one by key identifier makes it version 3 (RFC 5652 section 5.3).
func (s *wireSigner) name(certificate *x509.Certificate, byKeyID bool) error {
	if byKeyID {
		if len(certificate.SubjectKeyId) == 0 {
			return errors.New("naming signer: certificate has no subject key identifier")
		}
		s.Version = 3
		s.SID = asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, Bytes: certificate.SubjectKeyId}
		return nil
	}
	sid, err := asn1.Marshal(struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}{asn1.RawValue{FullBytes: certificate.RawIssuer}, certificate.SerialNumber})
	if err != nil {
		return fmt.Errorf("naming signer: %w", err)
	}
	s.SID = asn1.RawValue{FullBytes: sid}
	return nil
}

func assemble(content []byte, certificate *x509.Certificate, signer wireSigner, detached bool) ([]byte, error) {
	body := wireSignedData{
		Version:          signer.Version,
		DigestAlgorithms: []pkix.AlgorithmIdentifier{signer.DigestAlgorithm},
		Content:          wireContent{Type: oidData},
		Certificates:     explicit(certificate.Raw),
		Signers:          []wireSigner{signer},
	}
	if !detached {
		octets, err := asn1.Marshal(slices.Concat([]byte{}, content))
		if err != nil {
			return nil, err
		}
		body.Content.Content = explicit(octets)
	}
	inner, err := asn1.Marshal(body)
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(wireContent{Type: oidSignedData, Content: explicit(inner)})
}

func explicit(inner []byte) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: inner}
}
