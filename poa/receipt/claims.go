// SPDX-License-Identifier: Apache-2.0

package receipt

import "time"

// The header "typ" of what the service signs; a key signs one of them only.
const (
	// TypReceipt marks a receipt.
	TypReceipt = "ininjo-receipt+jwt"
	// TypStatusList marks a status list; the name is that of the IETF's Token Status
	// List.
	TypStatusList = "statuslist+jwt"
	// TypHeartbeat marks a heartbeat.
	TypHeartbeat = "ininjo-heartbeat+jwt"
)

// Claims is what a receipt says. Nil and empty values are written as null.
type Claims struct {
	// Issuer is the service's URL.
	Issuer string
	// Recipient is the opaque ID of the party that asked.
	Recipient string
	IssuedAt  time.Time
	Question  Question
	Answer    Answer
	// Version is the last version of the delegation's facts that was read, nil
	// for an unknown delegation.
	Version *int
	// PolicyOID names the rules that the service answered under.
	PolicyOID string
	// EventID is the ID of the inquiry in the audit log.
	EventID string
	// LeafHash is the hex of the inquiry's leaf in the log.
	LeafHash string
}

// Question is the question as it was asked.
type Question struct {
	DelegationID              string
	At                        *time.Time
	KnownAt                   *time.Time
	DocumentSHA256            string
	DelegateCertificateSHA256 string
	Nonce                     string
}

// Answer is the answer as it was given (5.1).
type Answer struct {
	Status     string
	Reason     string
	AsOf       time.Time
	KnownAt    time.Time
	AnsweredAt time.Time
	// DocumentMatches and DelegateMatches are nil where nothing was compared.
	DocumentMatches *bool
	DelegateMatches *bool
	// FileCompared is false where the question named no file: a bare VALID proves
	// nothing about the file in hand, and the receipt says so.
	FileCompared bool
	// ValidFrom and ValidThrough are inclusive days of Japan's calendar,
	// YYYY-MM-DD.
	ValidFrom           string
	ValidThrough        string
	SignatureVerifiedAt *time.Time
	Qualification       *Qualification
}

// Qualification is the standing of the delegate's professional title.
type Qualification struct {
	Qualification string
	Standing      string
	VerifiedAt    *time.Time
}
