// SPDX-License-Identifier: Apache-2.0

package cms

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"time"

	"github.com/digitorus/pkcs7"
)

// Signed is signed data whose one signature verifies. It says nothing about the signer's trust.
type Signed struct {
	Content            []byte // what was signed
	Detached           bool   // true where the content was handed in beside the file
	Signer             *x509.Certificate
	Certificates       []*x509.Certificate // all that the file carries, the signer's included
	SigningTime        *time.Time          // what the signer claims; never evidence
	Digest             string              // SHA-256, SHA-384 or SHA-512
	SignatureAlgorithm string              // RSA-PKCS1-v1_5, RSA-PSS, ECDSA-P-256 or ECDSA-P-384
	Hash               crypto.Hash         // the one that Digest names
	SignatureValue     []byte              // the signature's own bytes
	SignedDigest       []byte              // hash of the DER of the signed attributes: what the key signed
	TimeStamps         []TimeStamp         // over SignatureValue, their paths not judged (VerifyTimeStamp does)
}

// Verify reads one CMS SignedData (RFC 5652) in DER, BER or PEM and checks its one signature.
//
// detached is the content where the file carries none; where the file carries one, detached must be nil or equal.
// Every refusal is a Fault. Neither path nor period nor revocation of the certificate is looked at.
func Verify(file []byte, detached []byte, limits Limits) (*Signed, error) {
	der, err := normalize(file, limits)
	if err != nil {
		return nil, err
	}
	sd, err := parse(der)
	if err != nil {
		return nil, err
	}
	content, err := sd.chooseContent(detached, limits)
	if err != nil {
		return nil, err
	}
	signed, err := sd.verify(content)
	if err != nil {
		return nil, err
	}
	if err := secondOpinion(der, sd, signed); err != nil {
		return nil, err
	}
	return signed, nil
}

// normalize unwraps PEM and rewrites BER as DER, within the limits.
func normalize(file []byte, limits Limits) ([]byte, error) {
	if len(file) > limits.MaxBytes {
		return nil, fault(TooLarge, "more bytes than allowed")
	}
	if !bytes.HasPrefix(file, []byte("-----BEGIN ")) {
		return toDER(file, limits)
	}
	block, rest := pem.Decode(file)
	if block == nil || len(block.Headers) > 0 {
		return nil, fault(Malformed, "PEM cannot be read")
	}
	if block.Type != "CMS" && block.Type != "PKCS7" && block.Type != "PKCS #7 SIGNED DATA" {
		return nil, fault(NotSignedData, "PEM of another type")
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, fault(TrailingData, "bytes follow the PEM block")
	}
	return toDER(block.Bytes, limits)
}

func (sd *signedData) chooseContent(detached []byte, limits Limits) ([]byte, error) {
	switch {
	case sd.detached && detached == nil:
		return nil, fault(NoContent, "a detached signature without its content")
	case len(detached) > limits.MaxBytes:
		return nil, fault(TooLarge, "more bytes of content than allowed")
	case sd.detached:
		return detached, nil
	case detached != nil && !bytes.Equal(detached, sd.content):
		return nil, fault(Digest, "the file carries another content than was handed in")
	}
	return sd.content, nil
}

// verify decides, in the order in which a signer can put things right.
func (sd *signedData) verify(content []byte) (*Signed, error) {
	if !sd.contentType.Equal(oidData) {
		return nil, fault(ContentType, "the content is not plain data")
	}
	if sd.signer.attributes == nil {
		return nil, fault(NoSignedAttributes, "the signature covers the bare content")
	}
	hash, err := chooseDigest(sd.signer.digestAlgorithm)
	if err != nil {
		return nil, err
	}
	signer, err := sd.findSigner()
	if err != nil {
		return nil, err
	}
	claims, err := readAttributes(sd.signer.attributes)
	if err != nil {
		return nil, err
	}
	if err := claims.check(sd.contentType, sum(hash, content)); err != nil {
		return nil, err
	}
	name, err := verifySignature(signer.PublicKey, sd.signer.signatureAlgorithm, hash, sd.signer.attributes, sd.signer.signature)
	if err != nil {
		return nil, err
	}
	if err := claims.checkESS(signer); err != nil {
		return nil, err
	}
	return &Signed{
		Content: content, Detached: sd.detached, Signer: signer, Certificates: sd.certificates,
		SigningTime: claims.signingTime, Digest: hash.String(), SignatureAlgorithm: name,
	}, nil
}

// findSigner finds the one certificate that the signer names. Two different ones under one name are refused:
// which of them signed must not depend on their order.
func (sd *signedData) findSigner() (*x509.Certificate, error) {
	var found *x509.Certificate
	for _, certificate := range sd.certificates {
		if !sd.signer.names(certificate) {
			continue
		}
		if found != nil && !found.Equal(certificate) {
			return nil, fault(NoCertificate, "several certificates of the signer's name")
		}
		found = certificate
	}
	if found == nil {
		return nil, fault(NoCertificate, "the signer's certificate is not in the file")
	}
	return found, nil
}

func (si *signerInfo) names(certificate *x509.Certificate) bool {
	if si.issuer == nil {
		return len(si.keyID) > 0 && bytes.Equal(si.keyID, certificate.SubjectKeyId)
	}
	return certificate.SerialNumber.Cmp(si.serial) == 0 && bytes.Equal(certificate.RawIssuer, si.issuer)
}

// secondOpinion asks pkcs7, which reads the same bytes in its own way, and refuses what it does not agree with: a file
// that two readers understand differently is an attack. It is asked only what it can judge: it knows neither key
// identifiers nor RSA-PSS, and would measure the certificate's period by the time that the signer claims.
func secondOpinion(der []byte, sd *signedData, signed *Signed) error {
	claimed := signed.SigningTime
	foreign := sd.signer.issuer == nil || signed.SignatureAlgorithm == "RSA-PSS" ||
		claimed != nil && (claimed.Before(signed.Signer.NotBefore) || claimed.After(signed.Signer.NotAfter))
	if foreign {
		return nil
	}
	other, err := pkcs7.Parse(der)
	if err != nil {
		return fault(Malformed, "a second reader cannot parse it")
	}
	if signed.Detached {
		other.Content = signed.Content
	}
	if !bytes.Equal(other.Content, signed.Content) || !signed.Signer.Equal(other.GetOnlySigner()) {
		return fault(Signature, "a second reader sees another content or signer")
	}
	if other.VerifyWithChain(nil) != nil {
		return fault(Signature, "a second reader does not verify it")
	}
	return nil
}
