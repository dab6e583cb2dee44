// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
)

// InviteInput asks somebody to become a member of the actor's party.
type InviteInput struct {
	IdempotencyKey string     `json:"idempotencyKey" validate:"required,max=128,line"`
	Email          string     `json:"email" validate:"required,max=254,line,email"`
	Member         MemberRole `json:"member" validate:"required,oneof=ADMINISTRATOR DEVELOPER READER"`
	Language       string     `json:"language" validate:"omitempty,oneof=ja en"`
}

// Invite mails an invitation. It holds for LinkTTL.
func (a *Access) Invite(ctx context.Context, actor Actor, in InviteInput) error {
	if err := actor.someone(); err != nil {
		return err
	}
	_, err := a.perform(ctx, actor, ActionMemberInvited, in.IdempotencyKey, in, func(ctx context.Context, t *act) (string, error) {
		members, err := t.lockMembers(ctx)
		if err != nil {
			return "", err
		}
		if p, _, err := partyOf(ctx, t, actor.PartyID); err != nil || p.State != EnrollmentActive {
			return "", cmpErr(err, ErrForbidden)
		}
		faults := checkInput(in)
		if err := faults.Err(); err != nil {
			return "", err
		}
		waiting, err := t.Invitations(ctx, actor.PartyID)
		if err != nil {
			return "", fmt.Errorf("reading invitations: %w", err)
		}
		if len(members)+len(waiting) >= maxMembers {
			return "", Faults{newFault(CodeTooMany, "email", "bound", fmt.Sprint(maxMembers))}
		}
		if err := t.mayJoin(ctx, in.Email, actor.PartyID); err != nil {
			return "", err
		}
		token, hash := NewSecret(InvitationPrefix)
		i := Invitation{ID: NewID(PrefixInvitation), PartyID: actor.PartyID, Hash: hash, Email: in.Email, Member: in.Member,
			Language: language(in.Language), InvitedBy: actor.ID, CreatedAt: t.now, ExpiresAt: t.now.Add(a.policy.LinkTTL)}
		if err := t.InsertInvitation(ctx, i); err != nil {
			return "", invited(err)
		}
		t.note("member", string(in.Member))
		return i.ID, a.mailInvitation(ctx, t, i, token)
	})
	return err
}

// mayJoin refuses an address that signs in already, unless it was a member of the
// party before.
func (a *act) mayJoin(ctx context.Context, email, partyID string) error {
	account, err := a.AccountByEmail(ctx, email)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("reading account: %w", err)
	case account.DisabledAt.IsZero() || account.PartyID != partyID:
		return Faults{newFault(CodeEmailTaken, "email")}
	}
	return nil
}

func invited(err error) error {
	if CodeOf(err) == CodeConflict {
		return Faults{newFault(CodeAlreadyInvited, "email")}
	}
	return fmt.Errorf("inserting invitation: %w", err)
}

func (a *Access) mailInvitation(ctx context.Context, t *act, i Invitation, token string) error {
	p, _, err := partyOf(ctx, t, i.PartyID)
	if err != nil {
		return fmt.Errorf("reading party: %w", err)
	}
	return t.mail(ctx, Mail{PartyID: i.PartyID, To: i.Email, Template: MailInvitation, Language: i.Language,
		Values: map[string]string{"organisation": p.Profile.Name, "role": string(i.Member), "link": a.policy.PublicURL + "/join/" + token}})
}

// ResendInvitation mails an open invitation again, with a new link.
func (a *Access) ResendInvitation(ctx context.Context, actor Actor, id string) error {
	return a.changeInvitation(ctx, actor, ActionInvitationSent, id, func(ctx context.Context, t *act, i Invitation) error {
		token, hash := NewSecret(InvitationPrefix)
		if err := t.RenewInvitation(ctx, i.ID, hash, t.now.Add(a.policy.LinkTTL)); err != nil {
			return err
		}
		return a.mailInvitation(ctx, t, i, token)
	})
}

// WithdrawInvitation closes an invitation before it is accepted.
func (a *Access) WithdrawInvitation(ctx context.Context, actor Actor, id string) error {
	return a.changeInvitation(ctx, actor, ActionInvitationWithdrawn, id, func(ctx context.Context, t *act, i Invitation) error {
		return t.WithdrawInvitation(ctx, i.ID, t.now)
	})
}

func (a *Access) changeInvitation(ctx context.Context, actor Actor, action Action, id string, do func(context.Context, *act, Invitation) error) error {
	if err := actor.someone(); err != nil {
		return err
	}
	_, err := a.perform(ctx, actor, action, "", id, func(ctx context.Context, t *act) (string, error) {
		if !IsID(id, PrefixInvitation) {
			return "", ErrNotFound
		}
		if _, err := t.lockMembers(ctx); err != nil {
			return "", err
		}
		i, err := t.Invitation(ctx, id)
		if err != nil {
			return "", err
		}
		if i.PartyID != actor.PartyID {
			return "", ErrNotFound
		}
		return id, do(ctx, t, i)
	})
	return err
}

// InvitationOf finds the open invitation of a link, with the name of the party.
func (a *Access) InvitationOf(ctx context.Context, token string) (Invitation, string, error) {
	over := Faults{newFault(CodeLinkOver, "token")}
	if !SecretWellFormed(token) {
		return Invitation{}, "", over
	}
	i, err := a.store.InvitationByHash(ctx, sha256.Sum256([]byte(token)))
	if errors.Is(err, ErrNotFound) || err == nil && !i.open(a.clock.Now()) {
		return Invitation{}, "", over
	}
	if err != nil {
		return Invitation{}, "", fmt.Errorf("reading invitation: %w", err)
	}
	p, _, err := partyOf(ctx, a.store, i.PartyID)
	if err != nil {
		return Invitation{}, "", fmt.Errorf("reading party: %w", err)
	}
	if p.State == EnrollmentEnded || p.State == EnrollmentRefused {
		return Invitation{}, "", over
	}
	return i, p.Profile.Name, nil
}

// AcceptInput makes an account out of an invitation.
type AcceptInput struct {
	Token    string `json:"-" validate:"required,max=200"`
	Name     string `json:"name" validate:"required,max=200,line,free"`
	Password string `json:"password" validate:"required,min=12,max=200"`
}

// AcceptInvitation makes the invited person a member. Of two who accept at once
// one becomes it.
func (a *Access) AcceptInvitation(ctx context.Context, actor Actor, in AcceptInput) error {
	if err := checkInput(in).Err(); err != nil {
		return err
	}
	i, _, err := a.InvitationOf(ctx, in.Token)
	var hash string
	if err == nil {
		if hash, err = a.hasher.Hash(ctx, in.Password); err != nil {
			return fmt.Errorf("hashing password: %w", err)
		}
	}
	_, err = a.perform(ctx, actor, ActionInvitationAccepted, "", nil, func(ctx context.Context, t *act) (string, error) {
		if err != nil {
			return "", err
		}
		t.subject = i.ID
		p, err := t.LockParty(ctx, i.PartyID)
		if err != nil {
			return "", fmt.Errorf("locking party: %w", err)
		}
		if p.State == EnrollmentEnded { // while the form was filled in
			return "", Faults{newFault(CodeLinkOver, "token")}
		}
		account, err := t.join(ctx, i, in.Name, hash)
		if err != nil {
			return "", err
		}
		t.note("account", account.ID)
		if err := t.AcceptInvitation(ctx, i.ID, account.ID, t.now); err != nil {
			return "", linkOver(err)
		}
		return i.ID, nil
	})
	return err
}

// join makes the account, or revives one that was a member before.
func (a *act) join(ctx context.Context, i Invitation, name, hash string) (Account, error) {
	kind := ActorDelegator
	if IsID(i.PartyID, PrefixRecipient) {
		kind = ActorRecipient
	}
	account := Account{ID: NewID(PrefixAccount), PartyID: i.PartyID, Kind: kind, Name: name, Email: i.Email, Member: i.Member, PasswordHash: hash, Language: i.Language, CreatedAt: a.now}
	before, err := a.AccountByEmail(ctx, i.Email)
	switch {
	case errors.Is(err, ErrNotFound):
		return account, a.InsertAccount(ctx, account)
	case err != nil:
		return Account{}, fmt.Errorf("reading account: %w", err)
	case before.PartyID != i.PartyID || before.DisabledAt.IsZero():
		return Account{}, Faults{newFault(CodeLinkOver, "token")}
	}
	account.ID = before.ID
	return account, a.ReviveAccount(ctx, account)
}

// linkOver tells a conflict over a one-time link from other errors.
func linkOver(err error) error {
	if errors.Is(err, ErrConflict) || errors.Is(err, ErrNotFound) {
		return Faults{newFault(CodeLinkOver, "token")}
	}
	return err
}
