// SPDX-License-Identifier: Apache-2.0

package poatest

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // RFC 6960 names an issuer by it; nothing is protected by it
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"
)

// golang.org/x/crypto/ocsp makes responses of the machine's time and without nonce, so the responder of the test
// hierarchy writes its own (RFC 6960 section 4.2).

type certID struct {
	Hash              pkix.AlgorithmIdentifier
	NameHash, KeyHash []byte
	Serial            *big.Int
}

type ocspRequest struct {
	TBS struct {
		List []struct {
			ID certID
		}
		Extensions []pkix.Extension `asn1:"optional,explicit,tag:2"`
	}
}

type ocspSingle struct {
	ID         certID
	Status     asn1.RawValue
	ThisUpdate time.Time        `asn1:"generalized"`
	NextUpdate time.Time        `asn1:"generalized,optional,explicit,tag:0"`
	Extensions []pkix.Extension `asn1:"optional,explicit,tag:1"`
}

type ocspData struct {
	Responder  asn1.RawValue
	ProducedAt time.Time `asn1:"generalized"`
	Responses  []ocspSingle
	Extensions []pkix.Extension `asn1:"optional,explicit,tag:1"`
}

type ocspBasic struct {
	Data         asn1.RawValue
	Algorithm    pkix.AlgorithmIdentifier
	Signature    asn1.BitString
	Certificates []asn1.RawValue `asn1:"optional,explicit,tag:0"`
}

// responseSettings are what a response says besides the standing.
type responseSettings struct {
	this, next, produced time.Time
	id                   certID
	withoutNonce         bool
	nonce                []byte
	spoil, unsigned      bool
	extensions           []pkix.Extension
	signer               *Signer // nil: the authority itself
}

// ResponseOption changes one thing about an OCSP response, mostly so that it must be refused.
type ResponseOption func(*responseSettings)

// WithResponsePeriod sets this and next update, which are otherwise now and an hour later; a zero next leaves it away.
func WithResponsePeriod(this, next time.Time) ResponseOption {
	return func(s *responseSettings) { s.this, s.next, s.produced = this, next, this }
}

// WithoutNonce leaves the nonce away, as responders do that sign beforehand.
func WithoutNonce() ResponseOption { return func(s *responseSettings) { s.withoutNonce = true } }

// WithNonce answers another nonce than was sent.
func WithNonce(nonce []byte) ResponseOption { return func(s *responseSettings) { s.nonce = nonce } }

// AboutSerial answers about another certificate.
func AboutSerial(serial *big.Int) ResponseOption {
	return func(s *responseSettings) { s.id.Serial = serial }
}

// AboutIssuer answers about the certificate of the same number of another issuer.
func AboutIssuer(issuer *x509.Certificate) ResponseOption {
	return func(s *responseSettings) { s.id = idOf(issuer, s.id.Serial, crypto.SHA256) }
}

// WithSpoiledSignature changes a bit of the response's signature.
func WithSpoiledSignature() ResponseOption { return func(s *responseSettings) { s.spoil = true } }

// WithoutSignature leaves the signature empty.
func WithoutSignature() ResponseOption { return func(s *responseSettings) { s.unsigned = true } }

// WithResponseExtension adds an extension to the response.
func WithResponseExtension(extension pkix.Extension) ResponseOption {
	return func(s *responseSettings) { s.extensions = append(s.extensions, extension) }
}

// By lets a responder sign, whose certificate goes with the response (see CA.Responder).
func By(responder *Signer) ResponseOption { return func(s *responseSettings) { s.signer = responder } }

// Responder issues the certificate of a delegated OCSP responder, for signing responses and without a check of its own
// revocation. Options change it so that it must be refused.
func (ca *CA) Responder(options ...ResponderOption) (*Signer, error) {
	key, err := rsa.GenerateKey(rand.Reader, rsaBits)
	if err != nil {
		return nil, fmt.Errorf("making responder's key: %w", err)
	}
	subject, err := encodeName([]rdn{{oidCountry, "JP"}, {oidOrg, "JPKI-TEST"}, {oidCommon, "OCSP responder"}})
	if err != nil {
		return nil, err
	}
	template, err := newTemplate(subject, ca.at.AddDate(0, 0, -1), ca.at.AddDate(1, 0, 0))
	if err != nil {
		return nil, err
	}
	template.KeyUsage, template.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}
	template.ExtraExtensions = []pkix.Extension{{Id: oidNoCheck, Value: wrap(asn1.NullRawValue)}}
	for _, option := range options {
		option(template)
	}
	certificate, err := create(template, ca.Root, key.Public(), ca.key)
	if err != nil {
		return nil, err
	}
	return &Signer{Certificate: certificate, Key: key, root: ca.Root}, nil
}

// ResponderOption changes a responder's certificate before it is signed.
type ResponderOption func(*x509.Certificate)

// Respond answers an OCSP request (DER, about one certificate).
func (ca *CA) Respond(request []byte, now time.Time, options ...ResponseOption) ([]byte, error) {
	var asked ocspRequest
	if _, err := asn1.Unmarshal(request, &asked); err != nil || len(asked.TBS.List) != 1 {
		return wrap(struct{ Status asn1.Enumerated }{1}), nil // malformedRequest
	}
	s := responseSettings{this: now, next: now.Add(time.Hour), produced: now, id: asked.TBS.List[0].ID}
	if !ca.names(s.id) {
		return wrap(struct{ Status asn1.Enumerated }{6}), nil // unauthorized
	}
	for _, extension := range asked.TBS.Extensions {
		if extension.Id.Equal(oidNonce) {
			s.nonce = extension.Value
		}
	}
	for _, option := range options {
		option(&s)
	}
	single := ocspSingle{ID: s.id, Status: ca.status(s.id.Serial), ThisUpdate: whole(s.this)}
	if !s.next.IsZero() {
		single.NextUpdate = whole(s.next)
	}
	return ca.respond(s, single)
}

func whole(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// status is the CHOICE of good, revoked and unknown. What is revoked in the future is revoked all the same.
func (ca *CA) status(serial *big.Int) asn1.RawValue {
	r, revoked, unknown := ca.book.standing(serial)
	switch {
	case unknown:
		return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 2}
	case !revoked:
		return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0}
	}
	inner := generalized(r.at)
	inner = append(inner, tagged(0, wrap(asn1.Enumerated(r.reason)))...)
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 1, IsCompound: true, Bytes: inner}
}

func generalized(t time.Time) []byte {
	return wrap(asn1.RawValue{Tag: asn1.TagGeneralizedTime, Bytes: []byte(t.UTC().Format("20060102150405Z"))})
}

// names reports whether a request is about a certificate of this authority. Requests name it by SHA-1 or SHA-256.
func (ca *CA) names(id certID) bool {
	hash := crypto.SHA256
	if len(id.KeyHash) == sha1.Size {
		hash = crypto.SHA1
	}
	own := idOf(ca.Root, id.Serial, hash)
	return bytes.Equal(id.NameHash, own.NameHash) && bytes.Equal(id.KeyHash, own.KeyHash)
}

func idOf(issuer *x509.Certificate, serial *big.Int, hash crypto.Hash) certID {
	name, key := hash.New(), hash.New()
	name.Write(issuer.RawSubject)
	key.Write(keyBits(issuer))
	return certID{pkix.AlgorithmIdentifier{Algorithm: oidSHA256, Parameters: asn1.NullRawValue}, name.Sum(nil), key.Sum(nil), serial}
}

func keyBits(certificate *x509.Certificate) []byte {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(certificate.RawSubjectPublicKeyInfo, &info); err != nil {
		return nil
	}
	return info.Key.RightAlign()
}

// respond signs and wraps a response.
func (ca *CA) respond(s responseSettings, single ocspSingle) ([]byte, error) {
	signer, key := ca.Root, crypto.Signer(ca.key)
	if s.signer != nil {
		signer, key = s.signer.Certificate, s.signer.Key
	}
	data := ocspData{Responder: asn1.RawValue{FullBytes: tagged(1, signer.RawSubject)}, ProducedAt: whole(s.produced), Responses: []ocspSingle{single}, Extensions: s.extensions}
	if s.nonce != nil && !s.withoutNonce {
		data.Extensions = append(data.Extensions, pkix.Extension{Id: oidNonce, Value: s.nonce})
	}
	signed, err := asn1.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("encoding OCSP response: %w", err)
	}
	digest := sha256.Sum256(signed)
	signature, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("signing OCSP response: %w", err)
	}
	if s.spoil {
		signature[len(signature)/2] ^= 1
	}
	if s.unsigned {
		signature = nil
	}
	basic := ocspBasic{Data: asn1.RawValue{FullBytes: signed}, Algorithm: pkix.AlgorithmIdentifier{Algorithm: oidSHA256RSA, Parameters: asn1.NullRawValue},
		Signature: asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}}
	if s.signer != nil {
		basic.Certificates = []asn1.RawValue{{FullBytes: signer.Raw}}
	}
	inner, err := asn1.Marshal(basic)
	if err != nil {
		return nil, fmt.Errorf("encoding OCSP response: %w", err)
	}
	return sequence(wrap(asn1.Enumerated(0)), tagged(0, sequence(wrap(oidBasicResponse), wrap(inner)))), nil
}
