// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
)

// EnterInput is an application that staff enter for a party that came by post,
// by hand, by telephone or by e-mail.
type EnterInput struct {
	RegisterInput
	Role   PartyRole `json:"role" validate:"required,oneof=DELEGATOR RECIPIENT"`
	CameBy CameBy    `json:"cameBy" validate:"required,oneof=POST HAND TELEPHONE EMAIL"`
}

// EnterApplication files an application for a party. It is checked as any
// other; its address is proved by the party itself, and another member of staff
// decides on it.
func (e *Enrollment) EnterApplication(ctx context.Context, actor Actor, in EnterInput) (Party, error) {
	if err := e.permit(ctx, actor, MayEnterCases, ActionApplicationEntered); err != nil {
		return Party{}, err
	}
	var faults Faults
	if in.Role != PartyDelegator && in.Role != PartyRecipient {
		faults.Add(CodeInvalid, "role")
	}
	if !isWayToCome(in.CameBy) {
		faults.Add(CodeRequired, "cameBy")
	}
	if err := faults.Err(); err != nil {
		return Party{}, append(faults, checkRegistration(in.RegisterInput, in.Role, e.clock.Now())...)
	}
	id, err := e.file(ctx, actor, ActionApplicationEntered, in.RegisterInput, filing{role: in.Role, cameBy: in.CameBy})
	if err != nil {
		return Party{}, err
	}
	return e.seenParty(ctx, id)
}

func isWayToCome(c CameBy) bool {
	for _, each := range WaysToCome {
		if c == each {
			return true
		}
	}
	return false
}

// WithdrawApplication takes an application back that nobody decided on yet.
func (e *Enrollment) WithdrawApplication(ctx context.Context, actor Actor, key string) error {
	if err := e.admit(ctx, actor, ActionApplicationWithdrawn, actor.requireMember(MemberAdministrator)); err != nil {
		return err
	}
	_, err := e.perform(ctx, actor, ActionApplicationWithdrawn, key, nil, func(ctx context.Context, a *act) (string, error) {
		p, err := a.LockParty(ctx, a.actor.PartyID)
		if err != nil {
			return "", err
		}
		if err := a.WithdrawParty(ctx, p.ID, a.now); err != nil {
			return "", err
		}
		if err := a.closeCase(ctx, CaseApplication, p.ID, outcomeWithdrawn); err != nil {
			return "", err
		}
		return p.ID, e.tell(ctx, a, p, MailApplicationWithdrawn, "/application")
	})
	return err
}

// Reapply files the application of a party anew that was refused or withdrew.
// The account and its proved address stay; kind and address are not asked again.
func (e *Enrollment) Reapply(ctx context.Context, actor Actor, in RegisterInput) (Party, error) {
	if err := e.admit(ctx, actor, ActionReapplied, actor.requireMember(MemberAdministrator)); err != nil {
		return Party{}, err
	}
	before, err := e.seenParty(ctx, actor.PartyID)
	if err != nil {
		return Party{}, err
	}
	in.Kind, in.Email = before.Kind, before.Profile.Email
	f := filing{role: before.Role, lookup: e.LookUp(ctx, in.CorporateNumber).compared(in.Name, in.Address)}
	id, err := e.perform(ctx, actor, ActionReapplied, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		p, err := a.LockParty(ctx, a.actor.PartyID)
		if err != nil {
			return "", err
		}
		if p.State != EnrollmentRefused && p.State != EnrollmentWithdrawn {
			return "", ErrConflict
		}
		faults := checkRegistration(in, p.Role, a.now)
		if err := e.checkTerms(ctx, a, in.TermsID, &faults); err != nil {
			return "", err
		}
		if err := faults.Err(); err != nil {
			return "", err
		}
		return p.ID, e.reapply(ctx, a, p, in, f)
	})
	if err != nil {
		return Party{}, err
	}
	return e.seenParty(ctx, id)
}

func (e *Enrollment) reapply(ctx context.Context, a *act, p Party, in RegisterInput, f filing) error {
	numbered := map[PartyRole]string{PartyDelegator: "A", PartyRecipient: "R"}[p.Role]
	number, err := a.NextNumber(ctx, numbered, DateOf(a.now))
	if err != nil {
		return fmt.Errorf("drawing number: %w", err)
	}
	if err := a.ReopenParty(ctx, p.ID, number, in.TermsID, a.now); err != nil {
		return fmt.Errorf("reopening application: %w", err)
	}
	p.Number, p.TermsID, p.State, p.AppliedAt = number, in.TermsID, EnrollmentApplied, a.now
	p.Profile, p.NameShown = in.profile(), in.NameShown && p.Role == PartyRecipient
	if err := a.restate(ctx, p, VersionReapplied); err != nil {
		return err
	}
	if err := a.InsertLookup(ctx, p.ID, f.lookup); err != nil {
		return fmt.Errorf("inserting lookup: %w", err)
	}
	a.note("terms", in.TermsID)
	if p.ProvedAt.IsZero() {
		return nil // the link of the first application still proves it
	}
	p.EnteredBy = ""
	return e.goOn(ctx, a, p)
}

// restate stores what a party states anew, as its next version.
func (a *act) restate(ctx context.Context, p Party, cause VersionCause) error {
	if p.Version == 0 { // stated before versions were kept: what stood until now is kept first
		before, _, err := partyOf(ctx, a, p.ID)
		if err != nil {
			return err
		}
		if err := a.InsertPartyVersion(ctx, versionOf(before, VersionApplied, before.AppliedAt)); err != nil {
			return fmt.Errorf("inserting version: %w", err)
		}
	}
	p.Version++
	if err := a.RestateParty(ctx, p); err != nil {
		return fmt.Errorf("storing statement: %w", err)
	}
	if err := a.InsertPartyVersion(ctx, versionOf(p, cause, a.now)); err != nil {
		return fmt.Errorf("inserting version: %w", err)
	}
	return nil
}
