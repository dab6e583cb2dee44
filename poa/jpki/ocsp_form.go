// SPDX-License-Identifier: Apache-2.0

package jpki

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"

	"golang.org/x/crypto/ocsp"
)

// golang.org/x/crypto/ocsp neither sends a nonce nor keeps what a response says about nonce and issuer; this file
// holds the ASN.1 for that (RFC 6960 section 4).

var (
	oidOCSPBasic = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 1}
	oidOCSPNonce = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}
)

// ocspHashes are the hashes by which a response may name the issuer. SHA-1 is one: it only names, the signature decides.
var ocspHashes = map[string]crypto.Hash{"1.3.14.3.2.26": crypto.SHA1, "2.16.840.1.101.3.4.2.1": crypto.SHA256,
	"2.16.840.1.101.3.4.2.2": crypto.SHA384, "2.16.840.1.101.3.4.2.3": crypto.SHA512}

type ocspCertID struct {
	Hash              pkix.AlgorithmIdentifier
	NameHash, KeyHash []byte
	Serial            *big.Int
}

type ocspOuter struct {
	Status asn1.Enumerated
	Bytes  struct {
		Type     asn1.ObjectIdentifier
		Response []byte
	} `asn1:"explicit,tag:0,optional"`
}

type ocspBasic struct {
	Data ocspData
}

type ocspData struct {
	Version    int `asn1:"optional,default:0,explicit,tag:0"`
	Responder  asn1.RawValue
	ProducedAt asn1.RawValue
	Responses  []struct {
		ID ocspCertID
	}
	Extensions []pkix.Extension `asn1:"optional,explicit,tag:1"`
}

// ocspDetails are what of a response the library does not give out.
type ocspDetails struct {
	ids   []ocspCertID
	nonce []byte // nil where there is none
}

func readOCSPDetails(response []byte) (ocspDetails, error) {
	var outer ocspOuter
	if rest, err := asn1.Unmarshal(response, &outer); err != nil || len(rest) > 0 {
		return ocspDetails{}, fault(StatusUnreadable, "no OCSP response")
	}
	if outer.Status != asn1.Enumerated(ocsp.Success) {
		return ocspDetails{}, fault(StatusRefused, "the responder answered with an error")
	}
	var basic ocspBasic
	if rest, err := asn1.Unmarshal(outer.Bytes.Response, &basic); err != nil || len(rest) > 0 || !outer.Bytes.Type.Equal(oidOCSPBasic) {
		return ocspDetails{}, fault(StatusUnreadable, "no basic OCSP response")
	}
	details := ocspDetails{}
	for _, one := range basic.Data.Responses {
		details.ids = append(details.ids, one.ID)
	}
	for _, extension := range basic.Data.Extensions {
		switch {
		case extension.Id.Equal(oidOCSPNonce):
			if details.nonce != nil {
				return ocspDetails{}, fault(StatusUnreadable, "two nonces")
			}
			details.nonce = nonceOf(extension.Value)
		case extension.Critical:
			return ocspDetails{}, fault(StatusUnsupported, "an unknown critical extension")
		}
	}
	return details, nil
}

// nonceOf takes the nonce out of its OCTET STRING; older responders leave that away.
func nonceOf(value []byte) []byte {
	var inner []byte
	if rest, err := asn1.Unmarshal(value, &inner); err == nil && len(rest) == 0 {
		return inner
	}
	return value
}

// about wants exactly one response about the serial number, and that one about the issuer.
func (d ocspDetails) about(certificate, issuer *x509.Certificate) error {
	var found []ocspCertID
	for _, id := range d.ids {
		if id.Serial != nil && id.Serial.Cmp(certificate.SerialNumber) == 0 {
			found = append(found, id)
		}
	}
	if len(found) == 0 {
		return fault(StatusOtherCertificate, "a response about another certificate")
	}
	name, key, ok := ocspNames(issuer, ocspHashes[found[0].Hash.Algorithm.String()])
	if len(found) > 1 || !ok || !bytes.Equal(found[0].NameHash, name) || !bytes.Equal(found[0].KeyHash, key) {
		return fault(StatusOtherIssuer, "a response about another issuer's certificate")
	}
	return nil
}

// ocspNames are the hashes of the issuer's name and key.
func ocspNames(issuer *x509.Certificate, hash crypto.Hash) (name, key []byte, ok bool) {
	if hash == 0 || !hash.Available() {
		return nil, nil, false
	}
	ofName, ofKey := hash.New(), hash.New()
	ofName.Write(issuer.RawSubject)
	ofKey.Write(publicKeyBits(issuer))
	return ofName.Sum(nil), ofKey.Sum(nil), true
}

// publicKeyBits are the bits of a certificate's key, without its algorithm.
func publicKeyBits(certificate *x509.Certificate) []byte {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		PublicKey asn1.BitString
	}
	if _, err := asn1.Unmarshal(certificate.RawSubjectPublicKeyInfo, &info); err != nil {
		return nil
	}
	return info.PublicKey.RightAlign()
}

// NewOCSPRequest makes a request (DER) about one certificate. Without a nonce (nil) the extension is left away. The
// issuer is named by SHA-1, which every responder knows; it only names.
func NewOCSPRequest(certificate, issuer *x509.Certificate, nonce []byte) ([]byte, error) {
	type one struct{ ID ocspCertID }
	var request struct {
		TBS struct {
			List       []one
			Extensions []pkix.Extension `asn1:"optional,omitempty,explicit,tag:2"`
		}
	}
	name, key, _ := ocspNames(issuer, crypto.SHA1)
	sha1ID := pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}, Parameters: asn1.NullRawValue}
	request.TBS.List = []one{{ocspCertID{sha1ID, name, key, certificate.SerialNumber}}}
	if nonce != nil {
		value, err := asn1.Marshal(nonce)
		if err != nil {
			return nil, fault(StatusUnreadable, "the nonce cannot be encoded")
		}
		request.TBS.Extensions = []pkix.Extension{{Id: oidOCSPNonce, Value: value}}
	}
	der, err := asn1.Marshal(request)
	if err != nil {
		return nil, fault(StatusUnreadable, "the request cannot be encoded")
	}
	return der, nil
}
