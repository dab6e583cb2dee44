// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"context"
	"time"

	"ininjo/poa"
)

// Node is what has an ID of its own.
type Node interface{ IsNode() }

// Delegation is a delegation as it is shown to one caller.
type Delegation struct {
	ID                        string
	State                     poa.State
	Mandator                  *Mandator
	Delegate                  *Delegate
	Powers, Limits            []string
	SubDelegation             bool
	ValidFrom, ValidThrough   poa.Date
	Format                    poa.DocumentFormat
	DraftMediaType            string
	DraftSHA256               string
	SignedFileAbsence         *SignedFileAbsence
	SignedFileSHA256          *string
	Acknowledgement           *Acknowledgement
	DelegateCertifiedAt       time.Time
	DelegateCertificateSHA256 *string
	StatusList                *StatusListEntry
	Version                   *int
	Replaces                  *string
	DraftedAt, ClosedAt       time.Time
	Erased                    bool

	// DelegatorID is whose delegation it is.
	DelegatorID string
	// Beside loads what belongs to it beside its own row.
	Beside Beside
}

// Beside loads what belongs to the delegations of a page, for all of them at
// once when the first is asked for.
type Beside interface {
	Details(ctx context.Context, id poa.DelegationID) (poa.Details, error)
	Delegator(ctx context.Context, id string) (poa.Delegator, error)
	File(ctx context.Context, id poa.DelegationID, kind poa.FileKind) ([]byte, error)
}

// IsNode marks what the field node returns.
func (*Delegation) IsNode() {}

// Party is what delegators and recipients have in common.
type Party struct {
	ID                   string
	Kind                 poa.PartyKind
	State                poa.EnrollmentState
	Number               string
	CorporateNumber      *string
	Name, Address, Email string
	Language, TermsID    string
	Representative       *Representative
	AppliedAt, DecidedAt time.Time
}

// IsNode marks what the field node returns.
func (Party) IsNode() {}

// Delegator is a delegator as it is shown to itself and to staff.
type Delegator struct {
	Party
	Confirmation *Confirmation
}

// Recipient is a recipient as it is shown to itself and to staff.
type Recipient struct {
	Party
	Filer     string
	NameShown bool
}

// Validity is an answer as it is shown to the recipient that asked.
type Validity struct {
	DelegationID                     string
	Status                           poa.ValidityStatus
	Reason                           poa.ValidityReason
	AsOf, KnownAt, AnsweredAt        time.Time
	InquiryID                        string
	DocumentMatches, DelegateMatches *bool
	ValidFrom, ValidThrough          poa.Date
	Version                          *int
	SignatureVerifiedAt              time.Time
	Qualification                    *QualificationStanding

	// Answer is what a receipt is signed over.
	Answer *poa.Answer
}

// Viewer is what the caller is signed in as.
type Viewer struct {
	Kind        poa.ActorKind
	Roles       []poa.Role
	LinkPurpose poa.LinkPurpose

	// Actor is the caller.
	Actor poa.Actor
}

// WebhookEndpoint is a webhook endpoint as it is shown to its party.
type WebhookEndpoint struct {
	ID                  string
	URL                 string
	Types               []poa.NoticeType
	Description         *string
	State               poa.EndpointState
	DisabledReason      *string
	PreviousSecretUntil time.Time
	CreatedAt           time.Time
	VerifiedAt          time.Time
	MaxInFlight         int
	RatePerSecond       int
	Envelope            poa.Envelope
	HeaderNames         []string
	ClientCertificate   *ClientCertificate
	FailingSince        time.Time
	PausedUntil         time.Time
	DisabledAt          time.Time
}

// Inquiry is an inquiry as it is shown to the recipient that asked.
type Inquiry struct {
	ID                               string
	DelegationID                     *string
	Status                           *poa.ValidityStatus
	Reason                           poa.ValidityReason
	AsOf, KnownAt, AnsweredAt        time.Time
	DocumentMatches, DelegateMatches *bool
	Version                          *int
	TokenID                          *string

	// Past is what a receipt is signed over again.
	Past poa.PastAnswer
}

// IsNode marks what the field node returns.
func (*WebhookEndpoint) IsNode() {}
