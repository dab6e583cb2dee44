// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ininjo/poa/jpki"
)

// SubmitInput files a signed delegation.
type SubmitInput struct {
	IdempotencyKey string `json:"idempotencyKey" validate:"required,max=128,line"`
	DelegationID   string `json:"delegationId" validate:"required,max=64"`
	SignedFile     []byte `json:"signedFile"`
}

// Submit files a delegation (4.1.5). In this order it checks: size, CMS, the
// same bytes as drafted, one signer, algorithms, the path to a pinned root,
// policy, key usage, period, and the signer against the register; the status of
// certificates is recorded as not checked. A fault leaves the draft open. The
// same bytes for the same draft give the first acknowledgement again.
func (r *Registrar) Submit(ctx context.Context, actor Actor, in SubmitInput) (Delegation, error) {
	if err := actor.requireFor(ActorDelegator, MemberAdministrator); err != nil {
		return Delegation{}, err
	}
	id, err := r.perform(ctx, actor, ActionSubmitted, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		if err := checkInput(in).Err(); err != nil {
			return "", err
		}
		d, err := r.ownByText(ctx, a, in.DelegationID)
		if err != nil {
			return "", err
		}
		a.note("fileSha256", hexOf(digest(in.SignedFile)))
		if again, err := alreadyFiled(d, in.SignedFile); again || err != nil {
			return string(d.ID), err
		}
		return string(d.ID), r.submit(ctx, a, d, in.SignedFile)
	})
	if err != nil {
		return Delegation{}, err
	}
	return r.store.Delegation(ctx, DelegationID(id))
}

// ownByText locks a delegation of the actor's by the ID as it was written.
func (r *Registrar) ownByText(ctx context.Context, a *act, text string) (Delegation, error) {
	id, ok := ParseDelegationID(text)
	if !ok {
		return Delegation{}, Faults{newFault(CodeUnknownDelegation, "delegationId")}
	}
	a.subject = string(id)
	d, err := r.own(ctx, a, id)
	if errors.Is(err, ErrNotFound) {
		a.subject = ""
		return Delegation{}, Faults{newFault(CodeUnknownDelegation, "delegationId")}
	}
	return d, err
}

// alreadyFiled tells whether the file is the one that was acknowledged; other
// bytes, or a draft that is closed, are a fault.
func alreadyFiled(d Delegation, file []byte) (bool, error) {
	switch {
	case d.Acknowledgement != nil && d.Acknowledgement.FileSHA256 == digest(file):
		return true, nil
	case d.State != StateDrafted:
		return false, Faults{newFault(CodeAlreadyFiled, "signedFile")}
	case d.DelegateCertifiedAt.IsZero():
		return false, Faults{newFault(CodeDelegateMissing, "delegationId")}
	}
	return false, nil
}

func (r *Registrar) submit(ctx context.Context, a *act, d Delegation, file []byte) error {
	owner, err := a.Delegator(ctx, d.DelegatorID)
	if err != nil {
		return fmt.Errorf("reading delegator: %w", err)
	}
	if owner.State != EnrollmentActive || owner.Confirmation == nil {
		return ErrForbidden
	}
	if !a.now.Before(d.ValidThrough.Ends()) {
		return Faults{newFault(CodeTermOver, "delegationId")}
	}
	draft, err := a.File(ctx, d.ID, FileDraft)
	if err != nil {
		return fmt.Errorf("reading draft: %w", err)
	}
	certificate, faults := verifySigned(r.profile, file, draft, a.now, "signedFile")
	if len(faults) > 0 && certificate.Identity.Name == "" {
		return faults
	}
	checks := r.filingChecks(d, owner, certificate, a.now)
	if err := append(faults, faultsOf(checks, "signedFile")...).Err(); err != nil {
		return err
	}
	return r.acknowledge(ctx, a, d, owner, file, digest(draft), checks)
}

// filingChecks lists what was checked and what was not, for the record (3.1.2).
func (r *Registrar) filingChecks(d Delegation, owner Delegator, certificate jpki.Certificate, now time.Time) []Check {
	passed := func(k CheckKind) Check { return Check{Kind: k, Result: CheckPassed, At: now} }
	written := passed(CheckDocument)
	if (Contents{Mandator: mandatorOf(owner)}).normal().Mandator != d.Contents.Mandator {
		written.Result, written.Reason = CheckPossible, "REGISTER_CHANGED" // confirmed anew since the draft: a person decides
	}
	checks := []Check{written, passed(CheckSignature), passed(CheckPath),
		{Kind: CheckStatus, Result: CheckNotChecked, Reason: "NO_STATUS_SOURCE", At: now}}
	checks = append(checks, compareSigner(certificate.Identity, expectedSigner(owner), now)...)
	if d.Contents.Delegate.Qualification != "" {
		checks = append(checks, Check{Kind: CheckQualificationKind, Result: CheckNotChecked, Reason: "ASK_PROFESSIONAL_BODY", At: now})
	}
	return checks
}

func (r *Registrar) acknowledge(ctx context.Context, a *act, d Delegation, owner Delegator, file []byte, content [32]byte, checks []Check) error {
	number, err := a.NextNumber(ctx, "D", DateOf(a.now))
	if err != nil {
		return fmt.Errorf("drawing number: %w", err)
	}
	d.State, d.FileSHA256 = StateSubmitted, digest(file)
	d.Acknowledgement = &Acknowledgement{Number: number, SubmittedAt: a.now, FileSHA256: d.FileSHA256, VerifiedAt: a.now}
	if err := a.Tx.Submit(ctx, d, file, content, checks); err != nil {
		return fmt.Errorf("storing filing: %w", err)
	}
	if err := a.openTitle(ctx, d); err != nil {
		return err
	}
	if err := a.mail(ctx, Mail{PartyID: owner.ID, To: owner.Profile.Email, Template: MailFilingReceived, Language: owner.Language,
		Values: map[string]string{"organisation": owner.Profile.Name, "delegationId": string(d.ID), "number": number}}); err != nil {
		return err
	}
	all, err := a.Checks(ctx, d.ID)
	if err != nil {
		return fmt.Errorf("reading checks: %w", err)
	}
	if needsPerson(all) {
		_, err := a.openCase(ctx, CaseFiling, string(d.ID), d.DelegatorID) // reception decides
		return err
	}
	return r.accept(ctx, a, d)
}

// needsPerson reports whether a check is left that only a person can settle.
// The newest check of a kind counts. What could not be checked is never accepted
// by the machine.
func needsPerson(checks []Check) bool {
	newest := map[CheckKind]Check{}
	for _, c := range checks {
		newest[c.Kind] = c
	}
	for _, c := range newest {
		if c.Result != CheckPassed {
			return true
		}
	}
	return false
}

// accept takes a filing into keeping: from this instant it has a history.
func (r *Registrar) accept(ctx context.Context, a *act, d Delegation) error {
	if !a.now.Before(d.ValidThrough.Ends()) {
		return Faults{newFault(CodeTermOver, "delegationId")}
	}
	if err := r.mayReplace(ctx, a, d); err != nil {
		return err
	}
	if err := a.delegatorActive(ctx, d.DelegatorID); err != nil {
		return err
	}
	if err := a.Accept(ctx, d.ID, a.now); err != nil {
		return fmt.Errorf("accepting delegation: %w", err)
	}
	if err := a.closeCase(ctx, CaseFiling, string(d.ID), string(StateAccepted)); err != nil {
		return err
	}
	accepted, err := a.AppendFact(ctx, Fact{DelegationID: d.ID, Kind: FactAccepted, Stands: true, From: a.now, EventID: a.eventID}, d.term(), a.now)
	if err != nil {
		return fmt.Errorf("appending acceptance: %w", err)
	}
	if err := r.confirmTitle(ctx, a, d); err != nil {
		return err
	}
	if err := r.publish(ctx, a, NoticeAccepted, d, accepted); err != nil {
		return err
	}
	if err := r.supersede(ctx, a, d); err != nil {
		return err
	}
	owner, err := a.Delegator(ctx, d.DelegatorID)
	if err != nil {
		return fmt.Errorf("reading delegator: %w", err)
	}
	return r.sendLink(ctx, a, d, owner, LinkRenounce)
}

// confirmTitle writes the title's confirmation into the history that begins.
func (r *Registrar) confirmTitle(ctx context.Context, a *act, d Delegation) error {
	if d.Contents.Delegate.Qualification == "" {
		return nil
	}
	t, err := a.LockTitle(ctx, d.ID)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("locking title: %w", err)
	}
	return a.recordTitle(ctx, d, t, r.policy)
}

// mayReplace locks the delegation that d takes the place of and wants it
// without another accepted replacement. One that came to its end while d waited
// is no hindrance: d is a filing of its own, and the end stands.
func (r *Registrar) mayReplace(ctx context.Context, a *act, d Delegation) error {
	if d.Replaces == "" {
		return nil
	}
	old, err := a.LockDelegation(ctx, d.Replaces)
	if err != nil {
		return fmt.Errorf("locking replaced delegation: %w", err)
	}
	code, err := r.replaceFault(ctx, a, old)
	if err != nil {
		return err
	}
	if code != "" && code != CodeAlreadyEnded {
		return Faults{newFault(code, "delegationId")}
	}
	return nil
}

// supersede ends the delegation that d takes the place of, which mayReplace
// locked: when d is accepted or when its term starts, whichever is later (4.2).
// An end that comes before stands.
func (r *Registrar) supersede(ctx context.Context, a *act, d Delegation) error {
	if d.Replaces == "" {
		return nil
	}
	old, err := a.Delegation(ctx, d.Replaces)
	if err != nil {
		return fmt.Errorf("reading replaced delegation: %w", err)
	}
	p, err := a.Projection(ctx, old.ID)
	if err != nil {
		return fmt.Errorf("reading projection: %w", err)
	}
	from := a.now
	if begins := d.ValidFrom.Begins(); begins.After(from) {
		from = begins
	}
	if p.ended(from) {
		return nil
	}
	_, err = r.end(ctx, a, old, FactSuperseded, from, "")
	return err
}

func (d Delegation) term() Term { return Term{From: d.ValidFrom, Through: d.ValidThrough} }

// publish inserts the outbox row of a fact.
func (r *Registrar) publish(ctx context.Context, a *act, t NoticeType, d Delegation, f Fact) error {
	p, err := a.Projection(ctx, d.ID)
	if err != nil {
		return fmt.Errorf("reading projection: %w", err)
	}
	c := Change{Type: t, DelegationID: d.ID, DelegatorID: d.DelegatorID, Version: f.Version, Status: p.StandingAt(a.now).Status, At: a.now}
	if f.From.After(a.now) {
		c.EffectiveAt = f.From
	}
	if err := a.Publish(ctx, c); err != nil {
		return fmt.Errorf("publishing %s: %w", t, err)
	}
	return nil
}
