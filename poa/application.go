// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
	"time"
)

// RegistrationMode is what the provider wants of recipients before they ask for
// validity (5.2: they register where the provider finds it necessary).
type RegistrationMode string

// Modes of registration.
const (
	RegistrationRequired RegistrationMode = "REQUIRED" // active once the address is proved
	RegistrationApproval RegistrationMode = "APPROVAL" // active once reception accepted
	RegistrationNone     RegistrationMode = "NONE"     // anyone may ask; who registers is active once the address is proved
)

// Registration returns the mode that holds.
func (p Policy) Registration() RegistrationMode {
	if p.RecipientRegistration == "" {
		return RegistrationApproval
	}
	return p.RecipientRegistration
}

// CameBy is the way by which a party came that staff entered something for
// (6.1).
type CameBy string

// Ways beside the portal.
const (
	CameByPost      CameBy = "POST"
	CameByHand      CameBy = "HAND"
	CameByTelephone CameBy = "TELEPHONE"
	CameByEmail     CameBy = "EMAIL"
)

// WaysToCome lists them.
var WaysToCome = []CameBy{CameByPost, CameByHand, CameByTelephone, CameByEmail}

// VersionCause is why a party stated itself anew.
type VersionCause string

// Causes of versions.
const (
	VersionApplied   VersionCause = "APPLIED"
	VersionCorrected VersionCause = "CORRECTED" // after a question of reception
	VersionReapplied VersionCause = "REAPPLIED"
	VersionChanged   VersionCause = "CHANGED" // 3.2
)

// PartyVersion is what a party stated at one time. It is never changed.
type PartyVersion struct {
	ID        string
	PartyID   string
	Version   int
	Cause     VersionCause
	Number    string
	Profile   Profile // sealed
	NameShown bool
	Language  string
	TermsID   string
	At        time.Time
}

// versionOf is the party as it states itself now, to be kept.
func versionOf(p Party, cause VersionCause, at time.Time) PartyVersion {
	return PartyVersion{ID: NewID(PrefixPartyVersion), PartyID: p.ID, Version: p.Version, Cause: cause, Number: p.Number, Profile: p.Profile,
		NameShown: p.NameShown, Language: p.Language, TermsID: p.TermsID, At: at}
}

// Prefixes of the IDs of registrations and changes.
const (
	PrefixPartyVersion = "ver_"
	PrefixLookup       = "lkp_"
	PrefixChange       = "chg_"
	PrefixQuestion     = "qst_"
)

// Actions on registrations, changes and questions.
const (
	ActionApplicationEntered   Action = "enrollment.entered"
	ActionApplicationWithdrawn Action = "enrollment.withdrawn"
	ActionApplicationAbandoned Action = "enrollment.abandoned"
	ActionReapplied            Action = "enrollment.applied_again"
	ActionProofSent            Action = "enrollment.proof_sent"
	ActionChangeRequested      Action = "change.requested"
	ActionChangeEntered        Action = "change.entered"
	ActionChangeProved         Action = "change.address_proved"
	ActionChangeAccepted       Action = "change.accepted"
	ActionChangeRefused        Action = "change.refused"
	ActionChangeWithdrawn      Action = "change.withdrawn"
	ActionQuestionAsked        Action = "question.asked"
	ActionQuestionAnswered     Action = "question.answered"
)

// Codes of registrations, changes and questions.
const (
	CodeAddressNotProved Code = "ADDRESS_NOT_PROVED"
	CodeStatementChanged Code = "STATEMENT_CHANGED"
	CodeChangeWaiting    Code = "CHANGE_WAITING"
	CodeNothingChanged   Code = "NOTHING_CHANGED"
	CodeAlreadyDecided   Code = "ALREADY_DECIDED"
	CodeAlreadyAnswered  Code = "ALREADY_ANSWERED"
)

// Kinds of mail about registrations, changes and questions.
const (
	MailAddressProof         MailTemplate = "address-proof"
	MailAddressChanged       MailTemplate = "address-changed"
	MailQuestionAsked        MailTemplate = "question-asked"
	MailQuestionAnswered     MailTemplate = "question-answered"
	MailChangeReceived       MailTemplate = "change-received"
	MailChangeAccepted       MailTemplate = "change-accepted"
	MailChangeRefused        MailTemplate = "change-refused"
	MailApplicationWithdrawn MailTemplate = "application-withdrawn"
)

// Outcomes of cases that no decision closed.
const (
	outcomeAsked     = "QUESTION_ASKED"
	outcomeAnswered  = "ANSWERED"
	outcomeWithdrawn = "WITHDRAWN"
	outcomeAccepted  = "ACCEPTED"
	outcomeRefused   = "REFUSED"
)

// openCaseFor is openCase for what staff may have entered earlier: the case
// remembers who did, whoever acts now.
func (a *act) openCaseFor(ctx context.Context, kind CaseKind, subjectID, partyID, enteredBy string) error {
	c := Case{ID: NewID(PrefixCase), Kind: kind, SubjectID: subjectID, PartyID: partyID, OpenedAt: a.now,
		DueAt: dueAt(a.now, caseDays[kind]), EnteredBy: enteredBy}
	if err := a.InsertCase(ctx, c); err != nil {
		return fmt.Errorf("opening case %s: %w", kind, err)
	}
	return nil
}
