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

// SubmitInput files a signed delegation.
type SubmitInput struct {
	IdempotencyKey string `json:"idempotencyKey" validate:"required,max=128,line"`
	DelegationID   string `json:"delegationId" validate:"required,max=64"`
	SignedFile     []byte `json:"signedFile"`
}

// Submit files a delegation (4.1.5). In this order it checks: size, CMS, the
// same bytes as drafted, one signer, algorithms, the path to a pinned root,
// policy, key usage, period, the signer against the register, and the status of
// the certificate. All of that is found out before the transaction: the draft's
// bytes never change, and nobody is asked over a network inside one. A fault
// leaves the draft open. The same bytes for the same draft give the first
// acknowledgement again, and ask nobody again.
func (r *Registrar) Submit(ctx context.Context, actor Actor, in SubmitInput) (Delegation, error) {
	if err := r.admit(ctx, actor, ActionSubmitted, actor.requireFor(ActorDelegator, MemberAdministrator)); err != nil {
		return Delegation{}, err
	}
	found, err := r.examineFiling(ctx, actor, in)
	if err != nil {
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
		if found == nil {
			return "", ErrConflict // it became a draft to be filed only just now
		}
		return string(d.ID), r.submit(ctx, a, d, *found)
	})
	if err != nil {
		return Delegation{}, err
	}
	return r.store.Delegation(ctx, DelegationID(id))
}

// examineFiling examines the file of a draft that may be filed; nil where there
// is none, which the transaction will say.
func (r *Registrar) examineFiling(ctx context.Context, actor Actor, in SubmitInput) (*examined, error) {
	id, ok := ParseDelegationID(in.DelegationID)
	if !ok || len(checkInput(in)) > 0 {
		return nil, nil
	}
	d, err := r.store.Delegation(ctx, id)
	if errors.Is(err, ErrNotFound) || err == nil && (d.DelegatorID != actor.PartyID || d.State != StateDrafted || d.DelegateCertifiedAt.IsZero()) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading delegation: %w", err)
	}
	draft, err := r.store.File(ctx, d.ID, FileDraft)
	if err != nil {
		return nil, fmt.Errorf("reading draft: %w", err)
	}
	format, ok := document.Known().ByName(string(d.Format))
	if !ok {
		return nil, fmt.Errorf("reading draft: no format %s", d.Format)
	}
	e := r.examine(format.Open, string(d.Format), in.SignedFile, draft, r.clock.Now(), "signedFile")
	if differs, err := r.differs(ctx, d, e); differs || err != nil {
		return &e, err // it is refused whatever its status
	}
	return &e, r.judge(ctx, &e, "signedFile")
}

// differs reports whether the signer is not the one who must sign: then nobody is
// asked about the certificate.
func (r *Registrar) differs(ctx context.Context, d Delegation, e examined) (bool, error) {
	if len(e.faults) > 0 {
		return true, nil
	}
	owner, err := r.store.Delegator(ctx, d.DelegatorID)
	if err != nil {
		return false, fmt.Errorf("reading delegator: %w", err)
	}
	if owner.Confirmation == nil {
		return true, nil
	}
	return len(faultsOf(compareSigner(e.certificate, owner, e.at), "signedFile")) > 0, nil
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

func (r *Registrar) submit(ctx context.Context, a *act, d Delegation, e examined) error {
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
	if len(e.faults) > 0 && e.certificate.Identity.Name == "" {
		return e.faults
	}
	checks := r.filingChecks(d, owner, e, a.now)
	if err := append(e.faults, faultsOf(checks, "signedFile")...).Err(); err != nil {
		return err
	}
	if !e.judged {
		return ErrConflict // the register's words changed since nobody was asked
	}
	return r.acknowledge(ctx, a, d, owner, e, checks)
}

// filingChecks lists what was checked and what was not, for the record (3.1.2).
func (r *Registrar) filingChecks(d Delegation, owner Delegator, e examined, now time.Time) []Check {
	passed := func(k CheckKind) Check { return Check{Kind: k, Result: CheckPassed, At: now} }
	written := passed(CheckDocument)
	if (Contents{Mandator: mandatorOf(owner)}).normal().Mandator != d.Contents.Mandator {
		written.Result, written.Reason = CheckPossible, "REGISTER_CHANGED" // confirmed anew since the draft: a person decides
	}
	checks := []Check{written, passed(CheckSignature), passed(CheckPath), e.status.check(CheckStatus, now)}
	checks = append(checks, compareSigner(e.certificate, owner, now)...)
	if d.Contents.Delegate.Qualification != "" {
		checks = append(checks, Check{Kind: CheckQualificationKind, Result: CheckNotChecked, Reason: "ASK_PROFESSIONAL_BODY", At: now})
	}
	return checks
}

func (r *Registrar) acknowledge(ctx context.Context, a *act, d Delegation, owner Delegator, e examined, checks []Check) error {
	number, err := a.NextNumber(ctx, "D", DateOf(a.now))
	if err != nil {
		return fmt.Errorf("drawing number: %w", err)
	}
	d.State, d.FileSHA256, d.Mode = StateSubmitted, digest(e.file), r.verification.Mode
	d.Acknowledgement = &Acknowledgement{Number: number, SubmittedAt: a.now, FileSHA256: d.FileSHA256, VerifiedAt: a.now}
	if err := a.Tx.Submit(ctx, d, r.kept(e.file), digest(e.expected), checks); err != nil {
		return fmt.Errorf("storing filing: %w", err)
	}
	all, err := a.Checks(ctx, d.ID)
	if err != nil {
		return fmt.Errorf("reading checks: %w", err)
	}
	if err := r.recordIntake(ctx, a, d, owner, e, all); err != nil {
		return err
	}
	if err := a.openTitle(ctx, d); err != nil {
		return err
	}
	if err := a.mail(ctx, Mail{PartyID: owner.ID, To: owner.Profile.Email, Template: MailFilingReceived, Language: owner.Language,
		Values: map[string]string{"organisation": owner.Profile.Name, "delegationId": string(d.ID), "number": number}}); err != nil {
		return err
	}
	if slices.ContainsFunc(checks, pendingStatus) {
		if err := a.Enqueue(ctx, AskStatus{DelegationID: d.ID, Since: a.now}, time.Time{}); err != nil {
			return err
		}
	}
	if forPerson(all) {
		_, err := a.openCase(ctx, CaseFiling, string(d.ID), d.DelegatorID) // reception decides
		return err
	}
	return r.acceptIfPassed(ctx, a, d, all)
}

// kept is what is stored of a file that holds a certificate: nothing in mode sp.
func (r *Registrar) kept(file []byte) []byte {
	if r.verification.Mode == ModeSP {
		return nil
	}
	return file
}

// acceptIfPassed is the machine's acceptance: of a filing all of whose checks
// passed, and of no other.
func (r *Registrar) acceptIfPassed(ctx context.Context, a *act, d Delegation, checks []Check) error {
	if needsPerson(checks) {
		return nil
	}
	a.note("accepted", "true")
	if err := r.accept(ctx, a, d, ""); err != nil {
		return err
	}
	return r.tell(ctx, a, d, MailFilingAccepted)
}

// needsPerson reports whether a check is left that only a person can settle.
// The newest check of a kind counts. What could not be checked is never accepted
// by the machine.
func needsPerson(checks []Check) bool {
	return slices.ContainsFunc(newest(checks), func(c Check) bool { return c.Result != CheckPassed })
}

// accept takes a filing into keeping: from this instant it has a history. The
// ground is a person's, "" for the machine.
func (r *Registrar) accept(ctx context.Context, a *act, d Delegation, ground string) error {
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
	if err := r.recordDecision(ctx, a, d, StateAccepted, ground); err != nil {
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
