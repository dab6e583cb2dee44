// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ininjo/poa/kanji"
)

// TitleStanding is what a look at a body's page, or its answer, said.
type TitleStanding string

// What a look can say.
const (
	SeenRegistered  TitleStanding = "REGISTERED"
	SeenSuspended   TitleStanding = "SUSPENDED"
	SeenStruckOff   TitleStanding = "STRUCK_OFF"
	SeenNotFound    TitleStanding = "NOT_FOUND"
	SeenUnreachable TitleStanding = "UNREACHABLE" // the body could not be asked
	SeenNotAsked    TitleStanding = "NOT_ASKED"   // only the engagement was asked about
)

// TitleStandings lists what a look can say, in the order of the form.
var TitleStandings = []TitleStanding{SeenRegistered, SeenSuspended, SeenStruckOff, SeenNotFound, SeenUnreachable, SeenNotAsked}

// tells reports whether a look of the standing names a registered person.
func (s TitleStanding) tells() bool {
	return s == SeenRegistered || s == SeenSuspended || s == SeenStruckOff
}

// maxLookAge is how old a look may be when it is recorded (ours).
const maxLookAge = 30 * 24 * time.Hour

// Connector names the connector as the one who looked.
const Connector = "connector"

// TitleLook is one look: what was seen or heard of a title, by whom and when. It
// is never changed; what names people is kept sealed.
type TitleLook struct {
	ID           string
	DelegationID DelegationID
	// Number is drawn by the store, from 1 without gaps.
	Number int
	Round  int
	// Machine tells that the connector looked; By is then its name, else the
	// account of staff.
	Machine  bool
	By       string
	Standing TitleStanding
	// Engaged tells that the engagement was confirmed.
	Engaged bool
	// Name is how the name seen compares with the delegation's; "" for none.
	Name kanji.Result
	// SamePerson is a person's word that a name or number which differs is of the
	// same person all the same.
	SamePerson bool
	// SeenAt is when: for a day in the past its first instant.
	SeenAt     time.Time
	RecordedAt time.Time
	EventID    string
	Seen       TitleSeen
}

// TitleSeen is what a look saw, word for word. It is kept sealed.
type TitleSeen struct {
	Number string `json:"number,omitempty"`
	Name   string `json:"name,omitempty"`
	Office string `json:"office,omitempty"`
	// From is the first day of a suspension, or the day of striking off; Until is
	// the last day of a suspension.
	From  Date `json:"from,omitzero"`
	Until Date `json:"until,omitzero"`
	// Page is what was looked at; or AnsweredBy answered at the number Dialled.
	Page       string `json:"page,omitempty"`
	AnsweredBy string `json:"answeredBy,omitempty"`
	Dialled    string `json:"dialled,omitempty"`
	// EngagedHow and EngagedBy say how the engagement was confirmed and by whom.
	EngagedHow string `json:"engagedHow,omitempty"`
	EngagedBy  string `json:"engagedBy,omitempty"`
	Remark     string `json:"remark,omitempty"`
}

// LookInput records what was seen.
type LookInput struct {
	IdempotencyKey string        `json:"idempotencyKey" validate:"required,max=128,line"`
	DelegationID   string        `json:"delegationId" validate:"required,max=64"`
	Standing       TitleStanding `json:"standing" validate:"required,oneof=REGISTERED SUSPENDED STRUCK_OFF NOT_FOUND UNREACHABLE NOT_ASKED"`
	Number         string        `json:"number" validate:"max=100,line"`
	Name           string        `json:"name" validate:"max=200,line"`
	Office         string        `json:"office" validate:"max=200,line"`
	From           Date          `json:"from,omitzero"`
	Until          Date          `json:"until,omitzero"`
	SeenOn         Date          `json:"seenOn,omitzero"`
	Page           string        `json:"page" validate:"max=500,line"`
	AnsweredBy     string        `json:"answeredBy" validate:"max=200,line"`
	Dialled        string        `json:"dialled" validate:"max=30,line"`
	SamePerson     bool          `json:"samePerson"`
	Engaged        bool          `json:"engaged"`
	EngagedHow     string        `json:"engagedHow" validate:"max=500,text"`
	EngagedBy      string        `json:"engagedBy" validate:"max=200,line"`
	Remark         string        `json:"remark" validate:"max=1000,text"`
}

// checkLook wants what a look of its standing must tell.
func checkLook(in LookInput, d Delegation, now time.Time) Faults {
	faults := checkInput(in)
	required := func(missing bool, field string) {
		if missing {
			faults.Add(CodeRequired, field)
		}
	}
	if in.Standing.tells() {
		required(in.Number == "", "number")
		required(in.Name == "", "name")
	}
	required(in.From.IsZero() && (in.Standing == SeenSuspended || in.Standing == SeenStruckOff), "from")
	if !in.Until.IsZero() && in.Until.Before(in.From) {
		faults.Add(CodeDateOrder, "until")
	}
	today := DateOf(now)
	switch {
	case in.SeenOn.IsZero():
		faults.Add(CodeRequired, "seenOn")
	case today.Before(in.SeenOn):
		faults.Add(CodeFuture, "seenOn")
	case now.Sub(in.SeenOn.Begins()) > maxLookAge:
		faults.Add(CodeLookTooOld, "seenOn")
	}
	if in.Standing != SeenNotAsked {
		required(in.Page == "" && in.AnsweredBy == "", "page")
		required(in.AnsweredBy != "" && in.Dialled == "", "dialled")
	}
	required(in.Standing == SeenNotAsked && !in.Engaged, "engaged")
	required(in.Engaged && in.EngagedHow == "", "engagedHow")
	required(in.Engaged && in.EngagedBy == "", "engagedBy")
	if in.Standing == SeenStruckOff && today.Before(in.From) {
		faults.Add(CodeFuture, "from")
	}
	return append(faults, otherPerson(in, d)...)
}

// otherPerson wants a person's word, with its ground, where name or number are
// not those of the delegation: it may be another's registration.
func otherPerson(in LookInput, d Delegation) Faults {
	var faults Faults
	if !in.Standing.tells() || in.Name == "" || in.Number == "" {
		return nil
	}
	if kanji.CompareName(in.Name, d.Contents.Delegate.Name).Result != kanji.MATCH && !in.SamePerson {
		faults.Add(CodeOtherPerson, "name")
	}
	if foldNumber(in.Number) != foldNumber(d.Contents.Delegate.Identification) && !in.SamePerson {
		faults.Add(CodeOtherPerson, "number")
	}
	if in.SamePerson && in.Remark == "" {
		faults.Add(CodeGroundRequired, "remark")
	}
	return faults
}

// Look records what a person saw of a title (4.1.2), and lets it take effect:
// confirmed accepts or lifts, suspended and struck off refuse or suspend at
// once, not found wants the same word of another person. A look outside a round
// opens one.
func (t *Titles) Look(ctx context.Context, actor Actor, in LookInput) error {
	if err := t.permit(ctx, actor, MayCheckTitles, ActionTitleLooked); err != nil {
		return err
	}
	_, err := t.perform(ctx, actor, ActionTitleLooked, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		id, ok := ParseDelegationID(in.DelegationID)
		if !ok {
			return "", ErrNotFound
		}
		a.subject = string(id)
		d, title, err := t.open(ctx, a, id)
		if err != nil {
			return "", err
		}
		if err := a.mayDecideCase(ctx, CaseTitle, string(id)); err != nil {
			return "", err
		}
		if err := checkLook(in, d, a.now).Err(); err != nil {
			return "", err
		}
		look := TitleLook{ID: NewID(PrefixLook), By: a.actor.ID, Standing: in.Standing, Engaged: in.Engaged, SamePerson: in.SamePerson, SeenAt: in.SeenOn.Begins(),
			Seen: TitleSeen{Number: in.Number, Name: in.Name, Office: in.Office, From: in.From, Until: in.Until, Page: in.Page, AnsweredBy: in.AnsweredBy,
				Dialled: in.Dialled, EngagedHow: in.EngagedHow, EngagedBy: in.EngagedBy, Remark: in.Remark}}
		if in.SeenOn == DateOf(a.now) {
			look.SeenAt = a.now
		}
		if in.Name != "" {
			look.Name = kanji.CompareName(in.Name, d.Contents.Delegate.Name).Result
		}
		return look.ID, t.record(ctx, a, d, title, look)
	})
	return err
}

// open locks a delegation and its title: one that is filed and was not decided
// against, and that did not end.
func (t *Titles) open(ctx context.Context, a *act, id DelegationID) (Delegation, Title, error) {
	d, err := a.LockDelegation(ctx, id)
	if err != nil {
		return Delegation{}, Title{}, err
	}
	title, err := a.LockTitle(ctx, id)
	if err != nil {
		return Delegation{}, Title{}, err
	}
	over, err := titleOver(ctx, a, d)
	if err != nil {
		return Delegation{}, Title{}, err
	}
	if over || title.State == TitleOver {
		return Delegation{}, Title{}, Faults{newFault(CodeAlreadyEnded, "delegationId")}
	}
	return d, title, nil
}

func titleOver(ctx context.Context, a *act, d Delegation) (bool, error) {
	if d.State != StateAccepted {
		return d.State != StateSubmitted, nil
	}
	p, err := a.Projection(ctx, d.ID)
	if err != nil {
		return false, fmt.Errorf("reading projection: %w", err)
	}
	return p.ended(a.now), nil
}

// record appends a look to the round, which it opens where none is open, and
// settles what the looks of the round come to.
func (t *Titles) record(ctx context.Context, a *act, d Delegation, title Title, look TitleLook) error {
	if title.State != TitleWaiting {
		title.State, title.OpenedAt, title.AskAt, title.Round = TitleWaiting, a.now, a.now, title.Round+1
		if err := a.NextRound(ctx, title); err != nil {
			return fmt.Errorf("opening round: %w", err)
		}
		if err := t.unsettle(ctx, a, d); err != nil {
			return err
		}
	}
	look.DelegationID, look.Round, look.RecordedAt, look.EventID = d.ID, title.Round, a.now, a.eventID
	looks, err := a.Looks(ctx, d.ID)
	if err != nil {
		return fmt.Errorf("reading looks: %w", err)
	}
	if look.outdated(looks) {
		if !look.Machine {
			return Faults{newFault(CodeLookTooOld, "seenOn")}
		}
		look.Standing = SeenUnreachable // it cannot say how it stands today
	}
	if err := a.InsertLook(ctx, look); err != nil {
		return fmt.Errorf("inserting look: %w", err)
	}
	a.note("standing", string(look.Standing))
	looks = append(looks, look)
	return t.settle(ctx, a, d, title, roundOf(looks, title.Round), look)
}

// unsettle has a filing that waits for reception wait for its title again.
func (t *Titles) unsettle(ctx context.Context, a *act, d Delegation) error {
	if d.State != StateSubmitted {
		return nil
	}
	return a.InsertChecks(ctx, d.ID, []Check{{Kind: CheckQualificationKind, Result: CheckNotChecked, Reason: "ASK_PROFESSIONAL_BODY", At: a.now}})
}

// waitForPerson opens the round's case, where none is open; one that the actor
// has in hand is given back, so that another may look. Nobody entered such a
// case: it comes of the delegation itself, and who looked first may look again.
func (a *act) waitForPerson(ctx context.Context, d Delegation) error {
	c, err := a.LockCase(ctx, CaseTitle, string(d.ID))
	switch {
	case err == nil && c.ClaimedBy != "" && c.ClaimedBy == a.actor.ID:
		return a.ReleaseCase(ctx, c.ID, a.actor.ID)
	case !errors.Is(err, ErrNotFound):
		return err
	}
	c = Case{ID: NewID(PrefixCase), Kind: CaseTitle, SubjectID: string(d.ID), PartyID: d.DelegatorID, OpenedAt: a.now, DueAt: dueAt(a.now, caseDays[CaseTitle])}
	if err := a.InsertCase(ctx, c); err != nil {
		return fmt.Errorf("opening case: %w", err)
	}
	return nil
}
