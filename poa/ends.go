// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// EndInput withdraws a filing or revokes a delegation.
type EndInput struct {
	IdempotencyKey string `json:"idempotencyKey" validate:"required,max=128,line"`
	DelegationID   string `json:"delegationId" validate:"required,max=64"`
	// At is when a revocation takes effect; zero means now.
	At time.Time `json:"at,omitzero"`
}

// Withdraw takes back a filing that is not decided yet; a draft is abandoned.
func (r *Registrar) Withdraw(ctx context.Context, actor Actor, in EndInput) (Delegation, error) {
	if err := r.admit(ctx, actor, ActionWithdrawn, actor.requireFor(ActorDelegator, MemberAdministrator)); err != nil {
		return Delegation{}, err
	}
	return r.change(ctx, actor, ActionWithdrawn, in, func(ctx context.Context, a *act, d Delegation) error {
		next := StateWithdrawn
		if d.State == StateDrafted {
			next = StateAbandoned
		}
		if !d.State.CanBecome(next) {
			return ErrConflict
		}
		if err := a.Close(ctx, d.ID, d.State, next, a.now); err != nil {
			return fmt.Errorf("withdrawing: %w", err)
		}
		if err := a.closeCase(ctx, CaseFiling, string(d.ID), string(next)); err != nil {
			return err
		}
		return a.endTitle(ctx, d, string(next))
	})
}

// Revoke ends an accepted delegation by its delegator's word (失効), now or at
// an instant to come. Of two revocations at once one wins; the other is told
// ALREADY_ENDED.
func (r *Registrar) Revoke(ctx context.Context, actor Actor, in EndInput) (Delegation, error) {
	if err := r.admit(ctx, actor, ActionRevoked, actor.requireFor(ActorDelegator, MemberAdministrator)); err != nil {
		return Delegation{}, err
	}
	return r.change(ctx, actor, ActionRevoked, in, func(ctx context.Context, a *act, d Delegation) error {
		from, faults := endsAt(in, d, a.now)
		if err := faults.Err(); err != nil {
			return err
		}
		fact, err := r.end(ctx, a, d, FactRevoked, from, "")
		if err != nil {
			return err
		}
		a.note("effectiveAt", fact.From.Format(time.RFC3339Nano))
		return nil
	})
}

// endsAt is the instant at which an end takes effect: now or later, within the
// term.
func endsAt(in EndInput, d Delegation, now time.Time) (time.Time, Faults) {
	from := exactly(in.At)
	if from.IsZero() {
		from = now
	}
	var faults Faults
	switch {
	case from.Before(now):
		faults.Add(CodePast, "at")
	case !from.Before(d.ValidThrough.Ends()):
		faults.Add(CodeTermOver, "at")
	}
	return from, faults
}

func (r *Registrar) change(ctx context.Context, actor Actor, action Action, in EndInput, do func(context.Context, *act, Delegation) error) (Delegation, error) {
	id, err := r.perform(ctx, actor, action, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		if err := checkInput(in).Err(); err != nil {
			return "", err
		}
		d, err := r.ownByText(ctx, a, in.DelegationID)
		if err != nil {
			return "", err
		}
		return string(d.ID), do(ctx, a, d)
	})
	if err != nil {
		return Delegation{}, err
	}
	return r.store.Delegation(ctx, DelegationID(id))
}

// end appends a final act under the row lock and publishes it. It must take
// effect before any final act that is recorded already.
func (r *Registrar) end(ctx context.Context, a *act, d Delegation, kind FactKind, from time.Time, reason ValidityReason) (Fact, error) {
	if d.State != StateAccepted {
		return Fact{}, Faults{newFault(CodeNotAccepted, "delegationId")}
	}
	p, err := a.Projection(ctx, d.ID)
	if err != nil {
		return Fact{}, fmt.Errorf("reading projection: %w", err)
	}
	if p.ended(a.now) || p.Final != nil && !from.Before(p.Final.From) {
		return Fact{}, Faults{newFault(CodeAlreadyEnded, "delegationId")}
	}
	fact, err := a.AppendFact(ctx, Fact{DelegationID: d.ID, Kind: kind, Stands: true, From: from, Reason: reason, EventID: a.eventID}, d.term(), a.now)
	if err != nil {
		return Fact{}, fmt.Errorf("appending %s: %w", kind, err)
	}
	if !from.After(a.now) {
		if err := a.endTitle(ctx, d, string(kind)); err != nil {
			return Fact{}, err
		}
	}
	return fact, r.publish(ctx, a, noticeOf(kind), d, fact)
}

func noticeOf(kind FactKind) NoticeType {
	switch kind {
	case FactRevoked:
		return NoticeRevoked
	case FactRenounced:
		return NoticeRenounced
	case FactSuperseded:
		return NoticeSuperseded
	case FactEnded:
		return NoticeEnded
	case FactAccepted:
		return NoticeAccepted
	case FactSuspension:
		return NoticeSuspended
	case FactTitle:
	}
	return ""
}

// DecideFilingInput accepts a filing, or refuses it with its reasons.
type DecideFilingInput struct {
	IdempotencyKey string `json:"idempotencyKey" validate:"required,max=128,line"`
	DelegationID   string `json:"delegationId" validate:"required,max=64"`
	Accept         bool   `json:"accept"`
	// Ground is why a person accepts what the machine could not settle; it is
	// wanted where a check is not passed.
	Ground  string          `json:"ground" validate:"max=1000,text"`
	Reasons []RefusalReason `json:"reasons" validate:"max=20,dive"`
}

// Decide is reception's word on a filing that needs a person (4.1.5).
func (r *Registrar) Decide(ctx context.Context, actor Actor, in DecideFilingInput) (Delegation, error) {
	action := ActionRefused
	if in.Accept {
		action = ActionAccepted
	}
	if err := r.permit(ctx, actor, MayDecideFilings, action); err != nil {
		return Delegation{}, err
	}
	again, err := r.askAgain(ctx, in)
	if err != nil {
		return Delegation{}, err
	}
	id, err := r.perform(ctx, actor, action, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		if err := checkInput(in).Err(); err != nil {
			return "", err
		}
		id, ok := ParseDelegationID(in.DelegationID)
		if !ok {
			return "", Faults{newFault(CodeUnknownDelegation, "delegationId")}
		}
		a.subject = string(id)
		d, err := a.LockDelegation(ctx, id)
		if errors.Is(err, ErrNotFound) {
			return "", Faults{newFault(CodeUnknownDelegation, "delegationId")}
		}
		if err != nil {
			return "", fmt.Errorf("locking delegation: %w", err)
		}
		if d.State != StateSubmitted {
			return "", ErrConflict
		}
		if err := a.mayDecideCase(ctx, CaseFiling, string(d.ID)); err != nil {
			return "", err
		}
		return string(d.ID), r.decide(ctx, a, d, in, again)
	})
	if err != nil {
		return Delegation{}, err
	}
	return r.store.Delegation(ctx, DelegationID(id))
}

func (r *Registrar) decide(ctx context.Context, a *act, d Delegation, in DecideFilingInput, again told) error {
	if !in.Accept {
		if len(in.Reasons) == 0 {
			return Faults{newFault(CodeRequired, "reasons")}
		}
		return r.refuse(ctx, a, d, refusalsOf(in.Reasons, a.now))
	}
	checks, err := a.Checks(ctx, d.ID)
	if err != nil {
		return fmt.Errorf("reading checks: %w", err)
	}
	if d.Contents.Delegate.Qualification != "" && !titleSettled(checks) {
		return Faults{newFault(CodeQualificationMissing, "delegationId")} // 4.1.2: no ground replaces title and engagement
	}
	if statusPending(checks) {
		return Faults{newFault(CodeStatusPending, "delegationId")} // nor does one replace the word of the source that is being asked
	}
	if code := again.code(nil); code != "" {
		return Faults{newFault(code, "delegationId")}
	}
	if again.answer != nil {
		if err := r.keepStatus(ctx, a, d, AskStatus{DelegationID: d.ID}, again); err != nil {
			return err
		}
	}
	if needsPerson(checks) && in.Ground == "" {
		return Faults{newFault(CodeGroundRequired, "ground")}
	}
	if in.Ground != "" {
		if err := a.InsertChecks(ctx, d.ID, []Check{{Kind: CheckPerson, Result: CheckPassed, Note: in.Ground, At: a.now}}); err != nil {
			return fmt.Errorf("keeping ground: %w", err)
		}
	}
	if err := r.accept(ctx, a, d, in.Ground); err != nil {
		return err
	}
	return r.tell(ctx, a, d, MailFilingAccepted)
}

// refuse ends a filing for good, with every reason.
func (r *Registrar) refuse(ctx context.Context, a *act, d Delegation, reasons []Refusal) error {
	if err := a.InsertRefusals(ctx, d.ID, reasons); err != nil {
		return fmt.Errorf("inserting refusals: %w", err)
	}
	if err := a.Close(ctx, d.ID, StateSubmitted, StateRefused, a.now); err != nil {
		return fmt.Errorf("refusing delegation: %w", err)
	}
	if err := a.closeCase(ctx, CaseFiling, string(d.ID), string(StateRefused)); err != nil {
		return err
	}
	if err := a.endTitle(ctx, d, string(StateRefused)); err != nil {
		return err
	}
	if err := r.recordDecision(ctx, a, d, StateRefused, groundOf(reasons)); err != nil {
		return err
	}
	c := Change{Type: NoticeRefused, DelegationID: d.ID, DelegatorID: d.DelegatorID, Status: StatusUnknown, At: a.now}
	if err := a.Publish(ctx, c); err != nil {
		return fmt.Errorf("publishing refusal: %w", err)
	}
	return r.tell(ctx, a, d, MailFilingRefused)
}

// tell mails the delegator how its filing was decided.
func (r *Registrar) tell(ctx context.Context, a *act, d Delegation, template MailTemplate) error {
	owner, err := a.Delegator(ctx, d.DelegatorID)
	if err != nil {
		return fmt.Errorf("reading delegator: %w", err)
	}
	return a.mail(ctx, Mail{PartyID: owner.ID, To: owner.Profile.Email, Template: template, Language: owner.Language,
		Values: map[string]string{"organisation": owner.Profile.Name, "delegationId": string(d.ID), "link": r.policy.PublicURL + "/delegations/" + string(d.ID)}})
}

func refusalsOf(reasons []RefusalReason, now time.Time) []Refusal {
	refusals := make([]Refusal, len(reasons))
	for i, reason := range reasons {
		refusals[i] = Refusal{Code: reason.Code, Note: reason.Note, At: now}
		if reason.Field != "" {
			refusals[i].Field = []string{reason.Field}
		}
	}
	return refusals
}
