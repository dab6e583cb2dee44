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
var digests = map[oid]crypto.Hash{rawSHA256: crypto.SHA256, rawSHA384: crypto.SHA384, rawSHA512: crypto.SHA512}

// weak are digests that were good once; they are told apart, since an old card or tool is the likely cause.
var weak = map[oid]bool{
	raw(asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 2}):    true, // MD2
	raw(asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 5}):    true, // MD5
	raw(asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}):         true, // SHA-1
	raw(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 2}): true, // MD2 with RSA
	raw(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 4}): true, // MD5 with RSA
	raw(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 5}): true, // SHA-1 with RSA
	raw(asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1}):     true, // SHA-1 with ECDSA
}

// algorithm is an AlgorithmIdentifier (RFC 5280 section 4.1.1.2) as it was read.
type algorithm struct {
	id         oid
	parameters asn1.RawValue
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

var schemes = map[oid]scheme{
	raw(oidRSA):         {familyRSA, 0},
	raw(oidRSASHA256):   {familyRSA, crypto.SHA256},
	raw(oidRSASHA384):   {familyRSA, crypto.SHA384},
	raw(oidRSASHA512):   {familyRSA, crypto.SHA512},
	raw(oidRSAPSS):      {familyPSS, 0},
	raw(oidECDSASHA256): {familyECDSA, crypto.SHA256},
	raw(oidECDSASHA384): {familyECDSA, crypto.SHA384},
	raw(oidECDSASHA512): {familyECDSA, crypto.SHA512},
}

const (
	minRSABits = 2048
	maxRSABits = 8192 // above it one verification costs more than the whole filing
)

// chooseDigest returns the hash of a digest algorithm identifier.
func chooseDigest(a algorithm) (crypto.Hash, error) {
	hash, ok := digests[a.id]
	switch {
	case weak[a.id]:
		return 0, fault(WeakDigest, "SHA-1 or an older digest")
	case !ok || !a.withoutParameters():
		return 0, fault(Algorithm, "a digest other than SHA-256, SHA-384 and SHA-512")
	}
	return hash, nil
}

// withoutParameters says that an identifier has none, or NULL, as all but RSA-PSS have.
func (a algorithm) withoutParameters() bool {
	p := a.parameters
	return len(p.FullBytes) == 0 || p.Class == asn1.ClassUniversal && p.Tag == asn1.TagNull && len(p.Bytes) == 0
}

// verifySignature checks the signature over what digest is of; the signature algorithm's digest must be the signer's.
func verifySignature(key any, a algorithm, hash crypto.Hash, digest, signature []byte) (string, error) {
	chosen, ok := schemes[a.id]
	switch {
	case weak[a.id]:
		return "", fault(WeakDigest, "a signature algorithm of SHA-1 or an older digest")
	case !ok || chosen.hash != 0 && chosen.hash != hash || chosen.family != familyPSS && !a.withoutParameters():
		return "", fault(Algorithm, "a signature algorithm outside the table, or of another digest")
	}
	switch public := key.(type) {
	case *rsa.PublicKey:
		return verifyRSA(public, chosen.family, a, hash, digest, signature)
	case *ecdsa.PublicKey:
		return verifyECDSA(public, chosen.family, hash, digest, signature)
	}
	return "", fault(Algorithm, "a key that is neither RSA nor ECDSA")
}

func verifyRSA(key *rsa.PublicKey, chosen family, a algorithm, hash crypto.Hash, digest, signature []byte) (string, error) {
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
		salt, err := pssSalt(a, hash)
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
func pssSalt(a algorithm, hash crypto.Hash) (int, error) {
	var p pssParameters
	if rest, err := asn1.Unmarshal(a.parameters.FullBytes, &p); err != nil || len(rest) > 0 {
		return 0, fault(Algorithm, "RSA-PSS without readable parameters")
	}
	var mask pkix.AlgorithmIdentifier
	if rest, err := asn1.Unmarshal(p.MGF.Parameters.FullBytes, &mask); err != nil || len(rest) > 0 {
		return 0, fault(Algorithm, "RSA-PSS without a readable mask")
	}
	same := digests[raw(p.Hash.Algorithm)] == hash && digests[raw(mask.Algorithm)] == hash
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
