// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// askProof mails a link to the new address, and word of it to the present one.
func (e *Enrollment) askProof(ctx context.Context, a *act, p Party, c PartyChange) error {
	token, hash := NewSecret(LinkPrefix)
	link := Link{ID: NewID(PrefixLink), Hash: hash, Purpose: LinkConfirm, SubjectID: c.ID, CreatedAt: a.now, ExpiresAt: a.now.Add(e.policy.LinkTTL)}
	if err := a.InsertLink(ctx, link); err != nil {
		return fmt.Errorf("inserting link: %w", err)
	}
	address, _ := c.New(FieldEmail)
	err := a.mail(ctx, Mail{PartyID: p.ID, To: address, Template: MailAddressProof, Language: p.Language,
		Values: map[string]string{"organisation": p.Profile.Name, "number": c.Number, "link": e.policy.LinkURL(token) + "/address"}})
	if err != nil {
		return err
	}
	return e.tellOfChange(ctx, a, p, c, MailChangeReceived)
}

// MayProveChange tells whether a link proves an address of a change that is
// still open.
func (e *Enrollment) MayProveChange(ctx context.Context, token string) error {
	_, err := e.changeOfLink(ctx, token)
	return err
}

func (e *Enrollment) changeOfLink(ctx context.Context, token string) (Link, error) {
	link, err := e.linkOf(ctx, token, LinkConfirm)
	if err != nil {
		return Link{}, err
	}
	over := Faults{newFault(CodeLinkOver, "token")}
	if !IsID(link.SubjectID, PrefixChange) {
		return Link{}, over
	}
	c, err := e.store.Change(ctx, link.SubjectID)
	if err == nil && c.State != ChangeUnproved {
		err = over
	}
	return link, err
}

// ProveChange proves the new e-mail address of a change by the link that was
// mailed there. Where nobody else decides, the change takes effect.
func (e *Enrollment) ProveChange(ctx context.Context, actor Actor, token string) error {
	link, err := e.changeOfLink(ctx, token)
	if err != nil {
		return err
	}
	_, err = e.perform(ctx, actor, ActionChangeProved, "", nil, func(ctx context.Context, a *act) (string, error) {
		p, c, err := a.lockChange(ctx, link.SubjectID)
		if err != nil {
			return "", err
		}
		if err := a.useLink(ctx, link.ID); err != nil {
			return "", err
		}
		if c.State != ChangeUnproved {
			return "", ErrConflict
		}
		c.ProvedAt = a.now
		if !c.NeedsApproval {
			return c.ID, e.applyProved(ctx, a, p, c)
		}
		c.State = ChangeWaiting
		if err := a.MoveChange(ctx, c, ChangeUnproved); err != nil {
			return "", err
		}
		return c.ID, a.openCaseFor(ctx, CaseChange, c.ID, p.ID, c.EnteredBy)
	})
	return err
}

func (e *Enrollment) applyProved(ctx context.Context, a *act, p Party, c PartyChange) error {
	if err := e.applyChange(ctx, a, p, c); err != nil {
		return err
	}
	return e.tellOfChange(ctx, a, withEmail(p, c), c, MailChangeAccepted)
}

// lockChange locks a change's party and then the change, in this order always.
func (a *act) lockChange(ctx context.Context, id string) (Party, PartyChange, error) {
	seen, err := a.Change(ctx, id)
	if err != nil {
		return Party{}, PartyChange{}, err
	}
	p, err := a.LockParty(ctx, seen.PartyID)
	if err != nil {
		return Party{}, PartyChange{}, err
	}
	c, err := a.LockChange(ctx, id)
	return p, c, err
}

// applyChange makes a change what the party states. It touches no delegation: a
// representative who left leaves the powers given in force (facts of the field,
// 1.7).
func (e *Enrollment) applyChange(ctx context.Context, a *act, p Party, c PartyChange) error {
	from := c.State
	c.State, c.DecidedAt, c.DecidedBy = ChangeAccepted, a.now, a.actor.ID
	if err := a.MoveChange(ctx, c, from); err != nil {
		return fmt.Errorf("accepting change: %w", err)
	}
	if p.State != EnrollmentActive {
		return ErrConflict
	}
	before := p.Profile.Email
	for _, f := range c.Fields {
		p.state(f.Field, f.New)
		a.note("field."+string(f.Field), "changed")
	}
	if err := a.restate(ctx, p, VersionChanged); err != nil {
		return err
	}
	if p.Profile.Email == before {
		return nil
	}
	if err := a.moveAccount(ctx, p, before); err != nil {
		return err
	}
	return a.mail(ctx, Mail{PartyID: p.ID, To: before, Template: MailAddressChanged, Language: p.Language,
		Values: map[string]string{"organisation": p.Profile.Name, "number": c.Number, "link": e.policy.PublicURL + "/"}})
}

// moveAccount lets the account that signed in with the address before sign in
// with the party's new one, which was proved. Links to set a password that went
// to the address before hold no more: whoever reads it may be somebody else by now.
func (a *act) moveAccount(ctx context.Context, p Party, before string) error {
	account, err := a.AccountByEmail(ctx, before)
	if err != nil {
		return fmt.Errorf("reading account: %w", err)
	}
	if err := a.CloseLinks(ctx, LinkPassword, account.ID, a.now); err != nil {
		return fmt.Errorf("closing links: %w", err)
	}
	if err := a.MoveAccount(ctx, p.ID, before, p.Profile.Email); err != nil {
		return err
	}
	return a.noticesTo(ctx, p, before)
}

// noticesTo makes the party's address one of those for notices in the place of the
// one before, which is told so. Where it is one already its choices stay: a reader
// who unsubscribed is not written to again.
func (a *act) noticesTo(ctx context.Context, p Party, before string) error {
	addresses, err := a.MailAddresses(ctx, p.ID)
	if err != nil {
		return fmt.Errorf("reading mail addresses: %w", err)
	}
	there := false
	for _, address := range addresses {
		switch {
		case strings.EqualFold(address.Email, p.Profile.Email):
			there = true
			if address.ConfirmedAt.IsZero() {
				err = a.ConfirmMailAddress(ctx, address.ID, a.now)
			}
		case strings.EqualFold(address.Email, before):
			err = a.DeleteMailAddress(ctx, address.ID, p.ID)
		}
		if err != nil {
			return fmt.Errorf("moving notices: %w", err)
		}
	}
	if there {
		return nil
	}
	address := MailAddress{ID: NewID(PrefixAddress), PartyID: p.ID, Email: p.Profile.Email, Language: p.Language, CreatedAt: a.now, ConfirmedAt: a.now}
	if err := a.InsertMailAddress(ctx, address); err != nil {
		return fmt.Errorf("inserting mail address: %w", err)
	}
	return nil
}

func withEmail(p Party, c PartyChange) Party {
	if address, moves := c.New(FieldEmail); moves {
		p.Profile.Email = address
	}
	return p
}

// DecideChangeInput accepts a change, or refuses it with its reasons.
type DecideChangeInput struct {
	IdempotencyKey string          `json:"idempotencyKey" validate:"required,max=128,line"`
	ChangeID       string          `json:"changeId" validate:"required,max=64"`
	Accept         bool            `json:"accept"`
	Reasons        []RefusalReason `json:"reasons" validate:"max=20,dive"`
	// Version is what reception decides on: where another came meanwhile it is
	// STATEMENT_CHANGED. Zero decides on whatever stands.
	Version int `json:"version,omitempty"`
}

// DecideChange accepts or refuses a change. One of registered facts of a
// corporation under contract needs a confirmation that is newer than it (3.2).
func (e *Enrollment) DecideChange(ctx context.Context, actor Actor, in DecideChangeInput) error {
	action := ActionChangeRefused
	if in.Accept {
		action = ActionChangeAccepted
	}
	if err := e.permit(ctx, actor, MayDecideApplications, action); err != nil {
		return err
	}
	_, err := e.perform(ctx, actor, action, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		if !IsID(in.ChangeID, PrefixChange) {
			return "", ErrNotFound
		}
		a.subject = in.ChangeID
		p, c, err := a.lockChange(ctx, in.ChangeID)
		if err != nil {
			return "", err
		}
		if err := a.mayDecide(ctx, CaseChange, c.ID, c.EnteredBy); err != nil {
			return "", err
		}
		if err := checkChangeDecision(ctx, a, c, in); err != nil {
			return "", err
		}
		a.note("version", strconv.Itoa(c.Version))
		return c.ID, e.decideChange(ctx, a, p, c, in)
	})
	return err
}

func checkChangeDecision(ctx context.Context, a *act, c PartyChange, in DecideChangeInput) error {
	faults := checkInput(in)
	if !c.Open() {
		return ErrConflict
	}
	if in.Version != 0 && in.Version != c.Version {
		faults.Add(CodeStatementChanged, "changeId")
	}
	if !in.Accept && len(in.Reasons) == 0 {
		faults.Add(CodeRequired, "reasons")
	}
	if in.Accept && c.State == ChangeUnproved {
		faults.Add(CodeAddressNotProved, "changeId")
	}
	if in.Accept && c.NeedsRegister {
		d, err := a.Delegator(ctx, c.PartyID)
		if err != nil {
			return err
		}
		if d.Confirmation == nil || d.Confirmation.ConfirmedAt.Before(c.RequestedAt) {
			faults.Add(CodeNotConfirmed, "changeId")
		}
	}
	return faults.Err()
}

func (e *Enrollment) decideChange(ctx context.Context, a *act, p Party, c PartyChange, in DecideChangeInput) error {
	if in.Accept {
		if err := e.applyChange(ctx, a, p, c); err != nil {
			return err
		}
		if err := a.closeCase(ctx, CaseChange, c.ID, outcomeAccepted); err != nil {
			return err
		}
		return e.tellOfChange(ctx, a, withEmail(p, c), c, MailChangeAccepted)
	}
	from := c.State
	c.State, c.DecidedAt, c.DecidedBy, c.Refusals = ChangeRefused, a.now, a.actor.ID, in.Reasons
	if err := a.MoveChange(ctx, c, from); err != nil {
		return fmt.Errorf("refusing change: %w", err)
	}
	if err := a.closeCase(ctx, CaseChange, c.ID, outcomeRefused); err != nil {
		return err
	}
	return e.tellOfChange(ctx, a, p, c, MailChangeRefused)
}

// WithdrawChange takes a change back that nobody decided on yet.
func (e *Enrollment) WithdrawChange(ctx context.Context, actor Actor, key, id string) (PartyChange, error) {
	if err := e.admit(ctx, actor, ActionChangeWithdrawn, actor.requireMember(MemberAdministrator)); err != nil {
		return PartyChange{}, err
	}
	_, err := e.perform(ctx, actor, ActionChangeWithdrawn, key, id, func(ctx context.Context, a *act) (string, error) {
		if !IsID(id, PrefixChange) {
			return "", ErrNotFound
		}
		_, c, err := a.lockChange(ctx, id)
		if err != nil {
			return "", err
		}
		if c.PartyID != a.actor.PartyID {
			return "", ErrNotFound
		}
		if !c.Open() {
			return "", ErrConflict
		}
		from := c.State
		c.State, c.DecidedAt, c.DecidedBy = ChangeWithdrawn, a.now, a.actor.ID
		if err := a.MoveChange(ctx, c, from); err != nil {
			return "", fmt.Errorf("withdrawing change: %w", err)
		}
		return c.ID, a.closeCase(ctx, CaseChange, c.ID, outcomeWithdrawn)
	})
	if err != nil {
		return PartyChange{}, err
	}
	return e.store.Change(ctx, id)
}
