// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ininjo/poa/document"
	"ininjo/poa/evidence"
)

// ActionStatusAsked is a source's word about a certificate that waited for it.
const ActionStatusAsked Action = "certificate.status_asked"

// MailCertificateRefused tells the people in a delegation that a certificate did
// not stand, once its source could tell.
const MailCertificateRefused MailTemplate = "certificate-refused"

// AskStatus has a certificate asked about whose source could not tell.
type AskStatus struct {
	DelegationID DelegationID `json:"delegationId"`
	// Delegate is set for the delegate's certificate, else it is the signer's.
	Delegate bool `json:"delegate,omitempty"`
	// Since is when the file was taken: a certificate that is handed in anew is
	// asked about anew.
	Since time.Time `json:"since"`
}

// Kind names the job.
func (AskStatus) Kind() string { return "status.ask" }

func (j AskStatus) check() CheckKind {
	if j.Delegate {
		return CheckDelegateStatus
	}
	return CheckStatus
}

func (j AskStatus) chain() EvidenceChain {
	if j.Delegate {
		return EvidenceDelegate
	}
	return EvidenceFiling
}

// Bounds of the waits between two questions about one certificate: they grow
// with the time that it waits, and there is never less than one an hour.
const (
	leastStatusWait = 30 * time.Second
	mostStatusWait  = time.Hour
)

// AskStatus asks once about a certificate whose source could not tell. Again is
// how long to wait before the next try, 0 where there is nothing left to ask.
// The waits grow; after Policy.StatusOutage a person is told by a case; with the
// life of a draft the filing ends, refused. Asking twice does nothing twice.
func (r *Registrar) AskStatus(ctx context.Context, job AskStatus) (again time.Duration, err error) {
	d, err := r.store.Delegation(ctx, job.DelegationID)
	if errors.Is(err, ErrNotFound) || err == nil && !job.concerns(d) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading delegation: %w", err)
	}
	checks, err := r.store.Checks(ctx, d.ID)
	if err != nil {
		return 0, fmt.Errorf("reading checks: %w", err)
	}
	if !job.waits(checks) {
		return 0, nil
	}
	q, claimed, err := r.questionKept(ctx, d, job)
	var faults Faults
	if errors.As(err, &faults) { // the rules changed meanwhile (a root was taken out): nobody can be asked as things are
		return r.patience(ctx, job)
	}
	if err != nil {
		return 0, err
	}
	answer, err := r.ask(ctx, q)
	if err != nil {
		return 0, err
	}
	if answer.answer == nil {
		return r.patience(ctx, job)
	}
	return 0, r.statusTold(ctx, job, answer, answer.code(claimed))
}

// concerns reports whether the delegation still waits for this answer, or for
// another that came in its place.
func (j AskStatus) concerns(d Delegation) bool {
	if j.Delegate {
		return (d.State == StateDrafted || d.State == StateSubmitted) && d.DelegateCertifiedAt.Equal(j.Since)
	}
	return d.State == StateSubmitted && d.Acknowledgement.SubmittedAt.Equal(j.Since)
}

func (j AskStatus) waits(checks []Check) bool {
	for _, c := range newest(checks) {
		if c.Kind == j.check() {
			return pendingStatus(c)
		}
	}
	return false
}

// questionKept makes the question anew out of the evidence, with the time of
// signing that the signer claimed.
func (r *Registrar) questionKept(ctx context.Context, d Delegation, job AskStatus) (StatusQuestion, *time.Time, error) {
	record, err := r.filed(ctx, d.ID, job.chain())
	if err != nil {
		return StatusQuestion{}, nil, err
	}
	open := bareCMS
	if record.Format != evidence.FormatChallenge {
		format, ok := document.Known().ByName(record.Format)
		if !ok {
			return StatusQuestion{}, nil, fmt.Errorf("reading evidence: no format %s", record.Format)
		}
		open = format.Open
	}
	// The profile is asked as of the filing: a certificate that expired meanwhile
	// was good then.
	e := r.examine(open, record.Format, record.File, record.Drafted, record.Instant, "signedFile")
	if len(e.faults) > 0 {
		return StatusQuestion{}, nil, fmt.Errorf("examining evidence anew: %w", e.faults)
	}
	e.at = r.clock.Now()
	return e.question(), e.signed.SigningTime, nil
}

// patience is how long to wait for a source that cannot tell, and what becomes
// of a filing that waits for too long.
func (r *Registrar) patience(ctx context.Context, job AskStatus) (time.Duration, error) {
	now := r.clock.Now()
	wait := r.statusWait(job.Since, now)
	if wait <= 0 {
		return 0, r.statusTold(ctx, job, told{}, CodeStatusUnavailable)
	}
	if now.Sub(job.Since) >= r.policy.StatusOutage {
		if err := r.tellDesk(ctx, job); err != nil {
			return 0, err
		}
	}
	return wait, nil
}

// tellDesk opens the filing's case where none is open, so that a person knows.
func (r *Registrar) tellDesk(ctx context.Context, job AskStatus) error {
	return r.onPending(ctx, job, func(ctx context.Context, a *act, d Delegation) error {
		if d.State != StateSubmitted {
			return errNothingToDo
		}
		opened, err := a.ensureCase(ctx, CaseFiling, string(d.ID), d.DelegatorID)
		if err == nil && !opened {
			return errNothingToDo
		}
		a.note("told", "case")
		return err
	})
}

// ensureCase opens a case where none of the kind is open for the subject.
func (a *act) ensureCase(ctx context.Context, kind CaseKind, subjectID, partyID string) (opened bool, err error) {
	_, err = a.LockCase(ctx, kind, subjectID)
	if !errors.Is(err, ErrNotFound) {
		return false, err
	}
	_, err = a.openCase(ctx, kind, subjectID, partyID)
	return err == nil, err
}

// errNothingToDo ends an act of the machine that has nothing left to do, without
// an audit event.
var errNothingToDo = errors.New("there is nothing left to do")

// onPending acts on a delegation whose certificate still waits for its answer.
func (r *Registrar) onPending(ctx context.Context, job AskStatus, do func(context.Context, *act, Delegation) error) error {
	_, err := r.perform(ctx, System, ActionStatusAsked, "", nil, func(ctx context.Context, a *act) (string, error) {
		a.subject = string(job.DelegationID)
		d, err := a.LockDelegation(ctx, job.DelegationID)
		if err != nil {
			return "", fmt.Errorf("locking delegation: %w", err)
		}
		checks, err := a.Checks(ctx, d.ID)
		if err != nil {
			return "", fmt.Errorf("reading checks: %w", err)
		}
		if !job.concerns(d) || !job.waits(checks) {
			return "", errNothingToDo
		}
		a.note("check", string(job.check()))
		return string(d.ID), do(ctx, a, d)
	})
	if errors.Is(err, errNothingToDo) {
		return nil
	}
	return err
}

// statusTold lets the answer take effect; code says what stands against the
// certificate. Where the machine may not accept after all, a person decides.
func (r *Registrar) statusTold(ctx context.Context, job AskStatus, answer told, code Code) error {
	settle := func(accept bool) error {
		return r.onPending(ctx, job, func(ctx context.Context, a *act, d Delegation) error {
			if err := r.keepStatus(ctx, a, d, job, answer); err != nil {
				return err
			}
			if code != "" {
				return r.statusAgainst(ctx, a, d, job, code)
			}
			return r.goOn(ctx, a, d, accept)
		})
	}
	err := settle(true)
	if code := CodeOf(err); err != nil && code != CodeInternal && code != CodeUnavailable {
		return settle(false)
	}
	return err
}

// keepStatus records the answer as a check and as evidence.
func (r *Registrar) keepStatus(ctx context.Context, a *act, d Delegation, job AskStatus, answer told) error {
	check := answer.check(job.check(), a.now)
	if answer.answer == nil {
		check.Result, check.Reason = CheckFailed, ReasonStatusUnavailable
	} else {
		a.note("standing", string(answer.answer.Standing))
	}
	if err := a.InsertChecks(ctx, d.ID, []Check{check}); err != nil {
		return fmt.Errorf("keeping the status: %w", err)
	}
	if answer.answer == nil {
		return nil
	}
	return r.recordStatus(ctx, a, d, job.chain(), answer, check)
}

// goOn accepts a submitted filing that now passed every check, and puts before a
// person what only a person can settle.
func (r *Registrar) goOn(ctx context.Context, a *act, d Delegation, accept bool) error {
	if d.State != StateSubmitted {
		return nil
	}
	checks, err := a.Checks(ctx, d.ID)
	if err != nil {
		return fmt.Errorf("reading checks: %w", err)
	}
	if forPerson(checks) || !accept {
		_, err := a.ensureCase(ctx, CaseFiling, string(d.ID), d.DelegatorID)
		return err
	}
	return r.acceptIfPassed(ctx, a, d, checks)
}

// statusAgainst refuses a submitted filing by the code. A draft whose delegate's
// certificate does not stand wants another: the delegate is sent a new link.
func (r *Registrar) statusAgainst(ctx context.Context, a *act, d Delegation, job AskStatus, code Code) error {
	a.note("code", string(code))
	field := []string{"signedFile"}
	if job.Delegate {
		field = []string{"delegate", "certificate"}
	}
	owner, err := a.Delegator(ctx, d.DelegatorID)
	if err != nil {
		return fmt.Errorf("reading delegator: %w", err)
	}
	values := map[string]string{"organisation": owner.Profile.Name, "delegate": d.Contents.Delegate.Name, "delegationId": string(d.ID), "reason": string(code)}
	if d.State == StateSubmitted {
		if err := r.refuse(ctx, a, d, []Refusal{{Code: code, Field: field, At: a.now}}); err != nil {
			return err
		}
		return a.mail(ctx, Mail{DelegationID: d.ID, To: d.Contents.Delegate.Email, Template: MailCertificateRefused, Language: owner.Language, Values: values})
	}
	if code == CodeStatusUnavailable {
		return nil // the draft ends by itself
	}
	if err := a.UntieCertificate(ctx, d.ID); err != nil {
		return fmt.Errorf("untying certificate: %w", err)
	}
	if err := a.mail(ctx, Mail{PartyID: owner.ID, To: owner.Profile.Email, Template: MailCertificateRefused, Language: owner.Language, Values: values}); err != nil {
		return err
	}
	return r.sendLink(ctx, a, d, owner, LinkAnswer)
}
