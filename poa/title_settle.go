// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"
)

// settle lets the outcome of a round take effect, in the act that brought it.
func (t *Titles) settle(ctx context.Context, a *act, d Delegation, title Title, looks []TitleLook, last TitleLook) error {
	title.State = TitleOutcome(looks, title.Engaged, a.now)
	title.Engaged = title.Engaged || last.Engaged
	a.note("outcome", string(title.State))
	if title.State == TitleWaiting {
		return t.goOn(ctx, a, d, title, last)
	}
	if err := a.closeCase(ctx, CaseTitle, string(d.ID), string(title.State)); err != nil {
		return err
	}
	if title.State == TitleConfirmed {
		title.VerifiedAt = verified(looks)
		title.DueAt = t.dueAgain(d.ID, title.VerifiedAt)
		return t.confirmed(ctx, a, d, title)
	}
	title.DueAt = t.dueAgain(d.ID, a.now)
	if ends := last.Seen.Until.Ends(); title.State == TitleSuspended && !last.Seen.Until.IsZero() && ends.Before(title.DueAt) {
		title.DueAt = ends
	}
	return t.against(ctx, a, d, title, last)
}

// goOn leaves the round open, before a person. A suspension that is over already
// is history all the same.
func (t *Titles) goOn(ctx context.Context, a *act, d Delegation, title Title, last TitleLook) error {
	if d.State == StateAccepted && last.counts() && last.passed(a.now) {
		if _, err := t.suspend(ctx, a, d, &title, ReasonQualificationSuspended, last.Seen); err != nil {
			return err
		}
	}
	if err := a.UpdateTitle(ctx, title); err != nil {
		return fmt.Errorf("updating title: %w", err)
	}
	return a.waitForPerson(ctx, d)
}

// dueAgain is when a title that was verified at an instant is asked for again:
// in the last day of the time allowed, at a moment of the day that depends on
// the delegation, so that what was verified together does not fall due together.
func (t *Titles) dueAgain(id DelegationID, at time.Time) time.Time {
	spread := min(24*time.Hour, t.policy.TitleRecheck/4)
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // never fails
	ahead := time.Duration(float64(spread) * float64(h.Sum32()) / (1 << 32))
	return exactly(at.Add(t.policy.TitleRecheck - ahead))
}

// confirmed passes the check of a filing, which accepts it where nothing else
// needs a person; an accepted delegation has its suspension lifted.
func (t *Titles) confirmed(ctx context.Context, a *act, d Delegation, title Title) error {
	if err := a.UpdateTitle(ctx, title); err != nil {
		return fmt.Errorf("updating title: %w", err)
	}
	if d.State == StateAccepted {
		if err := a.recordTitle(ctx, d, title, t.policy); err != nil {
			return err
		}
		return t.lift(ctx, a, d, title)
	}
	if err := a.InsertChecks(ctx, d.ID, []Check{{Kind: CheckQualificationKind, Result: CheckPassed, Reason: "TITLE_AND_ENGAGEMENT", At: a.now}}); err != nil {
		return fmt.Errorf("passing title: %w", err)
	}
	checks, err := a.Checks(ctx, d.ID)
	if err != nil {
		return fmt.Errorf("reading checks: %w", err)
	}
	if needsPerson(checks) || !a.now.Before(d.ValidThrough.Ends()) {
		return nil // reception decides
	}
	return t.registrar.acceptIfPassed(ctx, a, d, checks)
}

// lift ends the suspension that earlier checks opened, from now on.
func (t *Titles) lift(ctx context.Context, a *act, d Delegation, title Title) error {
	if title.SuspensionID == "" {
		return nil
	}
	p, err := a.Projection(ctx, d.ID)
	if err != nil {
		return fmt.Errorf("reading projection: %w", err)
	}
	open := p.suspensionFrom(title.SuspensionID, a.now)
	if open == nil {
		return nil
	}
	f := Fact{DelegationID: d.ID, Kind: FactSuspension, SuspensionID: title.SuspensionID, Stands: false, From: a.now, Reason: open.Reason, EventID: a.eventID}
	if err := t.registrar.recordSuspension(ctx, a, d, f); err != nil {
		return err
	}
	return t.tellBoth(ctx, a, d, MailTitleResumed, open.Reason)
}

// against refuses a filing, and suspends an accepted delegation, by the code and
// the reason of the outcome.
func (t *Titles) against(ctx context.Context, a *act, d Delegation, title Title, last TitleLook) error {
	code, reason := CodeQualificationMissing, ReasonUnconfirmed
	switch title.State {
	case TitleSuspended:
		code, reason = CodeQualificationSuspended, ReasonQualificationSuspended
	case TitleStruckOff:
		code, reason = CodeQualificationStruckOff, ReasonQualificationStruckOff
	case TitleUnasked, TitleWaiting, TitleConfirmed, TitleUnconfirmed, TitleOver:
	}
	if d.State == StateSubmitted {
		if err := t.registrar.refuse(ctx, a, d, []Refusal{{Code: code, Field: []string{"delegate", "qualification"}, At: a.now}}); err != nil {
			return err
		}
		return t.tellDelegate(ctx, a, d, MailTitleRefused, reason)
	}
	suspended, err := t.suspend(ctx, a, d, &title, reason, last.Seen)
	if err != nil {
		return err
	}
	if err := a.UpdateTitle(ctx, title); err != nil {
		return fmt.Errorf("updating title: %w", err)
	}
	if !suspended {
		return nil
	}
	return t.tellBoth(ctx, a, d, MailTitleSuspended, reason)
}

// suspend appends the suspension: dated back to when the body's word took
// effect, but not before the acceptance. It reports false where the time lies
// wholly before that. All suspensions of a title have one ID, so that a later
// word overrides an earlier one where it covers it.
func (t *Titles) suspend(ctx context.Context, a *act, d Delegation, title *Title, reason ValidityReason, seen TitleSeen) (bool, error) {
	p, err := a.Projection(ctx, d.ID)
	if err != nil {
		return false, fmt.Errorf("reading projection: %w", err)
	}
	f := Fact{DelegationID: d.ID, Kind: FactSuspension, SuspensionID: title.SuspensionID, Stands: true, From: a.now, Reason: reason, EventID: a.eventID}
	if reason != ReasonUnconfirmed {
		f.From = seen.From.Begins()
	}
	if reason == ReasonQualificationSuspended && !seen.Until.IsZero() {
		f.Until = seen.Until.Ends()
	}
	if f.From.Before(p.AcceptedAt) {
		f.From = p.AcceptedAt
	}
	if !f.Until.IsZero() && !f.From.Before(f.Until) {
		return false, nil
	}
	if f.SuspensionID == "" {
		f.SuspensionID = NewID(PrefixSuspension)
		title.SuspensionID = f.SuspensionID
	}
	return true, t.registrar.recordSuspension(ctx, a, d, f)
}

// tellBoth mails the delegator and the delegate. The reason is told, never the
// body's grounds; those who watch are told by the change itself.
func (t *Titles) tellBoth(ctx context.Context, a *act, d Delegation, template MailTemplate, reason ValidityReason) error {
	owner, err := a.Delegator(ctx, d.DelegatorID)
	if err != nil {
		return fmt.Errorf("reading delegator: %w", err)
	}
	err = a.mail(ctx, Mail{PartyID: owner.ID, To: owner.Profile.Email, Template: template, Language: owner.Language, Values: titleValues(d, owner, reason)})
	if err != nil {
		return err
	}
	return a.mail(ctx, Mail{DelegationID: d.ID, To: d.Contents.Delegate.Email, Template: template, Language: owner.Language, Values: titleValues(d, owner, reason)})
}

func (t *Titles) tellDelegate(ctx context.Context, a *act, d Delegation, template MailTemplate, reason ValidityReason) error {
	owner, err := a.Delegator(ctx, d.DelegatorID)
	if err != nil {
		return fmt.Errorf("reading delegator: %w", err)
	}
	return a.mail(ctx, Mail{DelegationID: d.ID, To: d.Contents.Delegate.Email, Template: template, Language: owner.Language, Values: titleValues(d, owner, reason)})
}

func titleValues(d Delegation, owner Delegator, reason ValidityReason) map[string]string {
	return map[string]string{"organisation": owner.Profile.Name, "delegate": d.Contents.Delegate.Name, "delegationId": string(d.ID), "reason": string(reason)}
}
