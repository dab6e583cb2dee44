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
	Unsigned           asn1.RawValue `asn1:"optional"`
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
// message digest and, where asked for, signing time and signing-certificate-v2: the shape that jpki/myna writes.
// key is asked to sign one digest, which is all that a card can do. Whether it is the certificate's is not asked here:
// a caller that drives a card with two keys verifies what it got. pkcs7 is not used for it, since that would always
// write the machine's time.
func Sign(content []byte, certificate *x509.Certificate, key crypto.Signer, options SignOptions) ([]byte, error) {
	how, err := chooseSigning(key.Public(), options)
	if err != nil {
		return nil, err
	}
	if len(options.ContentType) == 0 {
		options.ContentType = oidData
	}
	attributes, err := signedAttributes(content, certificate, how.hash, options)
	if err != nil {
		return nil, fmt.Errorf("encoding signed attributes: %w", err)
	}
	signature, err := key.Sign(rand.Reader, sum(how.hash, attributes), how.options)
	if err != nil {
		return nil, fmt.Errorf("signing attributes: %w", err)
	}
	signer := wireSigner{
		Version: 1, DigestAlgorithm: how.digest, SignatureAlgorithm: how.signature, Signature: signature,
		Attributes: asn1.RawValue{FullBytes: append([]byte{0xa0}, attributes[1:]...)},
	}
	if err := signer.name(certificate, options.KeyID); err != nil {
		return nil, err
	}
	if err := signer.stamp(options.TimeStamp); err != nil {
		return nil, err
	}
	der, err := assemble(content, certificate, signer, options)
	if err != nil {
		return nil, fmt.Errorf("encoding signed data: %w", err)
	}
	return der, nil
}

// signing is how one key signs.
type signing struct {
	hash              crypto.Hash
	options           crypto.SignerOpts
	digest, signature pkix.AlgorithmIdentifier
}

var errAlgorithm = errors.New("choosing algorithm: not RSA PKCS #1 v1.5, RSA-PSS or ECDSA with SHA-256, SHA-384 or SHA-512")

// signingOIDs are, for each hash, the digest and ECDSA with it; RSA is named rsaEncryption, as the card's tools do.
var signingOIDs = map[crypto.Hash][2]asn1.ObjectIdentifier{
	crypto.SHA256: {oidSHA256, oidECDSASHA256},
	crypto.SHA384: {oidSHA384, oidECDSASHA384},
	crypto.SHA512: {oidSHA512, oidECDSASHA512},
}

func chooseSigning(public crypto.PublicKey, options SignOptions) (how signing, err error) {
	how.hash = options.Hash
	curve, isECDSA := public.(*ecdsa.PublicKey)
	if how.hash == 0 {
		how.hash = crypto.SHA256
		if isECDSA && curve.Curve == elliptic.P384() {
			how.hash = crypto.SHA384
		}
	}
	oids, ok := signingOIDs[how.hash]
	_, isRSA := public.(*rsa.PublicKey)
	if !ok || !isRSA && !isECDSA || isECDSA && options.PSS {
		return how, errAlgorithm
	}
	how.digest, how.options = pkix.AlgorithmIdentifier{Algorithm: oids[0]}, how.hash
	switch {
	case isECDSA:
		how.signature.Algorithm = oids[1]
	case options.PSS:
		how.options = &rsa.PSSOptions{SaltLength: how.hash.Size(), Hash: how.hash}
		how.signature, err = pssIdentifier(how.digest, how.hash)
	default:
		how.signature = pkix.AlgorithmIdentifier{Algorithm: oidRSA, Parameters: asn1.NullRawValue} // RFC 3370 section 3.2
	}
	return how, err
}

// pssIdentifier is RFC 4056 section 3: the digest is also the mask's, the salt has its length.
func pssIdentifier(digest pkix.AlgorithmIdentifier, hash crypto.Hash) (id pkix.AlgorithmIdentifier, err error) {
	mask, err := asn1.Marshal(digest)
	if err != nil {
		return id, fmt.Errorf("encoding RSA-PSS parameters: %w", err)
	}
	parameters, err := asn1.Marshal(pssParameters{
		Hash: digest, MGF: pkix.AlgorithmIdentifier{Algorithm: oidMGF1, Parameters: asn1.RawValue{FullBytes: mask}}, Salt: hash.Size(), Trailer: 1,
	})
	if err != nil {
		return id, fmt.Errorf("encoding RSA-PSS parameters: %w", err)
	}
	return pkix.AlgorithmIdentifier{Algorithm: oidRSAPSS, Parameters: asn1.RawValue{FullBytes: parameters}}, nil
}

// stamp adds a time stamp token over the signature value as the one unsigned attribute (RFC 3161 appendix A).
func (s *wireSigner) stamp(ask func(signature []byte) ([]byte, error)) error {
	if ask == nil {
		return nil
	}
	token, err := ask(s.Signature)
	if err != nil {
		return fmt.Errorf("stamping signature: %w", err)
	}
	one, err := asn1.Marshal(wireAttribute{Type: oidTimeStamp, Values: []asn1.RawValue{{FullBytes: token}}})
	if err != nil {
		return fmt.Errorf("stamping signature: %w", err)
	}
	s.Unsigned = asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 1, IsCompound: true, Bytes: one}
	return nil
}

// signedAttributes returns the DER of the SET OF Attribute, sorted as DER asks.
func signedAttributes(content []byte, certificate *x509.Certificate, hash crypto.Hash, options SignOptions) ([]byte, error) {
	values := []struct {
		oid   asn1.ObjectIdentifier
		value any
		on    bool
	}{
		{oidContentType, options.ContentType, true},
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

func assemble(content []byte, certificate *x509.Certificate, signer wireSigner, options SignOptions) ([]byte, error) {
	certificates := slices.Clone(certificate.Raw)
	for _, other := range options.Chain {
		certificates = append(certificates, other.Raw...)
	}
	body := wireSignedData{
		Version:          signer.Version,
		DigestAlgorithms: []pkix.AlgorithmIdentifier{signer.DigestAlgorithm},
		Content:          wireContent{Type: options.ContentType},
		Certificates:     explicit(certificates),
		Signers:          []wireSigner{signer},
	}
	if !options.ContentType.Equal(oidData) {
		body.Version = 3 // RFC 5652 section 5.1
	}
	if !options.Detached {
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
