// SPDX-License-Identifier: Apache-2.0

package cms

import (
	"crypto"
	"crypto/x509"
	"errors"
	"math/big"
	"time"
)

// TimeStamp is what a time stamp token (RFC 3161) says.
type TimeStamp struct {
	Token    []byte // DER
	Time     time.Time
	Hash     crypto.Hash // of the imprint
	Policy   string      // object identifier of the authority's policy
	Serial   string      // in hex, unique at its authority
	Signer   *x509.Certificate
	NotAfter time.Time // the earliest end in its path; zero where the path was not judged
}

var errNotYet = errors.New("time stamps are not read yet")

// NewTimeStampRequest returns a request (RFC 3161) for a stamp over digest, which asks for the certificate, too.
func NewTimeStampRequest(digest []byte, hash crypto.Hash, nonce *big.Int) ([]byte, error) {
	return nil, errNotYet
}

// ReadTimeStampResponse reads an authority's answer to such a request and returns the token.
func ReadTimeStampResponse(response, digest []byte, hash crypto.Hash, nonce *big.Int) (token []byte, err error) {
	return nil, errNotYet
}

// VerifyTimeStamp verifies a token over digest; its path is judged at the stamp's own time.
func VerifyTimeStamp(token, digest []byte, hash crypto.Hash, roots *x509.CertPool) (TimeStamp, error) {
	return TimeStamp{}, errNotYet
}
