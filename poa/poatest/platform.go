// SPDX-License-Identifier: Apache-2.0

package poatest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/subtle"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Platform is a verification platform in the test's process or the demo (docs/platform-openapi.yaml): it verifies
// signatures by certificates of its authorities, remembers the certificates, and tells their status from the
// authorities' books. It is an http.Handler.
type Platform struct {
	token string
	now   func() time.Time
	cas   []*CA
	mux   *http.ServeMux

	mu           sync.Mutex
	certificates map[string]*x509.Certificate // by the platform's ID
	purposes     []string                     // of every question, as the platform would bill them
}

// NewPlatform returns a platform that wants this bearer token.
func NewPlatform(token string, now func() time.Time, cas ...*CA) *Platform {
	p := &Platform{token: token, now: now, cas: cas, mux: http.NewServeMux(), certificates: map[string]*x509.Certificate{}}
	p.mux.HandleFunc("POST /pocketsign.verify.v2.VerificationService/Verify", p.verify)
	p.mux.HandleFunc("POST /pocketsign.verify.v2.CertificateService/CheckCertificateStatus", p.check)
	return p
}

// ServeHTTP implements http.Handler.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+p.token)) != 1 {
		platformFault(w, http.StatusUnauthorized, "unauthenticated", "")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	p.mux.ServeHTTP(w, r)
}

// Purposes lists for what the platform was asked so far.
func (p *Platform) Purposes() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.purposes...)
}

func (p *Platform) verify(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Certificate, Signature, Digest []byte
		HashAlgorithm, CheckPurpose    string
	}
	hashes := map[string]crypto.Hash{"HASH_ALGORITHM_SHA256": crypto.SHA256, "HASH_ALGORITHM_SHA384": crypto.SHA384, "HASH_ALGORITHM_SHA512": crypto.SHA512}
	if json.NewDecoder(r.Body).Decode(&in) != nil || hashes[in.HashAlgorithm] == 0 {
		platformFault(w, http.StatusBadRequest, "invalid_argument", "")
		return
	}
	certificate, err := x509.ParseCertificate(in.Certificate)
	if err != nil {
		platformFault(w, http.StatusBadRequest, "invalid_argument", "INVALID_CERTIFICATE")
		return
	}
	ca := p.issuer(certificate)
	switch now := p.now(); {
	case ca == nil:
		platformFault(w, http.StatusBadRequest, "failed_precondition", "UNTRUSTED_CERTIFICATE")
		return
	case len(certificate.Policies) == 0 || certificate.Policies[0].String() == PolicyPhone:
		platformFault(w, http.StatusBadRequest, "failed_precondition", "UNSUPPORTED_CERTIFICATE")
		return
	case now.After(certificate.NotAfter):
		platformFault(w, http.StatusBadRequest, "failed_precondition", "CERTIFICATE_EXPIRED")
		return
	}
	id, verification := p.remember(certificate, in.CheckPurpose)
	answer := map[string]any{"verificationId": verification, "result": "RESULT_OK", "certificate": p.described(id), "certificateStatus": p.standing(ca, certificate),
		"certificateContent": map[string]string{"commonName": "名　前", "address": "東京都", "dateOfBirth": "1980-02-17"}}
	if !verifies(certificate, hashes[in.HashAlgorithm], in.Digest, in.Signature) {
		answer = map[string]any{"verificationId": verification, "result": "RESULT_INVALID_SIGNATURE"}
	}
	platformAnswer(w, answer)
}

// check tells the status of a certificate that was verified before.
func (p *Platform) check(w http.ResponseWriter, r *http.Request) {
	var in struct{ CertificateID, CheckPurpose string }
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		platformFault(w, http.StatusBadRequest, "invalid_argument", "")
		return
	}
	p.mu.Lock()
	certificate := p.certificates[in.CertificateID]
	p.purposes = append(p.purposes, in.CheckPurpose)
	p.mu.Unlock()
	if certificate == nil {
		platformFault(w, http.StatusNotFound, "not_found", "CERTIFICATE_NOT_FOUND")
		return
	}
	platformAnswer(w, map[string]any{"certificate": p.described(in.CertificateID), "certificateStatus": p.standing(p.issuer(certificate), certificate)})
}

func (p *Platform) issuer(certificate *x509.Certificate) *CA {
	for _, ca := range p.cas {
		if certificate.CheckSignatureFrom(ca.Root) == nil {
			return ca
		}
	}
	return nil
}

// remember gives a certificate its ID, the same again for the same one, and counts the verification.
func (p *Platform) remember(certificate *x509.Certificate, purpose string) (id, verification string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.purposes = append(p.purposes, purpose)
	id = fmt.Sprintf("crt_%x", keyID(certificate.PublicKey)) + certificate.SerialNumber.Text(16)
	p.certificates[id] = certificate
	return id, fmt.Sprintf("vrf_%06d", len(p.purposes))
}

func (p *Platform) described(id string) map[string]any {
	return map[string]any{"id": id, "type": "TYPE_JPKI_CARD_DIGITAL_SIGNATURE", "createdAt": p.now().UTC().Format(time.RFC3339)}
}

func (p *Platform) standing(ca *CA, certificate *x509.Certificate) map[string]any {
	r, revoked, unknown := ca.book.standing(certificate.SerialNumber)
	status := map[string]any{"status": "STATUS_GOOD", "checkedAt": p.now().UTC().Format(time.RFC3339)}
	names := map[int]string{0: "UNSPECIFIED", 1: "KEY_COMPROMISE", 2: "CA_COMPROMISE", 3: "AFFILIATION_CHANGED", 4: "SUPERSEDED", 5: "CESSATION_OF_OPERATION", 6: "CERTIFICATE_HOLD"}
	switch {
	case unknown:
		status["status"] = "STATUS_UNKNOWN"
	case revoked:
		status["status"], status["revocationReason"], status["revokedAt"] = "STATUS_REVOKED", "REVOCATION_REASON_"+names[r.reason], r.at.Format(time.RFC3339)
	}
	return status
}

// verifies checks a signature over a digest.
func verifies(certificate *x509.Certificate, hash crypto.Hash, digest, signature []byte) bool {
	switch key := certificate.PublicKey.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(key, hash, digest, signature) == nil || rsa.VerifyPSS(key, hash, digest, signature, nil) == nil
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(key, digest, signature)
	}
	return false
}

func platformAnswer(w http.ResponseWriter, answer map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // a client that went away is its own affair
}

// platformFault answers an error of the Connect protocol, with the platform's own reason as a detail.
func platformFault(w http.ResponseWriter, status int, code, reason string) {
	fault := map[string]any{"code": code, "message": "refused"}
	if reason != "" {
		fault["details"] = []any{map[string]any{"type": "google.rpc.ErrorInfo", "value": "", "debug": map[string]string{"reason": reason}}}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(fault) // a client that went away is its own affair
}
