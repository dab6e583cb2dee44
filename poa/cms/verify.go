// SPDX-License-Identifier: Apache-2.0

package cms

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"time"
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
	SignedDigest       []byte              // hash of Attributes: what the key signed
	Attributes         []byte              // DER of the signed attributes; they may hold anything, whole certificates too
	TimeStamps         []TimeStamp         // over SignatureValue, their paths not judged (VerifyTimeStamp does)
	UnreadTimeStamps   int                 // those that could not be read, see Verify
}

// Verify reads one CMS SignedData (RFC 5652) in DER, BER or PEM and checks its one signature.
//
// detached is the content where the file carries none; where the file carries one, detached must be nil or equal.
// Every refusal is a Fault. Neither path nor period nor revocation of the certificate is looked at.
//
// Time stamps over the signature are read where they are there. They are no part of what was signed: anyone can add
// one, and nothing is decided by them here. So one that cannot be read or verified (an authority that still uses
// SHA-1) is counted and passed over, and does not spoil a good signature. One that can, but is over something else, is
// refused: somebody put it there to tell a later reader a wrong time.
//
// pkcs7 is not asked in service. It was tried in two ways (BenchmarkSecondReader; microseconds of one core for 4 KiB
// of content, of which one RSA operation is 38, and a whole verification at filing 164):
//   - given the whole file it takes 130 to 145 beside the 65 of this function, so that verifications would fall from
//     0.55 to 0.29 of what their RSA operations allow, where 0.5 is the aim; and it allocates 6 times the file (4 MiB
//     of content: 25.3 MB), where 3 times is the bound;
//   - given nothing but the one signer and the certificates read here, it takes 64: 0.39 as a second opinion, 0.47 in
//     place of the arithmetic here. In that place it would decide otherwise than we do: it sorts the signed attributes
//     before it hashes them, so that what it takes is not always what was sent, and measures the certificate's period
//     by the time that the signer claims. RSA-PSS and key identifiers it does not know.
//
// So it is the opponent in this package's tests and its fuzzing: what both judge, both must judge alike.
func Verify(file []byte, detached []byte, limits Limits) (*Signed, error) {
	sd, err := open(file, limits)
	if err != nil {
		return nil, err
	}
	content, err := sd.chooseContent(detached, limits)
	if err != nil {
		return nil, err
	}
	signed, _, err := sd.verify(content, rawData)
	if err != nil {
		return nil, err
	}
	if err := signed.readTimeStamps(sd.signer.unsigned); err != nil {
		return nil, err
	}
	return signed, nil
}

// open unwraps PEM, rewrites BER as DER where it must, and reads the structure, all within the limits.
func open(file []byte, limits Limits) (*signedData, error) {
	if len(file) > limits.MaxBytes {
		return nil, fault(TooLarge, "more bytes than allowed")
	}
	file, err := unwrap(file)
	if err != nil {
		return nil, err
	}
	der, err := toDER(file, limits)
	if err != nil {
		return nil, err
	}
	return parse(der)
}

func unwrap(file []byte) ([]byte, error) {
	if !bytes.HasPrefix(file, []byte("-----BEGIN ")) {
		return file, nil
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
	return block.Bytes, nil
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
		return nil, fault(OtherContent, "the file carries another content than was handed in")
	}
	return sd.content, nil
}

// verify decides, in the order in which a signer can put things right.
func (sd *signedData) verify(content []byte, contentType oid) (*Signed, attributes, error) {
	var none attributes
	if sd.contentType != contentType {
		return nil, none, fault(ForeignContent, "the content has another type")
	}
	if sd.signer.attributes == nil {
		return nil, none, withoutAttributes(content)
	}
	hash, err := chooseDigest(sd.signer.digestAlgorithm)
	if err != nil {
		return nil, none, err
	}
	signer, err := sd.findSigner()
	if err != nil {
		return nil, none, err
	}
	claims, err := readAttributes(sd.signer.attributes)
	if err != nil {
		return nil, none, err
	}
	if err := claims.check(sd.contentType, sum(hash, content)); err != nil {
		return nil, none, err
	}
	digest := sum(hash, sd.signer.attributes)
	name, err := verifySignature(signer.PublicKey, sd.signer.signatureAlgorithm, hash, digest, sd.signer.signature)
	if err != nil {
		return nil, none, err
	}
	if err := claims.checkESS(signer); err != nil {
		return nil, none, err
	}
	return &Signed{
		Content: content, Detached: sd.detached, Signer: signer, Certificates: sd.certificates,
		SigningTime: claims.signingTime, Digest: hash.String(), SignatureAlgorithm: name,
		Hash: hash, SignatureValue: sd.signer.signature, SignedDigest: digest, Attributes: sd.signer.attributes,
	}, claims, nil
}

// withoutAttributes tells a signature over bare content from one that was made over the signed attributes of another
// file, which are now handed in as its content: both are one hash of one string of bytes (RFC 5652 section 11).
func withoutAttributes(content []byte) error {
	if der, err := toDER(content, DefaultLimits()); err == nil && len(der) <= maxAttributeBytes {
		if claims, err := readAttributes(der); err == nil && claims.contentType != "" && claims.messageDigest != nil {
			return fault(ReplayedAttributes, "the content is another signature's signed attributes")
		}
	}
	return fault(NoSignedAttributes, "the signature covers the bare content")
}

// findSigner finds the one certificate that the signer names. Two different ones under one name or one key identifier
// are refused: which of them signed must not depend on their order.
func (sd *signedData) findSigner() (*x509.Certificate, error) {
	kind := NoCertificate
	if sd.signer.issuer == nil && len(sd.certificates) > 0 {
		kind = KeyIdentifier
	}
	var found *x509.Certificate
	for _, certificate := range sd.certificates {
		if !sd.signer.names(certificate) {
			continue
		}
		if found != nil && !found.Equal(certificate) {
			return nil, fault(kind, "several certificates of the signer's name")
		}
		found = certificate
	}
	if found == nil {
		return nil, fault(kind, "the signer's certificate is not in the file")
	}
	return found, nil
}

// names compares with the certificate's own extension only; one without it has no key identifier, though one could
// be computed from its key: the authority says which name a key has, not the signer.
func (si *signerInfo) names(certificate *x509.Certificate) bool {
	if si.issuer == nil {
		return len(si.keyID) > 0 && bytes.Equal(si.keyID, certificate.SubjectKeyId)
	}
	return sameNumber(si.serial, certificate.SerialNumber) && bytes.Equal(certificate.RawIssuer, si.issuer)
}

// sameNumber compares the content of an INTEGER in DER with a number, which in a certificate is never below zero.
func sameNumber(content []byte, n *big.Int) bool {
	shortest := len(content) == 1 || len(content) > 1 && (content[0] != 0 || content[1] >= 0x80)
	return shortest && content[0] < 0x80 && new(big.Int).SetBytes(content).Cmp(n) == 0
}
