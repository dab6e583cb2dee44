// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// CaseKind tells what waits for a person of the provider.
type CaseKind string

// Kinds of cases.
const (
	CaseApplication CaseKind = "APPLICATION" // 3.1, 5.2
	CaseChange      CaseKind = "CHANGE"      // 3.2: what a party stated of itself changes
	CaseFiling      CaseKind = "FILING"      // 4.1.5
	CaseTitle       CaseKind = "TITLE"       // 4.1.2: title and engagement of a delegate
	CaseQuestion    CaseKind = "QUESTION"    // 6.1, 10.2.1: an inquiry of a party
)

// PrefixCase begins the IDs of cases.
const PrefixCase = "cas_"

// Case is one thing that waits for a person. At most one case of a kind is open
// for a subject.
type Case struct {
	ID   string
	Kind CaseKind
	// SubjectID is what it is about: a party, a change, a delegation, a check of
	// a title, a question.
	SubjectID string
	// PartyID is the party that it concerns, "" if none.
	PartyID  string
	OpenedAt time.Time
	DueAt    time.Time
	// EnteredBy is the account of staff who entered it for a party, "" where the
	// party did itself: nobody decides on what they entered.
	EnteredBy string
	// ClaimedBy is the account of staff who works on it, "" while nobody does.
	ClaimedBy string
	ClaimedAt time.Time
	// ClaimedUntil is when the claim gives way by itself.
	ClaimedUntil time.Time
	// ClosedAt is zero while the case is open; ClosedBy is an account, or
	// "system". Outcome is a code.
	ClosedAt time.Time
	ClosedBy string
	Outcome  string
}

// CaseKinds lists the kinds of cases.
var CaseKinds = []CaseKind{CaseApplication, CaseChange, CaseFiling, CaseTitle, CaseQuestion}

// Holder is the account that has the case in hand at an instant, "" if nobody
// claimed it or the claim gave way.
func (c Case) Holder(now time.Time) string {
	if c.ClaimedBy == "" || !now.Before(c.ClaimedUntil) {
		return ""
	}
	return c.ClaimedBy
}

// Open reports whether the case still waits for a person.
func (c Case) Open() bool { return c.ClosedAt.IsZero() }

// Late reports whether an open case waited longer than it may.
func (c Case) Late(now time.Time) bool { return c.Open() && now.After(c.DueAt) }

// CaseTx opens and closes cases.
type CaseTx interface {
	// InsertCase opens a case; ErrConflict where one of the kind is open for the
	// subject.
	InsertCase(ctx context.Context, c Case) error
	// LockCase reads the open case of a subject and locks its row.
	LockCase(ctx context.Context, kind CaseKind, subjectID string) (Case, error)
	// CloseCase closes an open case; ErrConflict where it is closed.
	CloseCase(ctx context.Context, id, by, outcome string, at time.Time) error
}

// caseDays is how many business days a case may wait before it is late (ours).
var caseDays = map[CaseKind]int{CaseApplication: 5, CaseChange: 5, CaseFiling: 3, CaseTitle: 3, CaseQuestion: 2}

// openCase puts something before the people of the desk. It is entered by the
// actor where that is staff.
func (a *act) openCase(ctx context.Context, kind CaseKind, subjectID, partyID string) (Case, error) {
	c := Case{ID: NewID(PrefixCase), Kind: kind, SubjectID: subjectID, PartyID: partyID, OpenedAt: a.now, DueAt: dueAt(a.now, caseDays[kind])}
	if a.actor.Kind == ActorStaff {
		c.EnteredBy = a.actor.ID
	}
	if err := a.InsertCase(ctx, c); err != nil {
		return Case{}, fmt.Errorf("opening case %s: %w", kind, err)
	}
	return c, nil
}

// closeCase closes the open case of a subject with an outcome. Where none is
// open it does nothing: not everything that ends waited for a person.
func (a *act) closeCase(ctx context.Context, kind CaseKind, subjectID, outcome string) error {
	c, err := a.LockCase(ctx, kind, subjectID)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("locking case: %w", err)
	}
	if err := a.CloseCase(ctx, c.ID, a.actor.ID, outcome, a.now); err != nil {
		return fmt.Errorf("closing case: %w", err)
	}
	return nil
}

// mayDecideCase locks the open case of the subject and refuses staff who entered
// it themselves (FORBIDDEN) and whoever decides while another has it in hand:
// CONFLICT, with the fault CASE_CLAIMED that tells the holder's name.
func (a *act) mayDecideCase(ctx context.Context, kind CaseKind, subjectID string) error {
	c, err := a.LockCase(ctx, kind, subjectID)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("locking case: %w", err)
	}
	if c.EnteredBy != "" && c.EnteredBy == a.actor.ID {
		return ErrForbidden
	}
	return a.notClaimedByAnother(ctx, c)
}

// notClaimedByAnother refuses where another person has the case in hand.
func (a *act) notClaimedByAnother(ctx context.Context, c Case) error {
	holder := c.Holder(a.now)
	if holder == "" || holder == a.actor.ID || a.actor.Kind != ActorStaff {
		return nil
	}
	names, err := namesOf(ctx, a, []string{holder})
	if err != nil {
		return err
	}
	return errors.Join(ErrConflict, Faults{newFault(CodeCaseClaimed, "caseId", "name", names[holder])})
}
