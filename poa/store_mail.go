// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"time"
)

// MailTx changes what became of mail.
type MailTx interface {
	// FailMail records why a message did not arrive, once; ErrConflict where that
	// is known.
	FailMail(ctx context.Context, id string, why MailFailure, status string, at time.Time) error
	// InsertBounce stores a server's report, each message's once of a kind.
	InsertBounce(ctx context.Context, m Mail, status string, at time.Time) error
	// Suppress puts an address under suppression; nothing where it is.
	Suppress(ctx context.Context, s Suppression) error
	// LiftSuppression ends an address's suppression; false where it is under none.
	LiftSuppression(ctx context.Context, email string, at time.Time) (bool, error)
}

// MailReader reads what became of mail.
type MailReader interface {
	// BounceMAC is the keyed hash by which a return path proves itself; nothing
	// of it is stored.
	BounceMAC(mailID string) []byte
	// SuppressedSince tells of each of the addresses under suppression since when.
	SuppressedSince(ctx context.Context, emails []string) (map[string]time.Time, error)
	// Suppressions lists addresses under suppression, the newest first.
	Suppressions(ctx context.Context, p Page) (List[Suppression], error)
	// TemporaryBounces counts an address's messages that a server gave up since
	// the instant, and since its last suppression was lifted.
	TemporaryBounces(ctx context.Context, email string, since time.Time) (int, error)
}

// MailFailure says why a message did not arrive.
type MailFailure string

// Failures of mail.
const (
	MailSuppressed MailFailure = "SUPPRESSED" // its address bounced before
	MailRefused    MailFailure = "REFUSED"    // the mail server refused recipient or message
	MailBounced    MailFailure = "BOUNCED"    // a server on the way reported so
	MailGivenUp    MailFailure = "GIVEN_UP"   // no attempt of three days succeeded
)

// SuppressionReason says why an address is under suppression.
type SuppressionReason string

// Reasons of suppression.
const (
	SuppressedBounced    SuppressionReason = "BOUNCED"    // reported for good (5.x.x)
	SuppressedRepeatedly SuppressionReason = "REPEATEDLY" // reported for now, of several messages
	SuppressedRefused    SuppressionReason = "REFUSED"    // refused by the mail server
)

// Suppression is an address to which no mail goes until its reader confirms it
// again. The address is kept sealed.
type Suppression struct {
	ID string
	// PartyID or DelegationID is whose message bounced.
	PartyID      string
	DelegationID DelegationID
	Email        string
	Reason       SuppressionReason
	// Status is the enhanced status code (RFC 3463), "" where none was given.
	Status string
	At     time.Time
}

// SuppressionLine is a suppression as reception sees it.
type SuppressionLine struct {
	Suppression
	PartyName string
}

// PrefixSuppression begins the IDs of suppressions.
const PrefixSuppression = "sup_"

// Actions of mail.
const (
	ActionMailFailed       Action = "mail.failed"
	ActionSuppressionsRead Action = "mail.suppressions_read"
)
