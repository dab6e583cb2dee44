// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Registration returns what recipients need before they ask (5.2).
func (e *Enrollment) Registration() RegistrationMode { return e.policy.Registration() }

// proofEvery is how often at most a link to prove an address goes out.
const proofEvery = 10 * time.Minute

// addressProved lets an application go on once its e-mail address is proved.
func (e *Enrollment) addressProved(ctx context.Context, a *act, partyID string) error {
	p, err := a.LockParty(ctx, partyID)
	if err != nil {
		return fmt.Errorf("reading party: %w", err)
	}
	if !p.ProvedAt.IsZero() {
		return nil
	}
	if err := a.ProveParty(ctx, p.ID, a.now); err != nil {
		return fmt.Errorf("recording proof: %w", err)
	}
	if p.State != EnrollmentApplied {
		return nil
	}
	return e.goOn(ctx, a, p)
}

// goOn takes an application whose address is proved to whoever is next: to
// reception, or, where the provider asks for nothing more of recipients, into
// the contract.
func (e *Enrollment) goOn(ctx context.Context, a *act, p Party) error {
	if p.Role == PartyDelegator || e.policy.Registration() == RegistrationApproval {
		return a.openCaseFor(ctx, CaseApplication, p.ID, p.ID, p.EnteredBy)
	}
	if err := a.DecideParty(ctx, p.ID, EnrollmentActive, a.now); err != nil {
		return fmt.Errorf("enrolling party: %w", err)
	}
	enrolled := AuditEvent{ID: NewID(PrefixEvent), At: a.now, ActorKind: System.Kind, ActorID: System.ID, PartyID: p.ID, Action: ActionEnrolled,
		SubjectID: p.ID, Outcome: OutcomeDone, Data: map[string]string{"registration": string(e.policy.Registration())}}
	if err := a.Audit(ctx, enrolled); err != nil {
		return fmt.Errorf("auditing enrollment: %w", err)
	}
	return e.tell(ctx, a, p, MailApplicationAccepted, "/sign-in")
}

// tell mails a party a link to a page of its own.
func (e *Enrollment) tell(ctx context.Context, a *act, p Party, template MailTemplate, path string) error {
	return a.mail(ctx, Mail{PartyID: p.ID, To: p.Profile.Email, Template: template, Language: p.Language,
		Values: map[string]string{"organisation": p.Profile.Name, "number": p.Number, "link": e.policy.PublicURL + path}})
}

// ResendInput asks for another link to prove the address of an application.
type ResendInput struct {
	Number string `json:"number" validate:"required,max=40,line"`
	Email  string `json:"email" validate:"required,max=254,line,email"`
}

// ResendProof mails another link to whoever applied under the number with the
// address, at most every ten minutes. Whether there is such an application is
// not told.
func (e *Enrollment) ResendProof(ctx context.Context, actor Actor, in ResendInput) error {
	if err := checkInput(in).Err(); err != nil {
		return err
	}
	account, err := e.store.AccountByEmail(ctx, in.Email)
	if err != nil || account.PartyID == "" {
		return ignoring(err, ErrNotFound)
	}
	p, _, err := partyOf(ctx, e.store, account.PartyID)
	if err != nil || p.Number != in.Number {
		return ignoring(err, ErrNotFound)
	}
	return ignoring(e.sendProof(ctx, actor, p.ID, account), ErrConflict) // proved or sent already
}

// ResendProofFor lets reception send the link again, for who asks by telephone:
// CONFLICT where it is proved already, or a link went out a moment ago.
func (e *Enrollment) ResendProofFor(ctx context.Context, actor Actor, partyID string) error {
	if err := e.permit(ctx, actor, MayDecideApplications, ActionProofSent); err != nil {
		return err
	}
	p, err := e.seenParty(ctx, partyID)
	if err != nil {
		return err
	}
	account, err := e.store.AccountByEmail(ctx, p.Profile.Email)
	if err != nil {
		return err
	}
	return e.sendProof(ctx, actor, p.ID, account)
}

func (e *Enrollment) sendProof(ctx context.Context, actor Actor, partyID string, account Account) error {
	_, err := e.perform(ctx, actor, ActionProofSent, "", nil, func(ctx context.Context, a *act) (string, error) {
		a.subject = partyID
		p, err := a.LockParty(ctx, partyID)
		if err != nil {
			return "", err
		}
		if p.State != EnrollmentApplied || !p.ProvedAt.IsZero() {
			return "", ErrConflict
		}
		if err := a.MarkProofSent(ctx, p.ID, a.now.Add(-proofEvery), a.now); err != nil {
			return "", err
		}
		link, err := e.passwordLink(ctx, a, account.ID)
		if err != nil {
			return "", err
		}
		return p.ID, a.mail(ctx, Mail{PartyID: p.ID, To: account.Email, Template: MailAddressProof, Language: p.Language,
			Values: map[string]string{"organisation": p.Profile.Name, "number": p.Number, "link": link}})
	})
	return err
}

// ignoring returns err unless it is the one expected.
func ignoring(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

// seenParty reads a party of either role by its ID.
func (o office) seenParty(ctx context.Context, id string) (Party, error) {
	if !IsID(id, PrefixDelegator) && !IsID(id, PrefixRecipient) {
		return Party{}, ErrNotFound
	}
	p, _, err := partyOf(ctx, o.store, id)
	return p, err
}
