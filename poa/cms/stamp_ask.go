// SPDX-License-Identifier: Apache-2.0

package cms

import (
	"crypto"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"github.com/digitorus/timestamp"
)

// NewTimeStampRequest returns a request (RFC 3161) for a stamp over digest, which asks for the certificate, too.
// nonce is a number that was never used before, drawn at random; nil for none.
func NewTimeStampRequest(digest []byte, hash crypto.Hash, nonce *big.Int) ([]byte, error) {
	if hash != crypto.SHA256 && hash != crypto.SHA384 && hash != crypto.SHA512 || len(digest) != hash.Size() {
		return nil, errors.New("asking for a time stamp: no digest of SHA-256, SHA-384 or SHA-512")
	}
	request, err := (&timestamp.Request{HashAlgorithm: hash, HashedMessage: digest, Certificates: true, Nonce: nonce}).Marshal()
	if err != nil {
		return nil, fmt.Errorf("asking for a time stamp: %w", err)
	}
	return request, nil
}

// failures are the bits of PKIFailureInfo (RFC 3161 section 2.4.2).
var failures = map[int]string{
	0: "badAlg", 2: "badRequest", 5: "badDataFormat", 14: "timeNotAvailable", 15: "unacceptedPolicy", 16: "unacceptedExtension",
	17: "addInfoNotAvailable", 25: "systemFailure",
}

const (
	statusGranted         = 0
	statusGrantedWithMods = 1 // what was changed shows in the token, and is judged there
)

// ReadTimeStampResponse reads an authority's answer to such a request and returns the token. Everything about it but
// the path of its certificate is verified: status, the same nonce, the same imprint (VerifyTimeStamp says the rest).
func ReadTimeStampResponse(response, digest []byte, hash crypto.Hash, nonce *big.Int) (token []byte, err error) {
	der, err := toDER(response, stampLimits())
	if err != nil {
		return nil, err
	}
	outer := fields{rest: der}
	f := fields{rest: outer.want(asn1.TagSequence).Bytes, bad: outer.bad}
	status := fields{rest: f.want(asn1.TagSequence).Bytes, bad: f.bad}
	if err := status.granted(); err != nil {
		return nil, err
	}
	token = f.want(asn1.TagSequence).FullBytes
	if !f.done() {
		return nil, fault(Malformed, "no token in a granted answer")
	}
	opened, err := openStamp(token, digest, hash)
	if err != nil {
		return nil, err
	}
	if nonce != nil && (opened.nonce == nil || opened.nonce.Cmp(nonce) != 0) {
		return nil, fault(TimeStampNonce, "the answer to another request")
	}
	return opened.stamp.Token, nil
}

// granted reads PKIStatusInfo. The authority's own text is not kept: nothing from an answer goes into the log.
func (f *fields) granted() error {
	var status int
	f.decode(&status)
	if f.peek(asn1.TagSequence) {
		f.want(asn1.TagSequence)
	}
	detail := "without a known reason"
	if f.peek(asn1.TagBitString) {
		var bits asn1.BitString
		f.decode(&bits)
		for bit := range bits.BitLength {
			if name, known := failures[bit]; known && bits.At(bit) != 0 {
				detail = name
			}
		}
	}
	switch {
	case !f.done():
		return fault(Malformed, "the status cannot be read")
	case status != statusGranted && status != statusGrantedWithMods:
		return fault(TimeStampRefused, "the authority gave no time stamp: "+detail)
	}
	return nil
}
