// SPDX-License-Identifier: Apache-2.0

package status

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"ininjo/poa"
	"ininjo/poa/jpki"
	"ininjo/server/outside/webhook"
)

// PlatformConfig says which verification platform is asked, and how.
type PlatformConfig struct {
	// URL is where the services stand, without a slash at its end.
	URL string
	// TokenFile holds the bearer token; it is read for each question, so that a new one needs no restart.
	TokenFile string
	// Allowed, Timeout, Attempts, Backoff, Clock, Roots and Log are as in Config.
	Allowed  []webhook.Allowance
	Timeout  time.Duration
	Attempts int
	Backoff  time.Duration
	Clock    poa.Clock
	Roots    *x509.CertPool
	Log      *slog.Logger
}

// Platform asks a verification platform's interface (docs/platform-openapi.yaml): Connect over HTTP with JSON. Answers
// are never used again: the platform writes each verification down. It is safe for concurrent use.
type Platform struct {
	config Config
	url    string
	token  string // file
	door   *door
}

var _ poa.StatusSource = (*Platform)(nil)

// maxToken bounds the token's file, maxReply an answer.
const (
	maxToken = 8 << 10
	maxReply = 64 << 10
)

// NewPlatform returns a client; it fails where the address is not https (or http to an allowed address) or the token
// cannot be read.
func NewPlatform(c PlatformConfig) (*Platform, error) {
	config, err := Config{Allowed: c.Allowed, Timeout: c.Timeout, Attempts: c.Attempts, Backoff: c.Backoff, Clock: c.Clock, Roots: c.Roots, Log: c.Log}.withDefaults()
	if err != nil {
		return nil, err
	}
	p := &Platform{config: config, url: strings.TrimSuffix(c.URL, "/"), token: c.TokenFile, door: newDoor(config.Allowed, config.Timeout, config.Backoff, config.Attempts, config.Roots)}
	if err := p.door.checkURL(p.url, false); err != nil {
		return nil, fmt.Errorf("making platform client: %w", err)
	}
	if _, err := p.bearer(); err != nil {
		return nil, fmt.Errorf("making platform client: %w", err)
	}
	return p, nil
}

// Close ends idle connections.
func (p *Platform) Close() { p.door.http.CloseIdleConnections() }

func (p *Platform) bearer() (string, error) {
	content, err := os.ReadFile(p.token)
	if err != nil {
		return "", errors.New("the token's file cannot be read")
	}
	token := strings.TrimSpace(string(content))
	if token == "" || len(token) > maxToken || strings.ContainsAny(token, " \t\r\n") {
		return "", errors.New("the token's file holds no token of one line")
	}
	return token, nil
}

// hashNames are the platform's names of what digests are made by.
var hashNames = map[crypto.Hash]string{crypto.SHA256: "HASH_ALGORITHM_SHA256", crypto.SHA384: "HASH_ALGORITHM_SHA384", crypto.SHA512: "HASH_ALGORITHM_SHA512"}

// Purposes, which the platform records and bills by.
const (
	purposeSignature = "CHECK_PURPOSE_SIGNATURE_VERIFICATION"
	purposeLiveness  = "CHECK_PURPOSE_LIVENESS_CHECK"
)

// Status has the platform verify the signature and tell the certificate's status. It is asked once only: a second
// question would be a second verification there. A question by CertificateID is about the status alone. Implements
// poa.StatusSource.
func (p *Platform) Status(ctx context.Context, q poa.StatusQuestion) (jpki.StatusAnswer, error) {
	if q.CertificateID != "" {
		return p.again(ctx, q.CertificateID, q.At)
	}
	if q.Certificate == nil || len(q.SignatureValue) == 0 || len(q.SignedDigest) == 0 || hashNames[q.Hash] == "" {
		return jpki.StatusAnswer{}, errors.New("a platform is asked about a certificate with a signature by SHA-256, SHA-384 or SHA-512")
	}
	body := verifyRequest{Certificate: q.Certificate.Raw, Signature: q.SignatureValue, Digest: q.SignedDigest, HashAlgorithm: hashNames[q.Hash], CheckPurpose: purposeSignature}
	return p.tell(ctx, "VerificationService/Verify", body, q.At, true)
}

// again asks for the status, now, of a certificate that the platform verified before (現況確認), by the platform's
// name of it (StatusAnswer.CertificateID): that needs no certificate, which a service provider may not keep.
func (p *Platform) again(ctx context.Context, certificateID string, at time.Time) (jpki.StatusAnswer, error) {
	if !jpki.IsPlatformName(certificateID) {
		return jpki.StatusAnswer{}, errors.New("that is no name of a platform's")
	}
	answer, err := p.tell(ctx, "CertificateService/CheckCertificateStatus", recheckRequest{CertificateID: certificateID, CheckPurpose: purposeLiveness}, at, false)
	if err == nil && answer.CertificateID != "" && answer.CertificateID != certificateID {
		return jpki.StatusAnswer{}, fmt.Errorf("reading the platform's answer: %w", errMalformed)
	}
	if err == nil {
		answer.CertificateID = certificateID
	}
	return answer, err
}

// tell asks and reads; what went wrong is logged without anything of the answer.
func (p *Platform) tell(ctx context.Context, procedure string, body any, at time.Time, verifies bool) (jpki.StatusAnswer, error) {
	if at.IsZero() {
		at = p.config.Clock.Now()
	}
	ctx, cancel := context.WithTimeout(ctx, p.config.Timeout)
	defer cancel()
	answer, err := p.exchange(ctx, procedure, body, verifies)
	if err == nil {
		var told jpki.StatusAnswer
		if told, err = decode(answer, at, verifies); err == nil {
			return told, nil
		}
	}
	p.config.Log.Warn("the platform could not tell the status of a certificate", "procedure", procedure, "error", err)
	return jpki.StatusAnswer{}, err
}

func (p *Platform) exchange(ctx context.Context, procedure string, body any, once bool) (reply, error) {
	token, err := p.bearer()
	if err != nil {
		return reply{}, err
	}
	text, err := json.Marshal(body)
	if err != nil {
		return reply{}, errMalformed
	}
	return p.door.send(ctx, errand{method: http.MethodPost, url: p.url + "/pocketsign.verify.v2." + procedure, body: text, limit: maxReply, once: once, anyStatus: true,
		header: map[string]string{"Content-Type": "application/json", "Accept": "application/json", "Connect-Protocol-Version": "1", "Authorization": "Bearer " + token}})
}
