// SPDX-License-Identifier: Apache-2.0

package jpki

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// PlatformAnswer is what of a verification platform's answer is read (docs/platform-openapi.yaml), and what is kept as
// StatusAnswer.Raw. The holder's name, address, birth date and gender and the certificate are not in it, so that
// neither can be kept.
type PlatformAnswer struct {
	Result         string               `json:"result,omitempty"` // of a verification; empty where only the status was asked
	VerificationID string               `json:"verificationId,omitempty"`
	Certificate    *PlatformCertificate `json:"certificate,omitempty"`
	Status         *PlatformStatus      `json:"certificateStatus,omitempty"`
	// Refusal is the reason, one of the list of platformRefusals, for which the platform took no question.
	Refusal string `json:"error,omitempty"`
}

// PlatformCertificate is how a platform names a certificate.
type PlatformCertificate struct {
	ID        string `json:"id,omitempty"`
	Type      string `json:"type,omitempty"`
	CreatedAt string `json:"createdAt,omitempty"`
}

// PlatformStatus is what a platform says of a certificate.
type PlatformStatus struct {
	Status    string     `json:"status"`
	Reason    string     `json:"revocationReason,omitempty"`
	RevokedAt *time.Time `json:"revokedAt,omitempty"`
	CheckedAt *time.Time `json:"checkedAt,omitempty"`
}

// platformRefusals are a platform's words for a certificate or signature that it does not take, now or ever: an answer,
// not a failure.
var platformRefusals = []string{"unsupported_certificate", "invalid_certificate", "untrusted_certificate", "certificate_expired", "certificate_not_yet_valid",
	"certificate_not_found", "invalid_signature"}

// PlatformRefusal returns a platform's word in small letters where it says that a certificate or a signature is not
// taken, "" where it says something else.
func PlatformRefusal(text string) string {
	if reason := platformWord(text); slices.Contains(platformRefusals, reason) {
		return reason
	}
	return ""
}

// platformCard is the only type of certificate that the Act's article 3 means.
const platformCard = "TYPE_JPKI_CARD_DIGITAL_SIGNATURE"

// maxPlatformAge is how long ago a platform may have looked, since the lists come about daily (facts of the field 2.3).
const maxPlatformAge = 48 * time.Hour

// ReadPlatform reads again what was kept of a platform's answer, as of the instant at which it was asked.
func ReadPlatform(raw []byte, at time.Time) (StatusAnswer, error) {
	var p PlatformAnswer
	if json.Unmarshal(raw, &p) != nil {
		return StatusAnswer{}, fault(StatusUnreadable, "no answer of a platform")
	}
	return p.StatusAt(at)
}

// StatusAt says what the answer means, as of the instant at which it was asked for.
func (p PlatformAnswer) StatusAt(at time.Time) (StatusAnswer, error) {
	raw, err := json.Marshal(p)
	if err != nil || !p.named() {
		return StatusAnswer{}, fault(StatusUnreadable, "an answer that cannot be kept")
	}
	answer := StatusAnswer{Source: SourcePlatform, ProducedAt: at.UTC(), ThisUpdate: at.UTC(), Raw: raw, VerificationID: p.VerificationID}
	if p.Certificate != nil {
		answer.CertificateID = p.Certificate.ID
	}
	refused := func(reason string) (StatusAnswer, error) {
		answer.Standing, answer.Reason = Unknown, reason
		return answer, nil
	}
	switch {
	case p.Refusal != "" && PlatformRefusal(p.Refusal) == p.Refusal:
		return refused(p.Refusal)
	case p.Refusal != "":
		return StatusAnswer{}, fault(StatusUnreadable, "an error that is no answer")
	case p.Result != "" && p.Result != "RESULT_OK":
		return refused(platformWord(p.Result, "result_"))
	case p.Certificate != nil && p.Certificate.Type != platformCard:
		return refused("unsupported_certificate")
	case p.Status == nil, p.Result != "" && (p.Certificate == nil || p.VerificationID == ""):
		return StatusAnswer{}, fault(StatusUnreadable, "an answer without a status")
	}
	return p.Status.into(answer, at)
}

// named wants names that can be kept: nothing of a person is one.
func (p PlatformAnswer) named() bool {
	names := []string{p.Result, p.VerificationID, p.Refusal}
	if c := p.Certificate; c != nil {
		names = append(names, c.ID, c.Type, c.CreatedAt)
	}
	if s := p.Status; s != nil {
		names = append(names, s.Status, s.Reason)
	}
	return !slices.ContainsFunc(names, func(name string) bool { return !IsPlatformName(name) })
}

// IsPlatformName reports whether a text is a short name of letters, digits and signs, as a platform's names are.
func IsPlatformName(text string) bool {
	return len(text) <= 128 && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:+") == ""
}

// into reads the status.
func (s *PlatformStatus) into(answer StatusAnswer, at time.Time) (StatusAnswer, error) {
	reason := platformReasons[platformWord(s.Reason, "revocation_reason_")]
	switch status := platformWord(s.Status, "certificate_status_", "status_"); {
	case status == "good" || status == "valid":
		answer.Standing = Good
	case (status == "revoked" || status == "on_hold") && (status == "on_hold" || reason == "certificateHold"):
		answer.Standing, answer.Reason = OnHold, "certificateHold"
	case status == "revoked":
		answer.Standing, answer.Reason = Revoked, reason
	case status == "unknown":
		answer.Standing = Unknown
	default:
		return StatusAnswer{}, fault(StatusUnreadable, "a status that is not known")
	}
	if s.CheckedAt != nil {
		answer.ThisUpdate = s.CheckedAt.UTC()
	}
	if answer.ThisUpdate.After(at.Add(maxAhead)) {
		return StatusAnswer{}, fault(StatusNotYet, "the platform's answer is from the future")
	}
	if at.Sub(answer.ThisUpdate) > maxPlatformAge {
		return StatusAnswer{}, fault(StatusStale, "the platform's answer is old")
	}
	if s.RevokedAt != nil && answer.Standing != Good {
		answer.RevokedAt = s.RevokedAt.UTC()
	}
	return answer, nil
}

// platformWord is an enumeration's value in small letters, without the enumeration's own name.
func platformWord(text string, prefixes ...string) string {
	text = strings.ToLower(text)
	for _, prefix := range prefixes {
		text = strings.TrimPrefix(text, prefix)
	}
	return text
}

// platformReasons are RFC 5280's names by the platform's; another one leaves the reason empty.
var platformReasons = map[string]string{"unspecified": "unspecified", "key_compromise": "keyCompromise", "ca_compromise": "cACompromise", "affiliation_changed": "affiliationChanged",
	"superseded": "superseded", "cessation_of_operation": "cessationOfOperation", "certificate_hold": "certificateHold", "privilege_withdrawn": "privilegeWithdrawn"}
