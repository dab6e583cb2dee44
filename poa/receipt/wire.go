// SPDX-License-Identifier: Apache-2.0

package receipt

import "time"

// wire is the payload of a receipt as it is read.
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

func micros(t *time.Time) *string {
	if t == nil {
		return nil
	}
	s := t.UTC().Format(layout)
	return &s
}
