// SPDX-License-Identifier: Apache-2.0

package status

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
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

// platformAnswer is what of an answer is read, and what is kept as Raw. The holder's name, address, birth date and
// gender (certificateContent) and the certificate are not in it, so that neither can be kept.
type platformAnswer struct {
	Result         string               `json:"result,omitempty"`
	VerificationID string               `json:"verificationId,omitempty"`
	Certificate    *platformCertificate `json:"certificate,omitempty"`
	Status         *platformStatus      `json:"certificateStatus,omitempty"`
}

type platformCertificate struct {
	ID        string `json:"id,omitempty"`
	Type      string `json:"type,omitempty"`
	CreatedAt string `json:"createdAt,omitempty"`
}

type platformStatus struct {
	Status    string     `json:"status"`
	Reason    string     `json:"revocationReason,omitempty"`
	RevokedAt *time.Time `json:"revokedAt,omitempty"`
	CheckedAt *time.Time `json:"checkedAt,omitempty"`
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

// refusals are the platform's words for a certificate or signature that it does not take, now or ever: an answer, not
// a failure.
var refusals = []string{"unsupported_certificate", "invalid_certificate", "untrusted_certificate", "certificate_expired", "certificate_not_yet_valid",
	"certificate_not_found", "invalid_signature"}

// cardType is the only type of certificate that the Act's article 3 means.
const cardType = "TYPE_JPKI_CARD_DIGITAL_SIGNATURE"

// maxAhead is how far a platform's clock may be ahead of ours; maxOld how long ago it may have looked, since the lists
// come about daily (facts of the field 2.3).
const (
	maxAhead = 5 * time.Minute
	maxOld   = 48 * time.Hour
)

// decode reads an answer as of an instant. Members that are not known are passed over.
func decode(a reply, at time.Time, verifies bool) (jpki.StatusAnswer, error) {
	if kind, _, err := mime.ParseMediaType(a.contentType); err != nil || kind != "application/json" || !utf8.Valid(a.body) {
		return jpki.StatusAnswer{}, errMalformed
	}
	if a.status != http.StatusOK {
		return decodeError(a, at)
	}
	var p platformAnswer
	if json.Unmarshal(a.body, &p) != nil || !p.wellFormed(verifies) {
		return jpki.StatusAnswer{}, errMalformed
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return jpki.StatusAnswer{}, errMalformed
	}
	answer := jpki.StatusAnswer{Source: jpki.SourcePlatform, ProducedAt: at.UTC(), ThisUpdate: at.UTC(), Raw: raw, VerificationID: p.VerificationID}
	if p.Certificate != nil {
		answer.CertificateID = p.Certificate.ID
	}
	if verifies && p.Result != "RESULT_OK" {
		return refused(answer, word(p.Result, "result_")), nil
	}
	if p.Certificate != nil && p.Certificate.Type != cardType {
		return refused(answer, "unsupported_certificate"), nil
	}
	return p.Status.into(answer, at)
}

// wellFormed wants what an answer must hold, with names that can be kept.
func (p platformAnswer) wellFormed(verifies bool) bool {
	names := []string{p.Result, p.VerificationID}
	if c := p.Certificate; c != nil {
		names = append(names, c.ID, c.Type, c.CreatedAt)
	}
	if s := p.Status; s != nil {
		names = append(names, s.Status, s.Reason)
	}
	if !slices.ContainsFunc(names, func(name string) bool { return !isName(name) }) {
		return p.Status != nil && !verifies || verifies && p.Result != "" && p.VerificationID != "" && (p.Result != "RESULT_OK" || p.Status != nil && p.Certificate != nil)
	}
	return false
}

// isName reports whether a text is a short name of letters, digits and signs: nothing of a person is one.
func isName(text string) bool {
	return len(text) <= 128 && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:+") == ""
}

// into reads the status.
func (s *platformStatus) into(answer jpki.StatusAnswer, at time.Time) (jpki.StatusAnswer, error) {
	reason := reasonNames[word(s.Reason, "revocation_reason_")]
	switch status := word(s.Status, "certificate_status_", "status_"); {
	case status == "good" || status == "valid":
		answer.Standing = jpki.Good
	case (status == "revoked" || status == "on_hold") && (status == "on_hold" || reason == "certificateHold"):
		answer.Standing, answer.Reason = jpki.OnHold, "certificateHold"
	case status == "revoked":
		answer.Standing, answer.Reason = jpki.Revoked, reason
	case status == "unknown":
		answer.Standing = jpki.Unknown
	default:
		return jpki.StatusAnswer{}, errMalformed
	}
	if s.CheckedAt != nil {
		answer.ThisUpdate = s.CheckedAt.UTC()
	}
	if answer.ThisUpdate.After(at.Add(maxAhead)) {
		return jpki.StatusAnswer{}, errors.New("the platform's answer is from the future")
	}
	if at.Sub(answer.ThisUpdate) > maxOld {
		return jpki.StatusAnswer{}, errors.New("the platform's answer is old")
	}
	if s.RevokedAt != nil && answer.Standing != jpki.Good {
		answer.RevokedAt = s.RevokedAt.UTC()
	}
	return answer, nil
}

// refused is the answer where the platform does not take the certificate or the signature.
func refused(answer jpki.StatusAnswer, reason string) jpki.StatusAnswer {
	answer.Standing, answer.Reason = jpki.Unknown, reason
	return answer
}

// decodeError tells a refusal, which is an answer, from a failure.
func decodeError(a reply, at time.Time) (jpki.StatusAnswer, error) {
	var e platformError
	if json.Unmarshal(a.body, &e) != nil {
		return jpki.StatusAnswer{}, &statusError{a.status}
	}
	words := []string{word(e.Code)}
	for _, detail := range e.Details {
		words = append(words, word(detail.Debug.Reason))
	}
	for _, reason := range words {
		if slices.Contains(refusals, reason) {
			raw, err := json.Marshal(map[string]string{"error": reason})
			if err != nil {
				return jpki.StatusAnswer{}, errMalformed
			}
			return refused(jpki.StatusAnswer{Source: jpki.SourcePlatform, ProducedAt: at.UTC(), ThisUpdate: at.UTC(), Raw: raw}, reason), nil
		}
	}
	return jpki.StatusAnswer{}, fmt.Errorf("the platform refused the question: %w", &statusError{a.status})
}

// word is an enumeration's value in small letters, without the enumeration's own name.
func word(text string, prefixes ...string) string {
	text = strings.ToLower(text)
	for _, prefix := range prefixes {
		text = strings.TrimPrefix(text, prefix)
	}
	return text
}

// reasonNames are RFC 5280's names by the platform's; another one leaves the reason empty.
var reasonNames = map[string]string{"unspecified": "unspecified", "key_compromise": "keyCompromise", "ca_compromise": "cACompromise", "affiliation_changed": "affiliationChanged",
	"superseded": "superseded", "cessation_of_operation": "cessationOfOperation", "certificate_hold": "certificateHold", "privilege_withdrawn": "privilegeWithdrawn"}
