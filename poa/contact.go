// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ContactChannel is a means of communication with the users (6.1).
type ContactChannel string

// The four means.
const (
	ContactEmail     ContactChannel = "EMAIL"     // 電子メール
	ContactPost      ContactChannel = "POST"      // 郵便
	ContactHand      ContactChannel = "HAND"      // 手交
	ContactTelephone ContactChannel = "TELEPHONE" // 電話
)

// ContactChannels lists the means in the order of the clause.
var ContactChannels = []ContactChannel{ContactEmail, ContactPost, ContactHand, ContactTelephone}

// ContactDirection tells who spoke first.
type ContactDirection string

// Directions of a contact.
const (
	ContactIn  ContactDirection = "IN"
	ContactOut ContactDirection = "OUT"
)

// ContactDirections lists the directions.
var ContactDirections = []ContactDirection{ContactIn, ContactOut}

// Contact is one line of the log of contacts (6.1). It is never changed: a
// mistake is put right by another line.
type Contact struct {
	ID        string
	Channel   ContactChannel
	Direction ContactDirection
	// PartyID is the party that it concerns, "" if none.
	PartyID string
	// CaseID is the case that it belongs to, "" if none.
	CaseID string
	// At is when it took place.
	At        time.Time
	EnteredBy string
	EnteredAt time.Time
	Person    string // sealed: who was spoken to
	About     string // sealed: what about
}

// ContactFilter narrows the log of contacts. Zero fields do not filter.
type ContactFilter struct {
	PartyID   string
	Search    string
	CaseID    string
	OrID      string // with CaseID: this contact, too
	Channel   ContactChannel
	Direction ContactDirection
	From      time.Time
	Until     time.Time
}

// ContactLine is a contact as the log shows it.
type ContactLine struct {
	Contact
	PartyName, EnteredByName string
}

// ContactInput enters a contact.
type ContactInput struct {
	IdempotencyKey string           `json:"idempotencyKey" validate:"required,max=128,line"`
	Channel        ContactChannel   `json:"channel" validate:"required,oneof=EMAIL POST HAND TELEPHONE"`
	Direction      ContactDirection `json:"direction" validate:"required,oneof=IN OUT"`
	PartyID        string           `json:"partyId" validate:"max=64"`
	CaseID         string           `json:"caseId" validate:"max=64"`
	// At is when it took place; zero means now.
	At     time.Time `json:"at,omitzero"`
	Person string    `json:"person" validate:"required,max=200,line,free"`
	About  string    `json:"about" validate:"required,max=4000,text,free"`
	// Question opens a case: the contact asked what another person is to answer.
	Question bool `json:"question,omitempty"`
}

// LogContact enters a contact (6.1). Where it asks a question, a case is opened
// that whoever entered it does not answer. It returns the contact's ID and that
// of the case, "" where none was opened.
func (d *Desk) LogContact(ctx context.Context, actor Actor, in ContactInput) (contactID, caseID string, err error) {
	if err := d.permit(ctx, actor, MayLogContacts, ActionContactLogged); err != nil {
		return "", "", err
	}
	if in.Question {
		if err := d.permit(ctx, actor, MayEnterCases, ActionContactLogged); err != nil {
			return "", "", err
		}
	}
	contactID, err = d.perform(ctx, actor, ActionContactLogged, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		c, err := a.contactOf(ctx, in)
		if err != nil {
			return "", err
		}
		if err := a.InsertContact(ctx, c); err != nil {
			return "", fmt.Errorf("inserting contact: %w", err)
		}
		a.note("channel", string(c.Channel))
		if !in.Question {
			return c.ID, nil
		}
		opened, err := a.openCase(ctx, CaseQuestion, c.ID, c.PartyID)
		a.note("case", opened.ID)
		return c.ID, err
	})
	if err != nil || !in.Question {
		return contactID, "", err
	}
	cases, err := d.store.Cases(ctx, CaseFilter{SubjectID: contactID, Now: d.clock.Now()}, Page{First: 1})
	if err != nil || len(cases.Items) == 0 {
		return contactID, "", err
	}
	return contactID, cases.Items[0].ID, nil
}

// contactOf checks the input and makes the contact of it.
func (a *act) contactOf(ctx context.Context, in ContactInput) (Contact, error) {
	faults := checkInput(in)
	at := exactly(in.At)
	if at.IsZero() {
		at = a.now
	}
	if at.After(a.now) {
		faults.Add(CodeFuture, "at")
	}
	if in.Question && in.Direction != ContactIn {
		faults.Add(CodeInvalid, "question")
	}
	c := Contact{ID: NewID(PrefixContact), Channel: in.Channel, Direction: in.Direction, PartyID: in.PartyID, CaseID: in.CaseID,
		At: at, EnteredBy: a.actor.ID, EnteredAt: a.now, Person: in.Person, About: in.About}
	if err := a.checkCaseOf(ctx, &c, &faults); err != nil {
		return Contact{}, err
	}
	if err := a.checkPartyOf(ctx, c.PartyID, &faults); err != nil {
		return Contact{}, err
	}
	return c, faults.Err()
}

// checkCaseOf finds the case that the contact belongs to; the case's party is
// the contact's where it names none.
func (a *act) checkCaseOf(ctx context.Context, c *Contact, faults *Faults) error {
	if c.CaseID == "" {
		return nil
	}
	var found Case
	var err error = ErrNotFound
	if IsID(c.CaseID, PrefixCase) {
		found, err = a.Case(ctx, c.CaseID)
	}
	switch {
	case errors.Is(err, ErrNotFound):
		faults.Add(CodeUnknownCase, "caseId")
	case err != nil:
		return fmt.Errorf("reading case: %w", err)
	case c.PartyID == "":
		c.PartyID = found.PartyID
	case found.PartyID != "" && c.PartyID != found.PartyID:
		faults.Add(CodeInvalid, "partyId")
	}
	return nil
}

func (a *act) checkPartyOf(ctx context.Context, id string, faults *Faults) error {
	if id == "" {
		return nil
	}
	if !IsID(id, PrefixDelegator) && !IsID(id, PrefixRecipient) {
		faults.Add(CodeUnknownParty, "partyId")
		return nil
	}
	_, _, err := partyOf(ctx, a, id)
	if errors.Is(err, ErrNotFound) {
		faults.Add(CodeUnknownParty, "partyId")
		return nil
	}
	return err
}

// Answer answers a question that staff entered: the answer is a contact of its
// own and closes the case. Whoever entered the question does not answer it
// (FORBIDDEN).
func (d *Desk) Answer(ctx context.Context, actor Actor, in ContactInput) error {
	if err := d.permit(ctx, actor, MayAnswerQuestions, ActionCaseAnswered); err != nil {
		return err
	}
	_, err := d.perform(ctx, actor, ActionCaseAnswered, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		question, err := a.openCaseByID(ctx, in.CaseID)
		if err != nil {
			return "", err
		}
		a.subject = question.ID
		if question.Kind != CaseQuestion || !strings.HasPrefix(question.SubjectID, PrefixContact) {
			return "", ErrConflict // asked by a party: answered on the page of its question
		}
		if err := a.mayDecideCase(ctx, CaseQuestion, question.SubjectID); err != nil {
			return "", err
		}
		in.Direction, in.Question = ContactOut, false
		c, err := a.contactOf(ctx, in)
		if err != nil {
			return "", err
		}
		if err := a.InsertContact(ctx, c); err != nil {
			return "", fmt.Errorf("inserting contact: %w", err)
		}
		return question.ID, a.closeCase(ctx, CaseQuestion, question.SubjectID, "ANSWERED")
	})
	return err
}

// Contacts lists the log of contacts, newest first: of one party, or overall.
func (d *Desk) Contacts(ctx context.Context, actor Actor, f ContactFilter, p Page) (List[ContactLine], error) {
	if err := d.permit(ctx, actor, MaySeeContacts, ActionContactsRead); err != nil {
		return List[ContactLine]{}, err
	}
	if err := append(checkPage(p), f.faults()...).Err(); err != nil {
		return List[ContactLine]{}, err
	}
	p.CountTo = QueueBound
	contacts, err := d.store.Contacts(ctx, f, p)
	if err != nil {
		return List[ContactLine]{}, fmt.Errorf("reading contacts: %w", err)
	}
	lines, err := d.contactLines(ctx, contacts.Items)
	return List[ContactLine]{Items: lines, Cursors: contacts.Cursors, HasNext: contacts.HasNext, HasPrevious: contacts.HasPrevious, Total: contacts.Total}, err
}

func (f ContactFilter) faults() Faults {
	var faults Faults
	if !storable(f.PartyID) || !storable(f.Search) || !storable(f.CaseID) || !storable(string(f.Channel)) || !storable(string(f.Direction)) {
		faults.Add(CodeInvalid, "filter")
	}
	return faults
}

func (d *Desk) contactLines(ctx context.Context, contacts []Contact) ([]ContactLine, error) {
	var parties, staff []string
	for _, c := range contacts {
		parties, staff = append(parties, c.PartyID), append(staff, c.EnteredBy)
	}
	partyNames, staffNames, err := d.namesOfBoth(ctx, parties, staff)
	if err != nil {
		return nil, err
	}
	lines := make([]ContactLine, len(contacts))
	for i, c := range contacts {
		lines[i] = ContactLine{c, partyNames[c.PartyID], staffNames[c.EnteredBy]}
	}
	return lines, nil
}

// ExportContacts hands every contact of a period of at most 31 days on, oldest
// first, a hundred at a time. The export is itself recorded.
func (d *Desk) ExportContacts(ctx context.Context, actor Actor, f ContactFilter, each func([]ContactLine) error) error {
	if err := d.permit(ctx, actor, MaySeeContacts, ActionContactsExported); err != nil {
		return err
	}
	_, err := d.perform(ctx, actor, ActionContactsExported, "", nil, func(_ context.Context, a *act) (string, error) {
		if err := append(f.faults(), checkPeriod(f.From, f.Until)...).Err(); err != nil {
			return "", err
		}
		notePeriod(a, f.From, f.Until)
		return "contacts", nil
	})
	if err != nil {
		return err
	}
	return d.store.EachContact(ctx, f, func(contacts []Contact) error {
		lines, err := d.contactLines(ctx, contacts)
		if err != nil {
			return err
		}
		return each(lines)
	})
}

// FindParties finds parties by number, or by text of their names and addresses:
// at most 20, for the choice of the one that a contact concerns.
func (d *Desk) FindParties(ctx context.Context, actor Actor, text string) ([]Party, error) {
	if err := d.permit(ctx, actor, MaySeeParties, ActionContactsRead); err != nil {
		return nil, err
	}
	if text = strings.TrimSpace(text); text == "" || !storable(text) {
		return nil, nil
	}
	return d.store.FindParties(ctx, text, 20)
}

// Party returns one party by its ID, to staff.
func (d *Desk) Party(ctx context.Context, actor Actor, id string) (Party, error) {
	if err := d.permit(ctx, actor, MaySeeParties, ActionContactsRead); err != nil {
		return Party{}, err
	}
	if !IsID(id, PrefixDelegator) && !IsID(id, PrefixRecipient) {
		return Party{}, ErrNotFound
	}
	p, _, err := partyOf(ctx, d.store, id)
	return p, err
}

// maxExport bounds the period of one export.
const maxExport = 31 * 24 * time.Hour

// checkPeriod wants a period of at most 31 days.
func checkPeriod(from, until time.Time) Faults {
	var faults Faults
	switch {
	case from.IsZero():
		faults.Add(CodeRequired, "from")
	case until.IsZero():
		faults.Add(CodeRequired, "until")
	case !from.Before(until):
		faults.Add(CodeDateOrder, "until")
	case until.Sub(from) > maxExport:
		faults.Add(CodePeriodTooLong, "until", "bound", "31")
	}
	return faults
}

func notePeriod(a *act, from, until time.Time) {
	a.note("from", from.UTC().Format(time.RFC3339))
	a.note("until", until.UTC().Format(time.RFC3339))
}
