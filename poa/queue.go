// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// CaseFilter narrows the queue. Zero fields do not filter; Now is set by [Desk].
type CaseFilter struct {
	Kinds []CaseKind
	// HeldBy keeps the cases that the account has in hand, Unclaimed those that
	// nobody has, Late those past their due date.
	HeldBy    string
	Unclaimed bool
	Late      bool
	// PartyID keeps one party's cases; Search those of parties whose name,
	// address or number has the text.
	PartyID string
	Search  string
	// SubjectID keeps the cases about one thing.
	SubjectID string
	Now       time.Time
}

// CaseLine is a case as the queue shows it.
type CaseLine struct {
	Case
	// PartyName and HolderName are "" where there is none, or it was erased.
	PartyName  string
	HolderName string
	IsLate     bool
	// Waited is how long it has waited.
	Waited time.Duration
}

// QueueBound is how far the queue is counted: beyond it a list says "1,000+".
const QueueBound = 1000

// Cases lists what waits for a person, what is due first at the top. A page
// costs the same wherever it stands in the queue.
func (d *Desk) Cases(ctx context.Context, actor Actor, f CaseFilter, p Page) (List[CaseLine], error) {
	if err := d.permit(ctx, actor, MaySeeCases, ActionCasesRead); err != nil {
		return List[CaseLine]{}, err
	}
	faults := checkPage(p)
	if !storable(f.Search) || !storable(f.PartyID) || !storable(f.HeldBy) {
		faults.Add(CodeInvalid, "filter")
	}
	if err := faults.Err(); err != nil {
		return List[CaseLine]{}, err
	}
	f.Now, p.CountTo = d.clock.Now(), QueueBound
	cases, err := d.store.Cases(ctx, f, p)
	if err != nil {
		return List[CaseLine]{}, fmt.Errorf("reading cases: %w", err)
	}
	lines, err := d.lines(ctx, cases.Items)
	return List[CaseLine]{Items: lines, Cursors: cases.Cursors, HasNext: cases.HasNext, HasPrevious: cases.HasPrevious, Total: cases.Total}, err
}

func (d *Desk) lines(ctx context.Context, cases []Case) ([]CaseLine, error) {
	now := d.clock.Now()
	var parties, staff []string
	for _, c := range cases {
		parties, staff = append(parties, c.PartyID), append(staff, c.Holder(now))
	}
	partyNames, staffNames, err := d.namesOfBoth(ctx, parties, staff)
	if err != nil {
		return nil, err
	}
	lines := make([]CaseLine, len(cases))
	for i, c := range cases {
		lines[i] = CaseLine{Case: c, PartyName: partyNames[c.PartyID], HolderName: staffNames[c.Holder(now)], IsLate: c.Late(now), Waited: now.Sub(c.OpenedAt)}
	}
	return lines, nil
}

// namesOfBoth returns the names that a page of the desk shows, by ID.
func (d *Desk) namesOfBoth(ctx context.Context, partyIDs, staffIDs []string) (parties, staff map[string]string, err error) {
	if parties, err = partyNamesOf(ctx, d.store, partyIDs); err != nil {
		return nil, nil, err
	}
	staff, err = namesOf(ctx, d.store, staffIDs)
	return parties, staff, err
}

// partyNamesOf tells the names of parties by their IDs.
func partyNamesOf(ctx context.Context, r Reader, ids []string) (map[string]string, error) {
	ids = slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(ids))), func(id string) bool { return id == "" })
	if len(ids) == 0 {
		return map[string]string{}, nil
	}
	names, err := r.PartyNames(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("reading names of parties: %w", err)
	}
	return names, nil
}

// CaseNote is a word of staff on a case. Notes are added, never changed.
type CaseNote struct {
	ID     string
	CaseID string
	By     string
	At     time.Time
	Text   string // sealed
}

// CaseFile is a case with all that belongs to it.
type CaseFile struct {
	CaseLine
	History  []AuditEvent
	Notes    []CaseNote
	Contacts []Contact
	// Names are those of the staff who appear in it, by their accounts.
	Names map[string]string
}

// historyOf are the beginnings of the actions that a case's history shows:
// whatever concerns the work on it, and nothing else of the audit log (6.2.4).
var historyOf = []string{"case.", "contact.", "enrollment.", "delegation.", "delegate.", "title.", "change.", "question.", "application."}

// maxHistory bounds a case's history, notes and contacts.
const maxHistory = 200

// Case returns a case with its history, notes and contacts. That somebody
// looked at it is itself recorded.
func (d *Desk) Case(ctx context.Context, actor Actor, id string) (CaseFile, error) {
	if err := d.permit(ctx, actor, MaySeeCases, ActionCaseLooked); err != nil {
		return CaseFile{}, err
	}
	if !IsID(id, PrefixCase) {
		return CaseFile{}, ErrNotFound
	}
	c, err := d.store.Case(ctx, id)
	if err != nil {
		return CaseFile{}, err
	}
	if _, err := d.perform(ctx, actor, ActionCaseLooked, "", nil, func(context.Context, *act) (string, error) { return c.ID, nil }); err != nil {
		return CaseFile{}, err
	}
	return d.file(ctx, c)
}

func (d *Desk) file(ctx context.Context, c Case) (CaseFile, error) {
	lines, err := d.lines(ctx, []Case{c})
	if err != nil {
		return CaseFile{}, err
	}
	file := CaseFile{CaseLine: lines[0]}
	events, err := d.store.CaseHistory(ctx, c, maxHistory)
	if err != nil {
		return CaseFile{}, fmt.Errorf("reading history of case: %w", err)
	}
	staff := []string{c.EnteredBy, c.ClosedBy, c.ClaimedBy}
	for _, e := range events {
		if e.Outcome == OutcomeDone && slices.ContainsFunc(historyOf, func(begins string) bool { return strings.HasPrefix(string(e.Action), begins) }) {
			file.History, staff = append(file.History, e), append(staff, e.ActorID)
		}
	}
	if file.Notes, err = d.store.CaseNotes(ctx, c, maxHistory); err != nil {
		return CaseFile{}, fmt.Errorf("reading notes: %w", err)
	}
	contacts, err := d.store.Contacts(ctx, ContactFilter{CaseID: c.ID, OrID: c.SubjectID}, Page{First: MaxPage})
	if err != nil {
		return CaseFile{}, fmt.Errorf("reading contacts: %w", err)
	}
	file.Contacts = contacts.Items
	for _, n := range file.Notes {
		staff = append(staff, n.By)
	}
	for _, contact := range file.Contacts {
		staff = append(staff, contact.EnteredBy)
	}
	file.Names, err = namesOf(ctx, d.store, staff)
	return file, err
}

// ClaimInput names a case that somebody takes in hand or gives back.
type ClaimInput struct {
	IdempotencyKey string `json:"idempotencyKey" validate:"required,max=128,line"`
	CaseID         string `json:"caseId" validate:"required,max=64"`
	// Note says why, where the owner takes a case over from another.
	Note string `json:"note,omitempty" validate:"max=2000,text"`
}

// Claim takes a case in hand for as long as the policy says; then the claim
// gives way. One that another has is CONFLICT, with the holder's name.
func (d *Desk) Claim(ctx context.Context, actor Actor, in ClaimInput) error {
	return d.onCase(ctx, actor, MayWorkDesk, ActionCaseClaimed, in, func(ctx context.Context, a *act, c Case) error {
		if err := a.notClaimedByAnother(ctx, c); err != nil {
			return err
		}
		return a.ClaimCase(ctx, c.ID, a.actor.ID, c.Holder(a.now), a.now, a.now.Add(d.policy.ClaimTTL))
	})
}

// TakeOver lets the owner take a case from whoever has it, with a note.
func (d *Desk) TakeOver(ctx context.Context, actor Actor, in ClaimInput) error {
	return d.onCase(ctx, actor, MayTakeOverCases, ActionCaseTakenOver, in, func(ctx context.Context, a *act, c Case) error {
		if in.Note == "" {
			return Faults{newFault(CodeRequired, "note")}
		}
		a.note("from", c.Holder(a.now))
		if err := a.ClaimCase(ctx, c.ID, a.actor.ID, c.Holder(a.now), a.now, a.now.Add(d.policy.ClaimTTL)); err != nil {
			return err
		}
		return a.noteCase(ctx, c, in.Note)
	})
}

// Release gives a case back that the actor has in hand.
func (d *Desk) Release(ctx context.Context, actor Actor, in ClaimInput) error {
	return d.onCase(ctx, actor, MayWorkDesk, ActionCaseReleased, in, func(ctx context.Context, a *act, c Case) error {
		if err := a.notClaimedByAnother(ctx, c); err != nil {
			return err
		}
		return a.ReleaseCase(ctx, c.ID, a.actor.ID)
	})
}

// Note adds a word to a case.
func (d *Desk) Note(ctx context.Context, actor Actor, in ClaimInput) error {
	return d.onCase(ctx, actor, MayWorkDesk, ActionCaseNoted, in, func(ctx context.Context, a *act, c Case) error {
		if in.Note == "" {
			return Faults{newFault(CodeRequired, "note")}
		}
		return a.noteCase(ctx, c, in.Note)
	})
}

func (a *act) noteCase(ctx context.Context, c Case, text string) error {
	if err := a.InsertCaseNote(ctx, c, CaseNote{ID: NewID(PrefixNote), CaseID: c.ID, By: a.actor.ID, At: a.now, Text: text}); err != nil {
		return fmt.Errorf("inserting note: %w", err)
	}
	return nil
}

// onCase is what every act on an open case has in common.
func (d *Desk) onCase(ctx context.Context, actor Actor, p Permission, action Action, in ClaimInput, do func(context.Context, *act, Case) error) error {
	if err := d.permit(ctx, actor, p, action); err != nil {
		return err
	}
	_, err := d.perform(ctx, actor, action, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		if err := checkInput(in).Err(); err != nil {
			return "", err
		}
		c, err := a.openCaseByID(ctx, in.CaseID)
		if err != nil {
			return "", err
		}
		a.subject = c.ID
		return c.ID, do(ctx, a, c)
	})
	return err
}

// openCaseByID locks an open case; ErrConflict where it is closed.
func (a *act) openCaseByID(ctx context.Context, id string) (Case, error) {
	if !IsID(id, PrefixCase) {
		return Case{}, ErrNotFound
	}
	c, err := a.LockCaseByID(ctx, id)
	if err != nil {
		return Case{}, fmt.Errorf("locking case: %w", err)
	}
	if !c.Open() {
		return Case{}, ErrConflict
	}
	return c, nil
}
