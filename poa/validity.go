// SPDX-License-Identifier: Apache-2.0

package poa

import "time"

// Question is one inquiry about the validity of a delegation (5.1, 5.3).
type Question struct {
	// DelegationID as the recipient wrote it.
	DelegationID string
	// At is the moment asked about, KnownAt the state of knowledge; zero means
	// the moment of the answer. Neither lies in the future.
	At      time.Time
	KnownAt time.Time
	// DocumentSHA256 and DelegateCertificateSHA256 are lower-case hex of 32
	// bytes, or empty.
	DocumentSHA256            string
	DelegateCertificateSHA256 string
	// Nonce is at most 128 characters; it returns in the receipt.
	Nonce string
}

// Credential is what a request brought to prove who it is: exactly one of them
// is set. It is checked in the same statement that reads and audits.
type Credential struct {
	// Anonymous says that nothing was brought: enough where registration is NONE.
	Anonymous bool
	// TokenHash is the SHA-256 of a Bearer token.
	TokenHash [32]byte
	// AccountID is that of a signed-in session.
	AccountID string
}

// Inquiry is a question on its way to the store: normalised, with its own ID
// and the instant at which it is answered.
type Inquiry struct {
	ID string
	// DelegationID is empty where the ID was mistyped: its text is not kept.
	DelegationID DelegationID
	Mistyped     bool
	At           time.Time
	KnownAt      time.Time
	// AtGiven and KnownAtGiven tell which of the two the question named: only
	// that one is kept in the row.
	AtGiven, KnownAtGiven     bool
	Historical                bool
	AnsweredAt                time.Time
	DocumentSHA256            []byte
	DelegateCertificateSHA256 []byte
	Nonce                     string
}

// Reading is what one statement returned for an inquiry: the asker, the
// delegation's hot row or its facts, and the audit row as it was written.
type Reading struct {
	// Asker is the zero Actor where the credential holds no longer or never did.
	Asker Actor
	// Scope is that of the token, or ALL for a session.
	Scope TokenScope
	// Active tells whether the asker's contract stands.
	Active bool
	// Found is false for an ID that was never accepted.
	Found      bool
	Projection Projection
	// Facts is set for historical questions only.
	Facts []Fact
	// The digests are set where the question gave one to compare with.
	FileSHA256                []byte
	ContentSHA256             []byte
	DelegateCertificateSHA256 []byte
	SignatureVerifiedAt       time.Time
	Qualification             Qualification
	// LeafHash is that of the inquiry's audit row as returned.
	LeafHash [32]byte
}

// Answer is what a recipient is told.
type Answer struct {
	Question     Question
	DelegationID string
	Standing
	AsOf       time.Time
	KnownAt    time.Time
	AnsweredAt time.Time
	InquiryID  string
	// DocumentMatches is nil where no file was compared, DelegateMatches where
	// no certificate was.
	DocumentMatches     *bool
	DelegateMatches     *bool
	Term                *Term
	SignatureVerifiedAt time.Time
	// Qualification is nil where no title was confirmed, or where the body's word
	// stands against the delegate.
	Qualification *QualificationStanding
	RecipientID   string
	LeafHash      [32]byte
}
