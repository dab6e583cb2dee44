// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"ininjo/poa/document"
)

// LetterReason says why a notice goes by post.
type LetterReason string

// Reasons; all but the first are those for which a message did not arrive.
const (
	LetterNoAddress  LetterReason = "NO_ADDRESS" // no address is confirmed
	LetterSuppressed LetterReason = "SUPPRESSED"
	LetterRefused    LetterReason = "REFUSED"
	LetterBounced    LetterReason = "BOUNCED"
	LetterGivenUp    LetterReason = "GIVEN_UP"
)

// LetterReasons lists the reasons.
var LetterReasons = []LetterReason{LetterNoAddress, LetterSuppressed, LetterRefused, LetterBounced, LetterGivenUp}

// LetterState is where a letter stands.
type LetterState string

// States of letters.
const (
	LetterWaiting LetterState = "WAITING" // for its print
	LetterPrinted LetterState = "PRINTED" // but not marked as posted
	LetterPosted  LetterState = "POSTED"
)

// LetterStates lists the states in their order.
var LetterStates = []LetterState{LetterWaiting, LetterPrinted, LetterPosted}

// MaxLetters bounds the letters of one PDF, and those that are marked at once.
const MaxLetters = 100

// Letter is a notice by post (2.3.2 (4)).
type Letter struct {
	ID             string
	PartyID        string
	AnnouncementID string
	To             Addressee // sealed
	Language       string
	Reason         LetterReason
	CreatedAt      time.Time
	// PrintedAt is when it was first printed, PostedAt when it was posted; zero
	// before.
	PrintedAt, PostedAt time.Time
	PrintedBy, PostedBy string
}

// Addressee is who a letter goes to, as it was when the letter was written.
type Addressee struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	Title   string `json:"title,omitempty"`
	Person  string `json:"person"`
}

// State returns where the letter stands.
func (l Letter) State() LetterState {
	switch {
	case !l.PostedAt.IsZero():
		return LetterPosted
	case !l.PrintedAt.IsZero():
		return LetterPrinted
	default:
		return LetterWaiting
	}
}

// LetterFilter narrows the queue. Zero fields do not filter.
type LetterFilter struct {
	State          LetterState
	Reason         LetterReason
	AnnouncementID string
	PartyID        string
}

// LetterLine is a letter as the queue shows it.
type LetterLine struct {
	Letter
	Title, PostedByName string
}

// letterTo writes a letter to a party. Nothing takes it back: its message is not
// sent again, so it stays the way by which the party is told, though an address
// is confirmed before it is posted.
func (n *Notifier) letterTo(ctx context.Context, a *act, party Party, announcementID string, reason LetterReason) error {
	if party.Erased {
		return nil
	}
	p := party.Profile
	l := Letter{ID: NewID(PrefixLetter), PartyID: party.ID, AnnouncementID: announcementID, Language: party.Language, Reason: reason, CreatedAt: a.now,
		To: Addressee{Name: p.Name, Address: p.Address, Title: p.Representative.Title, Person: p.Representative.Name}}
	fresh, err := a.InsertLetter(ctx, l)
	if err != nil || !fresh {
		return err
	}
	return a.MarkLetter(ctx, announcementID, party.ID, a.now)
}

// letterInstead lets an announcement become a letter whose message did not arrive,
// once no other message of it is on its way to the party or arrived. The party's
// lock is held.
func (n *Notifier) letterInstead(ctx context.Context, a *act, m Mail, reason LetterReason) error {
	if m.AnnouncementID == "" || m.PartyID == "" {
		return nil
	}
	text, err := a.Announcement(ctx, m.AnnouncementID)
	if err != nil || !text.Letters {
		return err
	}
	others, err := a.OtherMails(ctx, m.AnnouncementID, m.PartyID)
	if err != nil || others > 0 {
		return err
	}
	party, _, err := partyOf(ctx, a, m.PartyID)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading party: %w", err)
	}
	return n.letterTo(ctx, a, party, m.AnnouncementID, reason)
}

// Letters lists letters to reception, those first that wait longest.
func (n *Notifier) Letters(ctx context.Context, actor Actor, f LetterFilter, p Page) (List[LetterLine], error) {
	if err := n.permit(ctx, actor, MayPostLetters, ActionLettersRead); err != nil {
		return List[LetterLine]{}, err
	}
	if err := append(checkPage(p), f.faults()...).Err(); err != nil {
		return List[LetterLine]{}, err
	}
	p.CountTo = QueueBound
	letters, err := n.store.Letters(ctx, f, p)
	if err != nil {
		return List[LetterLine]{}, fmt.Errorf("reading letters: %w", err)
	}
	lines, err := n.letterLines(ctx, letters.Items)
	return List[LetterLine]{Items: lines, Cursors: letters.Cursors, HasNext: letters.HasNext, HasPrevious: letters.HasPrevious, Total: letters.Total}, err
}

func (f LetterFilter) faults() Faults {
	var faults Faults
	if f.State != "" && !slices.Contains(LetterStates, f.State) || f.Reason != "" && !slices.Contains(LetterReasons, f.Reason) ||
		!storable(f.AnnouncementID) || !storable(f.PartyID) {
		faults.Add(CodeInvalid, "filter")
	}
	return faults
}

func (n *Notifier) letterLines(ctx context.Context, letters []Letter) ([]LetterLine, error) {
	var staff []string
	titles := map[string]string{}
	for _, l := range letters {
		staff = append(staff, l.PostedBy)
		if _, known := titles[l.AnnouncementID]; known {
			continue
		}
		text, err := n.store.Announcement(ctx, l.AnnouncementID)
		if err != nil {
			return nil, fmt.Errorf("reading announcement: %w", err)
		}
		titles[l.AnnouncementID] = text.TitleJa
	}
	names, err := n.store.StaffNames(ctx, staff)
	if err != nil {
		return nil, fmt.Errorf("reading names: %w", err)
	}
	lines := make([]LetterLine, len(letters))
	for i, l := range letters {
		lines[i] = LetterLine{l, titles[l.AnnouncementID], names[l.PostedBy]}
	}
	return lines, nil
}

// LettersInput chooses letters.
type LettersInput struct {
	IdempotencyKey string   `json:"idempotencyKey" validate:"required,max=128,line"`
	IDs            []string `json:"letters" validate:"max=100,dive,max=64"`
}

// check wants letters to be chosen, each once.
func (in *LettersInput) check() error {
	faults := checkInput(*in)
	slices.Sort(in.IDs)
	in.IDs = slices.Compact(in.IDs)
	if len(in.IDs) == 0 {
		faults.Add(CodeNothingChosen, "letters")
	}
	for _, id := range in.IDs {
		if !IsID(id, PrefixLetter) {
			faults.Add(CodeLetterUnknown, "letters")
			break
		}
	}
	return faults.Err()
}

// PrintLetters returns one PDF of the letters, each beginning on a sheet of its
// own, and records that they were printed. They can be printed again.
func (n *Notifier) PrintLetters(ctx context.Context, actor Actor, in LettersInput) ([]byte, error) {
	if err := n.permit(ctx, actor, MayPostLetters, ActionLetterPrinted); err != nil {
		return nil, err
	}
	var pdf []byte
	_, err := n.perform(ctx, actor, ActionLetterPrinted, "", in, func(ctx context.Context, a *act) (string, error) {
		letters, err := a.chosenLetters(ctx, &in)
		if err != nil {
			return "", err
		}
		if pdf, err = n.draw(ctx, a, letters, a.now); err != nil {
			return "", err
		}
		return in.IDs[0], a.MarkPrinted(ctx, in.IDs, actor.ID, a.now)
	})
	return pdf, err
}

func (a *act) chosenLetters(ctx context.Context, in *LettersInput) ([]Letter, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	letters, err := a.LockLetters(ctx, in.IDs)
	if err != nil {
		return nil, fmt.Errorf("locking letters: %w", err)
	}
	if len(letters) != len(in.IDs) || slices.ContainsFunc(letters, func(l Letter) bool { return l.To.Name == "" }) {
		return nil, Faults{newFault(CodeLetterUnknown, "letters")} // erased meanwhile
	}
	a.note("letters", fmt.Sprint(len(letters)))
	return letters, nil
}

// draw makes a PDF of letters. The day on them is that of the print.
func (n *Notifier) draw(ctx context.Context, from LetterReader, letters []Letter, now time.Time) ([]byte, error) {
	pages := make([]document.Letter, len(letters))
	for i, l := range letters {
		text, err := from.Announcement(ctx, l.AnnouncementID)
		if err != nil {
			return nil, fmt.Errorf("reading announcement: %w", err)
		}
		pages[i] = n.pageOf(l, text, now)
	}
	pdf, err := document.Letters(pages)
	if err != nil {
		return nil, fmt.Errorf("drawing letters: %w", err)
	}
	return pdf, nil
}

func (n *Notifier) pageOf(l Letter, text AnnouncementText, now time.Time) document.Letter {
	title, body := text.In(l.Language)
	return document.Letter{Language: l.Language, Number: l.ID, Name: l.To.Name, Address: l.To.Address, Title: l.To.Title, Person: l.To.Person,
		Service: n.policy.ServiceName, Contact: n.policy.ContactPoint, Hours: n.policy.ContactHours, Subject: title, Text: body,
		Link: n.policy.PublicURL + text.Path(), Date: DateOf(now).String()}
}

// PostLetters records that letters were posted, in the log of contacts as well
// (6.1). LETTER_POSTED where somebody else was first: nothing is recorded then.
func (n *Notifier) PostLetters(ctx context.Context, actor Actor, in LettersInput) error {
	if err := n.permit(ctx, actor, MayPostLetters, ActionLetterPosted); err != nil {
		return err
	}
	_, err := n.perform(ctx, actor, ActionLetterPosted, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		letters, err := a.chosenLetters(ctx, &in)
		if err != nil {
			return "", err
		}
		err = a.MarkPosted(ctx, in.IDs, actor.ID, a.now)
		if errors.Is(err, ErrConflict) {
			return "", Faults{newFault(CodeLetterPosted, "letters")}
		}
		if err != nil {
			return "", fmt.Errorf("marking letters: %w", err)
		}
		for _, l := range letters {
			if err := a.logPosted(ctx, l); err != nil {
				return "", err
			}
		}
		return in.IDs[0], nil
	})
	return err
}

func (a *act) logPosted(ctx context.Context, l Letter) error {
	text, err := a.Announcement(ctx, l.AnnouncementID)
	if err != nil {
		return fmt.Errorf("reading announcement: %w", err)
	}
	return a.InsertContact(ctx, Contact{ID: NewID(PrefixContact), Channel: ContactPost, Direction: ContactOut, PartyID: l.PartyID, At: a.now,
		EnteredBy: a.actor.ID, EnteredAt: a.now, Person: l.To.Person, About: text.TitleJa + "（" + l.ID + "）"})
}
