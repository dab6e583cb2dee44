// SPDX-License-Identifier: Apache-2.0

package cms

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha256" // registers SHA-256
	_ "crypto/sha512" // registers SHA-384 and SHA-512
	"crypto/x509/pkix"
	"encoding/asn1"
)

var (
	oidSHA256 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSHA384 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}
	oidSHA512 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}

	oidRSA         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidMGF1        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}
	oidRSAPSS      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	oidRSASHA256   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
	oidRSASHA384   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}
	oidRSASHA512   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}
	oidECDSASHA256 = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	oidECDSASHA384 = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}
	oidECDSASHA512 = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}
)

// digests is the table of digests that are taken: SHA-256 or better, as 電子署名法施行規則 article 2 asks of the keys' class.
var digests = map[string]crypto.Hash{
	oidSHA256.String(): crypto.SHA256,
	oidSHA384.String(): crypto.SHA384,
	oidSHA512.String(): crypto.SHA512,
}

// weak are digests that were good once; they are told apart, since an old card or tool is the likely cause.
var weak = map[string]bool{
	"1.2.840.113549.2.2": true, "1.2.840.113549.2.5": true, "1.3.14.3.2.26": true, // MD2, MD5, SHA-1
	"1.2.840.113549.1.1.2": true, "1.2.840.113549.1.1.4": true, "1.2.840.113549.1.1.5": true, // each with RSA
	"1.2.840.10045.4.1": true, // SHA-1 with ECDSA
}

type family int

const (
	familyRSA family = iota
	familyPSS
	familyECDSA
)

// scheme is what a signature algorithm identifier stands for; a hash of 0 takes the signer's digest.
type scheme struct {
	family family
	hash   crypto.Hash
}

var schemes = map[string]scheme{
	oidRSA.String():         {familyRSA, 0},
	oidRSASHA256.String():   {familyRSA, crypto.SHA256},
	oidRSASHA384.String():   {familyRSA, crypto.SHA384},
	oidRSASHA512.String():   {familyRSA, crypto.SHA512},
	oidRSAPSS.String():      {familyPSS, 0},
	oidECDSASHA256.String(): {familyECDSA, crypto.SHA256},
	oidECDSASHA384.String(): {familyECDSA, crypto.SHA384},
	oidECDSASHA512.String(): {familyECDSA, crypto.SHA512},
}

const (
	minRSABits = 2048
	maxRSABits = 8192 // above it one verification costs more than the whole filing
)

// chooseDigest returns the hash of a digest algorithm identifier.
func chooseDigest(id pkix.AlgorithmIdentifier) (crypto.Hash, error) {
	name := id.Algorithm.String()
	hash, ok := digests[name]
	switch {
	case weak[name]:
		return 0, fault(WeakDigest, "SHA-1 or an older digest")
	case !ok || !withoutParameters(id):
		return 0, fault(Algorithm, "a digest other than SHA-256, SHA-384 and SHA-512")
	}
	return hash, nil
}

// withoutParameters says that an identifier has none, or NULL, as all but RSA-PSS have.
func withoutParameters(id pkix.AlgorithmIdentifier) bool {
	p := id.Parameters
	return len(p.FullBytes) == 0 || p.Class == asn1.ClassUniversal && p.Tag == asn1.TagNull && len(p.Bytes) == 0
}

// verifySignature checks the signature over what digest is of; the signature algorithm's digest must be the signer's.
func verifySignature(key any, id pkix.AlgorithmIdentifier, hash crypto.Hash, digest, signature []byte) (string, error) {
	name := id.Algorithm.String()
	chosen, ok := schemes[name]
	switch {
	case weak[name]:
		return "", fault(WeakDigest, "a signature algorithm of SHA-1 or an older digest")
	case !ok || chosen.hash != 0 && chosen.hash != hash || chosen.family != familyPSS && !withoutParameters(id):
		return "", fault(Algorithm, "a signature algorithm outside the table, or of another digest")
	}
	switch public := key.(type) {
	case *rsa.PublicKey:
		return verifyRSA(public, chosen.family, id, hash, digest, signature)
	case *ecdsa.PublicKey:
		return verifyECDSA(public, chosen.family, hash, digest, signature)
	}
	return "", fault(Algorithm, "a key that is neither RSA nor ECDSA")
}

func verifyRSA(key *rsa.PublicKey, chosen family, id pkix.AlgorithmIdentifier, hash crypto.Hash, digest, signature []byte) (string, error) {
	if bits := key.N.BitLen(); bits < minRSABits {
		return "", fault(KeyTooShort, "an RSA key below 2048 bits")
	} else if bits > maxRSABits {
		return "", fault(Algorithm, "an RSA key above 8192 bits")
	}
	switch chosen {
	case familyRSA:
		if rsa.VerifyPKCS1v15(key, hash, digest, signature) != nil {
			return "", fault(Signature, "the signature does not verify")
		}
		return "RSA-PKCS1-v1_5", nil
	case familyPSS:
		salt, err := pssSalt(id, hash)
		if err != nil {
			return "", err
		}
		if rsa.VerifyPSS(key, hash, digest, signature, &rsa.PSSOptions{SaltLength: salt}) != nil {
			return "", fault(Signature, "the signature does not verify")
		}
		return "RSA-PSS", nil
	case familyECDSA:
	}
	return "", fault(Algorithm, "an RSA key with another key's algorithm")
}

func verifyECDSA(key *ecdsa.PublicKey, chosen family, hash crypto.Hash, digest, signature []byte) (string, error) {
	if chosen != familyECDSA || key.Curve != elliptic.P256() && key.Curve != elliptic.P384() {
		return "", fault(Algorithm, "a curve other than P-256 and P-384, or another key's algorithm")
	}
	if !ecdsa.VerifyASN1(key, digest, signature) {
		return "", fault(Signature, "the signature does not verify")
	}
	return "ECDSA-" + key.Curve.Params().Name, nil
}

// pssParameters is RSASSA-PSS-params of RFC 4055 section 3.1.
type pssParameters struct {
	Hash    pkix.AlgorithmIdentifier `asn1:"explicit,tag:0,optional"`
	MGF     pkix.AlgorithmIdentifier `asn1:"explicit,tag:1,optional"`
	Salt    int                      `asn1:"explicit,tag:2,default:20,optional"`
	Trailer int                      `asn1:"explicit,tag:3,default:1,optional"`
}

// pssSalt reads the salt's length; digest and mask digest must both be the signer's, so defaults (SHA-1) are refused.
func pssSalt(id pkix.AlgorithmIdentifier, hash crypto.Hash) (int, error) {
	var p pssParameters
	if rest, err := asn1.Unmarshal(id.Parameters.FullBytes, &p); err != nil || len(rest) > 0 {
		return 0, fault(Algorithm, "RSA-PSS without readable parameters")
	}
	var mask pkix.AlgorithmIdentifier
	if rest, err := asn1.Unmarshal(p.MGF.Parameters.FullBytes, &mask); err != nil || len(rest) > 0 {
		return 0, fault(Algorithm, "RSA-PSS without a readable mask")
	}
	same := digests[p.Hash.Algorithm.String()] == hash && digests[mask.Algorithm.String()] == hash
	if !same || !p.MGF.Algorithm.Equal(oidMGF1) || p.Trailer != 1 || p.Salt < hash.Size() || p.Salt > maxRSABits/8 {
		return 0, fault(Algorithm, "RSA-PSS with other parameters")
	}
	return p.Salt, nil
}

func sum(hash crypto.Hash, data []byte) []byte {
	h := hash.New()
	h.Write(data)
	return h.Sum(nil)
}
