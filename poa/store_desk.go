// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"time"
)

// DeskTx changes the desk: cases, contacts, appointments, reviews.
type DeskTx interface {
	// InsertAppointment makes an account hold a role: ErrConflict where the role
	// is taken, or excludes one that the account holds.
	InsertAppointment(ctx context.Context, a Appointment) error
	// InsertDismissal ends an appointment, and disables an account that holds no
	// role any more; ErrConflict where it ended.
	InsertDismissal(ctx context.Context, d Dismissal) error
	// InsertDismissalProposal proposes that an appointment ends; ErrConflict
	// where that was proposed.
	InsertDismissalProposal(ctx context.Context, d Dismissal) error
	// LockCaseByID reads a case, open or closed, and locks its row.
	LockCaseByID(ctx context.Context, id string) (Case, error)
	// ClaimCase puts an open case into a hand until an instant; ErrConflict where
	// another than holder ("" for nobody) has it at now.
	ClaimCase(ctx context.Context, id, by, holder string, now, until time.Time) error
	// ReleaseCase gives a case back; ErrConflict where the account has it not.
	ReleaseCase(ctx context.Context, id, by string) error
	// ReleaseClaimsOf gives back every open case that the account has.
	ReleaseClaimsOf(ctx context.Context, accountID string) error
	InsertCaseNote(ctx context.Context, c Case, n CaseNote) error
	InsertContact(ctx context.Context, c Contact) error
	InsertReview(ctx context.Context, r Review) error
	// MoveFinding moves a finding on; ErrConflict where it is in another state.
	MoveFinding(ctx context.Context, id string, from, to FindingState, by, answer string, at time.Time) error
}

// DeskReader reads the desk: cases, contacts, appointments, reviews.
type DeskReader interface {
	// Holders are the appointments that hold.
	Holders(ctx context.Context) ([]Appointment, error)
	// Appointments are all there ever were, newest first, at most 1,000.
	Appointments(ctx context.Context) ([]Appointment, error)
	Case(ctx context.Context, id string) (Case, error)
	// Cases lists open cases, due first.
	Cases(ctx context.Context, f CaseFilter, p Page) (List[Case], error)
	// CaseHistory lists the newest audit events of a case and its subject since
	// it was opened, oldest first.
	CaseHistory(ctx context.Context, c Case, limit int) ([]AuditEvent, error)
	// CaseNotes lists the newest notes on a case, oldest first.
	CaseNotes(ctx context.Context, c Case, limit int) ([]CaseNote, error)
	// Contacts lists contacts, newest first.
	Contacts(ctx context.Context, f ContactFilter, p Page) (List[Contact], error)
	// EachContact hands on the contacts, oldest first, a batch at a time.
	EachContact(ctx context.Context, f ContactFilter, each func([]Contact) error) error
	// FindParties finds parties by number or text.
	FindParties(ctx context.Context, text string, limit int) ([]Party, error)
	// PartyNames and StaffNames tell names by ID; those erased are left out.
	PartyNames(ctx context.Context, ids []string) (map[string]string, error)
	StaffNames(ctx context.Context, ids []string) (map[string]string, error)
	AuditEvent(ctx context.Context, id string) (AuditEvent, error)
	// EachAuditEvent hands on the events, oldest first, a batch at a time.
	EachAuditEvent(ctx context.Context, f AuditFilter, each func([]AuditEvent) error) error
	// Reviews lists reviews with their findings, newest period first.
	Reviews(ctx context.Context, limit int) ([]Review, error)
}
