// SPDX-License-Identifier: Apache-2.0

package status

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"time"
	"unicode/utf8"

	"ininjo/poa/jpki"
)

// verifyRequest is the question of VerificationService/Verify; bytes travel in base 64.
type verifyRequest struct {
	Certificate   []byte `json:"certificate"`
	Signature     []byte `json:"signature"`
	Digest        []byte `json:"digest"`
	HashAlgorithm string `json:"hashAlgorithm"`
	CheckPurpose  string `json:"checkPurpose"`
}

// recheckRequest is the question of CertificateService/CheckCertificateStatus.
type recheckRequest struct {
	CertificateID string `json:"certificateId"`
	CheckPurpose  string `json:"checkPurpose"`
}

// platformError is an error of the Connect protocol; a reason stands in a detail, or, as older versions do, as the code.
type platformError struct {
	Code    string `json:"code"`
	Details []struct {
		Debug struct {
			Reason string `json:"reason"`
		} `json:"debug"`
	} `json:"details"`
}

// decode reads an answer as of an instant. Members that are not known are passed over. What it means is for poa/jpki
// to say, which says it again to whoever verifies evidence.
func decode(a reply, at time.Time, verifies bool) (jpki.StatusAnswer, error) {
	if kind, _, err := mime.ParseMediaType(a.contentType); err != nil || kind != "application/json" || !utf8.Valid(a.body) {
		return jpki.StatusAnswer{}, errMalformed
	}
	if a.status != http.StatusOK {
		return decodeError(a, at)
	}
	var p jpki.PlatformAnswer
	if json.Unmarshal(a.body, &p) != nil {
		return jpki.StatusAnswer{}, errMalformed
	}
	p.Refusal = "" // errors come with a status of their own
	switch {
	case !verifies:
		p.Result = "" // nothing was verified
	case p.Result == "" || p.VerificationID == "":
		return jpki.StatusAnswer{}, errMalformed
	}
	return told(p, at)
}

func told(p jpki.PlatformAnswer, at time.Time) (jpki.StatusAnswer, error) {
	answer, err := p.StatusAt(at)
	if jpki.KindOf(err) == jpki.StatusUnreadable {
		return jpki.StatusAnswer{}, errMalformed
	}
	return answer, err
}

// decodeError tells a refusal, which is an answer, from a failure.
func decodeError(a reply, at time.Time) (jpki.StatusAnswer, error) {
	var e platformError
	if json.Unmarshal(a.body, &e) != nil {
		return jpki.StatusAnswer{}, &statusError{a.status}
	}
	words := []string{e.Code}
	for _, detail := range e.Details {
		words = append(words, detail.Debug.Reason)
	}
	for _, word := range words {
		if reason := jpki.PlatformRefusal(word); reason != "" {
			return told(jpki.PlatformAnswer{Refusal: reason}, at)
		}
	}
	return jpki.StatusAnswer{}, fmt.Errorf("the platform refused the question: %w", &statusError{a.status})
}
