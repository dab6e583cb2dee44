// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// joined is a fault's path in one text.
func joined(field []string) string { return strings.Join(field, ".") }

// seesParty reports whether a party is the actor's own or the actor sees all.
func seesParty(actor Actor, partyID string) bool {
	return seesAll(actor) || (actor.Kind == ActorDelegator || actor.Kind == ActorRecipient) && actor.PartyID != "" && actor.PartyID == partyID
}

// mayRead wants a party that the actor sees.
func (r *Records) mayRead(actor Actor, partyID string) error {
	if err := signedIn(actor); err != nil {
		return err
	}
	if !seesParty(actor, partyID) || !IsID(partyID, PrefixDelegator) && !IsID(partyID, PrefixRecipient) {
		return ErrNotFound
	}
	return nil
}

// Party returns a party of either role to itself and to staff.
func (r *Records) Party(ctx context.Context, actor Actor, id string) (Party, error) {
	if err := r.mayRead(actor, id); err != nil {
		return Party{}, err
	}
	return r.seenParty(ctx, id)
}

// PartyVersions lists what a party stated, the newest first, to itself and to
// staff.
func (r *Records) PartyVersions(ctx context.Context, actor Actor, partyID string) ([]PartyVersion, error) {
	if err := r.mayRead(actor, partyID); err != nil {
		return nil, err
	}
	return r.store.PartyVersions(ctx, partyID, MaxPage)
}

// Changes lists a party's changes, the newest first, to itself and to staff.
func (r *Records) Changes(ctx context.Context, actor Actor, partyID string) ([]PartyChange, error) {
	if err := r.mayRead(actor, partyID); err != nil {
		return nil, err
	}
	return r.store.Changes(ctx, partyID, MaxPage)
}

// Change returns a change to its party and to staff.
func (r *Records) Change(ctx context.Context, actor Actor, id string) (PartyChange, error) {
	if err := signedIn(actor); err != nil {
		return PartyChange{}, err
	}
	if !IsID(id, PrefixChange) {
		return PartyChange{}, ErrNotFound
	}
	c, err := r.store.Change(ctx, id)
	if err == nil && !seesParty(actor, c.PartyID) {
		return PartyChange{}, ErrNotFound
	}
	return c, err
}

// Questions lists a party's questions, the newest first, to itself and to staff.
func (r *Records) Questions(ctx context.Context, actor Actor, partyID string) ([]PartyQuestion, error) {
	if err := r.mayRead(actor, partyID); err != nil {
		return nil, err
	}
	return r.store.QuestionsOf(ctx, partyID, MaxPage)
}

// Question returns a question to its party and to staff.
func (r *Records) Question(ctx context.Context, actor Actor, id string) (PartyQuestion, error) {
	if err := signedIn(actor); err != nil {
		return PartyQuestion{}, err
	}
	if !IsID(id, PrefixQuestion) {
		return PartyQuestion{}, ErrNotFound
	}
	q, err := r.store.Question(ctx, id)
	if err == nil && !seesParty(actor, q.PartyID) {
		return PartyQuestion{}, ErrNotFound
	}
	return q, err
}

// Thread is what is told of an application or a change beside what it states.
type Thread struct {
	Questions []PartyQuestion
	// Case is the newest, the zero Case where there was none: the subject then
	// waited for no person yet.
	Case Case
	// Lookup is what was published of the corporate number, for staff alone.
	Lookup *Lookup
}

// Waiting is the first question that waits for the party, nil where none does.
func (t Thread) Waiting() *PartyQuestion {
	for i, q := range t.Questions {
		if q.Waits() {
			return &t.Questions[i]
		}
	}
	return nil
}

// Thread returns questions and case of an application or a change, to its party
// and to staff.
func (r *Records) Thread(ctx context.Context, actor Actor, subjectID string) (Thread, error) {
	kind, partyID := CaseApplication, subjectID
	if IsID(subjectID, PrefixChange) {
		c, err := r.Change(ctx, actor, subjectID)
		if err != nil {
			return Thread{}, err
		}
		kind, partyID = CaseChange, c.PartyID
	}
	if err := r.mayRead(actor, partyID); err != nil {
		return Thread{}, err
	}
	var t Thread
	var err error
	if t.Questions, err = r.store.QuestionsAbout(ctx, subjectID, maxQuestions); err != nil {
		return Thread{}, fmt.Errorf("reading questions: %w", err)
	}
	if t.Case, err = r.store.NewestCase(ctx, kind, subjectID); err != nil && !errors.Is(err, ErrNotFound) {
		return Thread{}, fmt.Errorf("reading case: %w", err)
	}
	if !seesAll(actor) || kind != CaseApplication {
		return t, nil
	}
	l, err := r.store.PartyLookup(ctx, partyID)
	if err == nil {
		t.Lookup = &l
	}
	return t, ignoring(err, ErrNotFound)
}
