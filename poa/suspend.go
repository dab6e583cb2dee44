// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// SuspendInput suspends a delegation, or lifts a suspension.
type SuspendInput struct {
	IdempotencyKey string `json:"idempotencyKey" validate:"required,max=128,line"`
	DelegationID   string `json:"delegationId" validate:"required,max=64"`
	// SuspensionID names the suspension to lift; empty to suspend.
	SuspensionID string         `json:"suspensionId" validate:"max=64"`
	Reason       ValidityReason `json:"reason" validate:"omitempty,oneof=QUALIFICATION_SUSPENDED QUALIFICATION_STRUCK_OFF UNCONFIRMED SERVICE_REVIEW"`
	// From and Until bound it; zero means now, and open. Facts about
	// qualifications may be dated back to the acceptance.
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
}

// Suspend opens a suspension with an ID and a ground of its own; any number
// may be open at once. It returns the suspension's ID.
func (r *Registrar) Suspend(ctx context.Context, actor Actor, in SuspendInput) (string, error) {
	return r.suspension(ctx, actor, ActionSuspended, in, true)
}

// Resume lifts a suspension from an instant on.
func (r *Registrar) Resume(ctx context.Context, actor Actor, in SuspendInput) (string, error) {
	return r.suspension(ctx, actor, ActionResumed, in, false)
}

func (r *Registrar) suspension(ctx context.Context, actor Actor, action Action, in SuspendInput, stands bool) (string, error) {
	if err := r.permit(ctx, actor, MaySuspend, action); err != nil {
		return "", err
	}
	return r.perform(ctx, actor, action, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		if err := checkInput(in).Err(); err != nil {
			return "", err
		}
		id, ok := ParseDelegationID(in.DelegationID)
		if !ok {
			return "", Faults{newFault(CodeUnknownDelegation, "delegationId")}
		}
		a.subject = string(id)
		d, err := a.LockDelegation(ctx, id)
		if errors.Is(err, ErrNotFound) || err == nil && d.State != StateAccepted {
			return "", Faults{newFault(CodeNotAccepted, "delegationId")}
		}
		if err != nil {
			return "", fmt.Errorf("locking delegation: %w", err)
		}
		fact, faults, err := r.suspensionFact(ctx, a, d, in, stands)
		if err != nil {
			return "", err
		}
		if err := faults.Err(); err != nil {
			return "", err
		}
		return fact.SuspensionID, r.recordSuspension(ctx, a, d, fact)
	})
}

func (r *Registrar) suspensionFact(ctx context.Context, a *act, d Delegation, in SuspendInput, stands bool) (Fact, Faults, error) {
	var faults Faults
	p, err := a.Projection(ctx, d.ID)
	if err != nil {
		return Fact{}, nil, fmt.Errorf("reading projection: %w", err)
	}
	f := Fact{DelegationID: d.ID, Kind: FactSuspension, SuspensionID: in.SuspensionID, Stands: stands, From: exactly(in.From), Until: exactly(in.Until), Reason: in.Reason, EventID: a.eventID}
	if f.From.IsZero() {
		f.From = a.now
	}
	open := p.suspensionFrom(in.SuspensionID, f.From)
	if !stands && open != nil {
		f.Reason = open.Reason // the ground that is lifted, whatever the input says
	}
	backdated := f.Reason == ReasonQualificationSuspended || f.Reason == ReasonQualificationStruckOff
	if f.From.Before(p.AcceptedAt) || f.From.Before(a.now) && !backdated {
		faults.Add(CodePast, "from")
	}
	if !f.Until.IsZero() && !f.From.Before(f.Until) {
		faults.Add(CodeDateOrder, "until")
	}
	switch {
	case stands:
		f.SuspensionID = NewID(PrefixSuspension)
		if in.SuspensionID != "" {
			faults.Add(CodeInvalid, "suspensionId")
		}
		if f.Reason == "" {
			faults.Add(CodeRequired, "reason")
		}
	case open == nil, in.Reason != "" && in.Reason != f.Reason:
		faults.Add(CodeInvalid, "suspensionId")
	}
	// What a professional body tells late is part of the history even where the
	// delegation has ended since.
	if p.ended(f.From) || p.ended(a.now) && !backdated {
		faults.Add(CodeAlreadyEnded, "delegationId")
	}
	return f, faults, nil
}

// exactly is the instant as the store keeps it.
func exactly(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// suspensionFrom returns a stretch of the suspension that stands at the instant
// or after it, or nil: then there is nothing to lift.
func (p Projection) suspensionFrom(id string, from time.Time) *Fact {
	for i, f := range p.Suspensions {
		if f.SuspensionID == id && (f.Until.IsZero() || f.Until.After(from)) {
			return &p.Suspensions[i]
		}
	}
	return nil
}

func (r *Registrar) recordSuspension(ctx context.Context, a *act, d Delegation, f Fact) error {
	recorded, err := a.AppendFact(ctx, f, d.term(), a.now)
	if err != nil {
		return fmt.Errorf("appending suspension: %w", err)
	}
	a.note("suspension", f.SuspensionID)
	notice := NoticeSuspended
	if !f.Stands {
		notice = NoticeResumed
	}
	return r.publish(ctx, a, notice, d, recorded)
}

// EndByService ends a delegation with the contract or the service (取扱い終了).
func (r *Registrar) EndByService(ctx context.Context, actor Actor, in EndInput, reason ValidityReason) (Delegation, error) {
	if err := r.permit(ctx, actor, MayEndDelegations, ActionEnded); err != nil {
		return Delegation{}, err
	}
	id, err := r.perform(ctx, actor, ActionEnded, in.IdempotencyKey, []any{in, reason}, func(ctx context.Context, a *act) (string, error) {
		id, ok := ParseDelegationID(in.DelegationID)
		faults := checkInput(in)
		if !ok {
			faults.Add(CodeUnknownDelegation, "delegationId")
		}
		if reason != ReasonContractEnded && reason != ReasonServiceClosed {
			faults.Add(CodeInvalid, "reason")
		}
		if err := faults.Err(); err != nil {
			return "", err
		}
		a.subject = string(id)
		d, err := a.LockDelegation(ctx, id)
		if errors.Is(err, ErrNotFound) {
			return "", Faults{newFault(CodeUnknownDelegation, "delegationId")}
		}
		if err != nil {
			return "", fmt.Errorf("locking delegation: %w", err)
		}
		from, faults := endsAt(in, d, a.now)
		if err := faults.Err(); err != nil {
			return "", err
		}
		_, err = r.end(ctx, a, d, FactEnded, from, reason)
		return string(id), err
	})
	if err != nil {
		return Delegation{}, err
	}
	return r.store.Delegation(ctx, DelegationID(id))
}
