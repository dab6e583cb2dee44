// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ChangeState is where a change of what was stated stands.
type ChangeState string

// States of changes: unproved (a new e-mail address is not proved yet) → waiting
// → accepted or refused; withdrawn from either of the first two.
const (
	ChangeUnproved  ChangeState = "UNPROVED"
	ChangeWaiting   ChangeState = "WAITING"
	ChangeAccepted  ChangeState = "ACCEPTED"
	ChangeRefused   ChangeState = "REFUSED"
	ChangeWithdrawn ChangeState = "WITHDRAWN"
)

// FieldChange is one field of a change, old and new.
type FieldChange struct {
	Field StatedField `json:"field"`
	Old   string      `json:"old"`
	New   string      `json:"new"`
}

// PartyChange is a party's wish to change what it stated (3.2).
type PartyChange struct {
	ID      string
	PartyID string
	// Number is its 受付番号.
	Number string
	State  ChangeState
	// Version counts what was asked for, from 1: a correction is another.
	Version int
	Fields  []FieldChange // sealed
	Reason  string        // sealed
	// NeedsApproval tells that a person decides, NeedsRegister that the register
	// is looked at again before (3.2).
	NeedsApproval bool
	NeedsRegister bool
	RequestedAt   time.Time
	RequestedBy   string
	// ProvedAt is when a new e-mail address was proved; zero before.
	ProvedAt  time.Time
	EnteredBy string
	CameBy    CameBy
	DecidedAt time.Time
	DecidedBy string
	Refusals  []RefusalReason // sealed
}

// Open reports whether the change can still be decided or withdrawn.
func (c PartyChange) Open() bool { return c.State == ChangeUnproved || c.State == ChangeWaiting }

// New returns what the change makes of a field; false where it leaves it.
func (c PartyChange) New(f StatedField) (string, bool) {
	for _, each := range c.Fields {
		if each.Field == f {
			return each.New, true
		}
	}
	return "", false
}

// FieldValue is a field with what it shall become.
type FieldValue struct {
	Field StatedField `json:"field" validate:"required,max=40,line"`
	Value string      `json:"value" validate:"max=300"`
}

// ChangeInput asks for a change.
type ChangeInput struct {
	IdempotencyKey string       `json:"idempotencyKey" validate:"required,max=128,line"`
	Fields         []FieldValue `json:"fields" validate:"max=20,dive"`
	Reason         string       `json:"reason" validate:"required,max=1000,text,free"`
	// PartyID and CameBy are for staff, who enter what a party asked for by other
	// ways.
	PartyID string `json:"partyId,omitempty" validate:"max=64,line"`
	CameBy  CameBy `json:"cameBy,omitempty" validate:"omitempty,oneof=POST HAND TELEPHONE EMAIL"`
}

// RequestChange asks for a change of what the actor's party stated. What no
// person decides on takes effect at once: telephone, filer, language and whether
// delegators see a recipient's name; for recipients everything, where their
// registration needs no approval. A new e-mail address must be proved first.
func (e *Enrollment) RequestChange(ctx context.Context, actor Actor, in ChangeInput) (PartyChange, error) {
	if err := e.admit(ctx, actor, ActionChangeRequested, actor.requireMember(MemberAdministrator)); err != nil {
		return PartyChange{}, err
	}
	in.PartyID, in.CameBy = actor.PartyID, ""
	return e.requestChange(ctx, actor, ActionChangeRequested, in)
}

// EnterChange enters a change for a party that asked by post, by hand, by
// telephone or by e-mail. Another member of staff decides on all of it.
func (e *Enrollment) EnterChange(ctx context.Context, actor Actor, in ChangeInput) (PartyChange, error) {
	if err := e.permit(ctx, actor, MayEnterCases, ActionChangeEntered); err != nil {
		return PartyChange{}, err
	}
	if !isWayToCome(in.CameBy) {
		return PartyChange{}, Faults{newFault(CodeRequired, "cameBy")}
	}
	if !IsID(in.PartyID, PrefixDelegator) && !IsID(in.PartyID, PrefixRecipient) {
		return PartyChange{}, ErrNotFound
	}
	return e.requestChange(ctx, actor, ActionChangeEntered, in)
}

func (e *Enrollment) requestChange(ctx context.Context, actor Actor, action Action, in ChangeInput) (PartyChange, error) {
	id, err := e.perform(ctx, actor, action, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		a.subject = in.PartyID
		p, err := a.LockParty(ctx, in.PartyID)
		if err != nil {
			return "", err
		}
		if p.State != EnrollmentActive {
			return "", ErrForbidden
		}
		c, err := e.changeOf(ctx, a, p, in)
		if err != nil {
			return "", err
		}
		a.subject = ""
		return c.ID, e.receiveChange(ctx, a, p, c)
	})
	if err != nil {
		return PartyChange{}, err
	}
	return e.store.Change(ctx, id)
}

// changeOf finds what really changes and whether it may.
func (e *Enrollment) changeOf(ctx context.Context, a *act, p Party, in ChangeInput) (PartyChange, error) {
	faults := checkInput(in)
	after, fields, more := changed(p, in.Fields)
	faults = append(faults, more...)
	names := make([]StatedField, len(fields))
	for i, f := range fields {
		names[i] = f.Field
	}
	faults = append(faults, after.checkStated(names, a.now)...)
	if len(faults) == 0 && len(fields) == 0 {
		faults.Add(CodeNothingChanged, "fields")
	}
	if err := e.checkOthers(ctx, a, p, after, &faults); err != nil {
		return PartyChange{}, err
	}
	if err := faults.Err(); err != nil {
		return PartyChange{}, err
	}
	number, err := a.NextNumber(ctx, "C", DateOf(a.now))
	if err != nil {
		return PartyChange{}, fmt.Errorf("drawing number: %w", err)
	}
	c := PartyChange{ID: NewID(PrefixChange), PartyID: p.ID, Number: number, State: ChangeWaiting, Version: 1, Fields: fields, Reason: in.Reason,
		RequestedAt: a.now, RequestedBy: a.actor.ID, CameBy: in.CameBy}
	if in.CameBy != "" {
		c.EnteredBy = a.actor.ID
	}
	return e.judged(c, p), nil
}

// changed applies the values to the party and returns what differs from before.
func changed(p Party, values []FieldValue) (after Party, fields []FieldChange, faults Faults) {
	after = p
	for i, v := range values {
		path := v.Field.Path()
		again := slices.ContainsFunc(values[:i], func(other FieldValue) bool { return other.Field == v.Field })
		if !slices.Contains(p.StatedFields(), v.Field) || again {
			faults.Add(CodeInvalid, fmt.Sprintf("fields.%d", i))
			continue
		}
		value := strings.TrimSpace(v.Value)
		if !after.state(v.Field, value) {
			faults.Add(CodeInvalid, path)
			continue
		}
		if before := p.Stated(v.Field); before != value {
			fields = append(fields, FieldChange{Field: v.Field, Old: before, New: value})
		}
	}
	return after, fields, faults
}

// checkOthers wants no other change to wait, and a new address to be nobody's.
func (e *Enrollment) checkOthers(ctx context.Context, a *act, p, after Party, faults *Faults) error {
	others, err := a.Changes(ctx, p.ID, MaxPage)
	if err != nil {
		return fmt.Errorf("reading changes: %w", err)
	}
	if slices.ContainsFunc(others, PartyChange.Open) {
		faults.Add(CodeChangeWaiting, "fields")
	}
	if after.Profile.Email == p.Profile.Email {
		return nil
	}
	account, err := a.AccountByEmail(ctx, after.Profile.Email)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("reading account: %w", err)
	}
	if err == nil && !strings.EqualFold(account.Email, p.Profile.Email) { // the same address in another case is its own
		faults.Add(CodeEmailTaken, "email")
	}
	return nil
}

// judged tells who must look at a change before it takes effect.
func (e *Enrollment) judged(c PartyChange, p Party) PartyChange {
	registered := slices.ContainsFunc(c.Fields, func(f FieldChange) bool { s, _ := statedField(f.Field); return s.registered })
	person := p.Role == PartyDelegator || e.policy.Registration() == RegistrationApproval
	c.NeedsApproval = registered && person || c.EnteredBy != ""
	c.NeedsRegister = registered && p.Role == PartyDelegator && p.Kind == Corporation
	if _, moves := c.New(FieldEmail); moves {
		c.State = ChangeUnproved
	}
	return c
}

// receiveChange stores a change and takes it to whoever is next.
func (e *Enrollment) receiveChange(ctx context.Context, a *act, p Party, c PartyChange) error {
	for _, f := range c.Fields {
		a.note("field."+string(f.Field), "asked")
	}
	if err := a.InsertChange(ctx, c); err != nil {
		return fmt.Errorf("inserting change: %w", err)
	}
	switch {
	case c.State == ChangeUnproved:
		return e.askProof(ctx, a, p, c)
	case c.NeedsApproval:
		if err := a.openCaseFor(ctx, CaseChange, c.ID, p.ID, c.EnteredBy); err != nil {
			return err
		}
		return e.tellOfChange(ctx, a, p, c, MailChangeReceived)
	}
	return e.applyChange(ctx, a, p, c)
}

// tellOfChange mails a link to the change's page; what changes stands there
// alone.
func (e *Enrollment) tellOfChange(ctx context.Context, a *act, p Party, c PartyChange, template MailTemplate) error {
	p.Number = c.Number
	return e.tell(ctx, a, p, template, "/application/changes/"+c.ID)
}
