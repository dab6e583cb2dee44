// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"time"
)

// ApplicationTx changes registrations, changes of what was stated, questions
// about them.
type ApplicationTx interface {
	// LockParty reads a party and locks its row: whoever decides on it or changes
	// what it states begins with it.
	LockParty(ctx context.Context, id string) (Party, error)
	// RestateParty stores what a party states anew under p.Version, with its
	// search hashes; ErrConflict where another version came first.
	RestateParty(ctx context.Context, p Party) error
	// ReopenParty moves a refused or withdrawn application back to APPLIED under
	// its new number.
	ReopenParty(ctx context.Context, id, number, termsID string, at time.Time) error
	// WithdrawParty moves an applied party to WITHDRAWN.
	WithdrawParty(ctx context.Context, id string, at time.Time) error
	// ProveParty records that the e-mail address was proved, once.
	ProveParty(ctx context.Context, id string, at time.Time) error
	// MarkProofSent records that a link to prove the address goes out; ErrConflict
	// where one went out after the instant.
	MarkProofSent(ctx context.Context, id string, after, at time.Time) error
	InsertPartyVersion(ctx context.Context, v PartyVersion) error
	InsertLookup(ctx context.Context, partyID string, l Lookup) error
	// MoveAccount gives the party's account that signs in with an address another
	// one, and proves that for notices; EMAIL_TAKEN where it signs in already.
	MoveAccount(ctx context.Context, partyID, from, to string) error

	InsertChange(ctx context.Context, c PartyChange) error
	// LockChange reads a change and locks its row.
	LockChange(ctx context.Context, id string) (PartyChange, error)
	// CorrectChange stores what a waiting change asks for anew under c.Version.
	CorrectChange(ctx context.Context, c PartyChange, at time.Time) error
	// MoveChange stores state and decision of a change that stood in a state;
	// ErrConflict where it no longer does.
	MoveChange(ctx context.Context, c PartyChange, from ChangeState) error

	InsertQuestion(ctx context.Context, q PartyQuestion) error
	// AnswerQuestion stores the one answer; ErrConflict where there is one.
	AnswerQuestion(ctx context.Context, q PartyQuestion) error
}

// ApplicationReader reads registrations, changes of what was stated, questions
// about them.
type ApplicationReader interface {
	// PartyVersions lists what a party stated, the newest first.
	PartyVersions(ctx context.Context, partyID string, limit int) ([]PartyVersion, error)
	// PartyLookup returns what was published when the party last stated its
	// number; ErrNotFound where nothing is known.
	PartyLookup(ctx context.Context, partyID string) (Lookup, error)
	Change(ctx context.Context, id string) (PartyChange, error)
	// Changes lists a party's changes, the newest first.
	Changes(ctx context.Context, partyID string, limit int) ([]PartyChange, error)
	Question(ctx context.Context, id string) (PartyQuestion, error)
	// QuestionsAbout lists the questions about an application or a change, in the
	// order of asking.
	QuestionsAbout(ctx context.Context, subjectID string, limit int) ([]PartyQuestion, error)
	// QuestionsOf lists all questions of a party, the newest first.
	QuestionsOf(ctx context.Context, partyID string, limit int) ([]PartyQuestion, error)
	// UnprovedApplications returns applications from before the instant that wait
	// for the proof of their e-mail address, the oldest first.
	UnprovedApplications(ctx context.Context, before time.Time, limit int) ([]string, error)
	// NewestCase returns the newest case of a subject, open or closed.
	NewestCase(ctx context.Context, kind CaseKind, subjectID string) (Case, error)
}
