// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// layout is RFC 3339 with all six digits of microseconds, in UTC.
const layout = "2006-01-02T15:04:05.000000Z"

// wire is Claims as written: the order of its fields is the format. iss, aud and
// iat have their meaning of RFC 7519; iat repeats issuedAt in whole seconds for
// readers that know nothing else.
type wire struct {
	Issuer    string       `json:"iss"`
	Audience  string       `json:"aud"`
	IssuedSec int64        `json:"iat"`
	IssuedAt  *string      `json:"issuedAt"`
	Question  wireQuestion `json:"question"`
	Answer    wireAnswer   `json:"answer"`
	Version   *int         `json:"version"`
	Policy    *string      `json:"policy"`
	EventID   *string      `json:"eventId"`
	LeafHash  *string      `json:"leafHash"`
}

type wireQuestion struct {
	DelegationID              string  `json:"delegationId"`
	At                        *string `json:"at"`
	KnownAt                   *string `json:"knownAt"`
	DocumentSHA256            *string `json:"documentSha256"`
	DelegateCertificateSHA256 *string `json:"delegateCertificateSha256"`
	Nonce                     *string `json:"nonce"`
}

type wireAnswer struct {
	Status              string             `json:"status"`
	Reason              *string            `json:"reason"`
	AsOf                *string            `json:"asOf"`
	KnownAt             *string            `json:"knownAt"`
	AnsweredAt          *string            `json:"answeredAt"`
	DocumentMatches     *bool              `json:"documentMatches"`
	DelegateMatches     *bool              `json:"delegateMatches"`
	FileCompared        bool               `json:"fileCompared"`
	ValidFrom           *string            `json:"validFrom"`
	ValidThrough        *string            `json:"validThrough"`
	SignatureVerifiedAt *string            `json:"signatureVerifiedAt"`
	Qualification       *wireQualification `json:"qualification"`
}

type wireQualification struct {
	Qualification string  `json:"qualification"`
	Standing      string  `json:"standing"`
	VerifiedAt    *string `json:"verifiedAt"`
}

// Encode gives the exact payload of a receipt. Equal claims give equal bytes;
// parts finer than a microsecond are dropped.
func Encode(c Claims) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(toWire(c)); err != nil {
		return nil, fmt.Errorf("encoding receipt: %w", err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

func toWire(c Claims) wire {
	return wire{
		Issuer: c.Issuer, Audience: c.Recipient, IssuedSec: c.IssuedAt.Unix(), IssuedAt: micros(&c.IssuedAt),
		Question: wireQuestion{
			DelegationID: c.Question.DelegationID, At: micros(c.Question.At), KnownAt: micros(c.Question.KnownAt),
			DocumentSHA256:            orNull(c.Question.DocumentSHA256),
			DelegateCertificateSHA256: orNull(c.Question.DelegateCertificateSHA256),
			Nonce:                     orNull(c.Question.Nonce),
		},
		Answer:  toWireAnswer(c.Answer),
		Version: c.Version, Policy: orNull(c.PolicyOID), EventID: orNull(c.EventID), LeafHash: orNull(c.LeafHash),
	}
}

func toWireAnswer(a Answer) wireAnswer {
	w := wireAnswer{
		Status: a.Status, Reason: orNull(a.Reason),
		AsOf: micros(&a.AsOf), KnownAt: micros(&a.KnownAt), AnsweredAt: micros(&a.AnsweredAt),
		DocumentMatches: a.DocumentMatches, DelegateMatches: a.DelegateMatches, FileCompared: a.FileCompared,
		ValidFrom: orNull(a.ValidFrom), ValidThrough: orNull(a.ValidThrough),
		SignatureVerifiedAt: micros(a.SignatureVerifiedAt),
	}
	if q := a.Qualification; q != nil {
		w.Qualification = &wireQualification{q.Qualification, q.Standing, micros(q.VerifiedAt)}
	}
	return w
}

func micros(t *time.Time) *string {
	if t == nil {
		return nil
	}
	s := t.UTC().Format(layout)
	return &s
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
