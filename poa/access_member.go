// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
	"slices"
)

// maxMembers bounds the members and open invitations of a party.
const maxMembers = 100

// Membership is who acts for a party, and who is asked to.
type Membership struct {
	Members     []Account
	Invitations []Invitation
	// Obligatory says that every member must have a second factor.
	Obligatory bool
	// Factors tells which members have one, by account.
	Factors map[string]bool
}

// Members lists the members of the actor's party. Every member may know them.
func (a *Access) Members(ctx context.Context, actor Actor) (Membership, error) {
	if err := a.admit(ctx, actor, ActionOwnRead, actor.requireMember(MemberReader)); err != nil {
		return Membership{}, err
	}
	m := Membership{Factors: map[string]bool{}}
	accounts, err := a.store.Accounts(ctx, actor.PartyID)
	if err != nil {
		return Membership{}, fmt.Errorf("reading accounts: %w", err)
	}
	for _, account := range accounts {
		if !account.DisabledAt.IsZero() {
			continue
		}
		factors, err := factorsOf(ctx, a.store, account)
		if err != nil {
			return Membership{}, err
		}
		m.Factors[account.ID] = factors.Any()
		account.PasswordHash, account.TOTPSecret, account.TOTPPending = "", "", ""
		m.Members = append(m.Members, account)
	}
	if m.Obligatory, err = a.store.SecondFactorObligatory(ctx, actor.PartyID); err != nil {
		return Membership{}, fmt.Errorf("reading obligation: %w", err)
	}
	m.Invitations, err = a.store.Invitations(ctx, actor.PartyID)
	return m, err
}

// MemberInput changes a member's role.
type MemberInput struct {
	IdempotencyKey string     `json:"idempotencyKey" validate:"required,max=128,line"`
	AccountID      string     `json:"accountId" validate:"required,max=64"`
	Member         MemberRole `json:"member" validate:"required,oneof=ADMINISTRATOR DEVELOPER READER"`
}

// ChangeMember gives a member another role and tells it by mail. There is always
// an administrator.
func (a *Access) ChangeMember(ctx context.Context, actor Actor, in MemberInput) error {
	return a.changeMember(ctx, actor, ActionMemberChanged, in.IdempotencyKey, in.AccountID, in, func(ctx context.Context, t *act, account Account, last bool) error {
		if err := checkInput(in).Err(); err != nil {
			return err
		}
		if last && in.Member != MemberAdministrator {
			return Faults{newFault(CodeLastAdministrator, "member")}
		}
		if account.Member == in.Member {
			return nil
		}
		t.note("member", string(in.Member))
		if err := t.SetMember(ctx, account.ID, in.Member); err != nil {
			return fmt.Errorf("changing role: %w", err)
		}
		return t.tell(ctx, a.policy, account, MailRoleChanged, map[string]string{"role": string(in.Member)})
	})
}

// RemoveMember disables a member's account: its sessions and tokens end at once.
func (a *Access) RemoveMember(ctx context.Context, actor Actor, key, accountID string) error {
	return a.changeMember(ctx, actor, ActionMemberRemoved, key, accountID, accountID, func(ctx context.Context, t *act, account Account, last bool) error {
		if last {
			return Faults{newFault(CodeLastAdministrator, "member")}
		}
		if err := t.DisableAccount(ctx, account.ID, t.now); err != nil {
			return fmt.Errorf("disabling account: %w", err)
		}
		if err := t.shutOut(ctx, account.ID); err != nil {
			return err
		}
		return t.tell(ctx, a.policy, account, MailMemberRemoved, nil)
	})
}

// changeMember changes a member under the lock of the party's row. Last says that
// the member is the only administrator. Whether the actor still is one is read
// under the lock as well.
func (a *Access) changeMember(ctx context.Context, actor Actor, action Action, key, accountID string, input any, do func(context.Context, *act, Account, bool) error) error {
	if err := actor.someone(); err != nil {
		return err
	}
	_, err := a.perform(ctx, actor, action, key, input, func(ctx context.Context, t *act) (string, error) {
		if !IsID(accountID, PrefixAccount) {
			return "", ErrNotFound
		}
		members, err := t.lockMembers(ctx)
		if err != nil {
			return "", err
		}
		at := slices.IndexFunc(members, func(m Account) bool { return m.ID == accountID })
		if at < 0 {
			return "", ErrNotFound
		}
		t.subject = accountID
		return accountID, do(ctx, t, members[at], lastAdministrator(members, accountID))
	})
	return err
}

// lockMembers locks the actor's party and reads its members; FORBIDDEN where the
// actor is no administrator, or not any more.
func (a *act) lockMembers(ctx context.Context) ([]Account, error) {
	if err := a.actor.requireMember(MemberAdministrator); err != nil {
		return nil, err
	}
	if _, err := a.LockParty(ctx, a.actor.PartyID); err != nil {
		return nil, fmt.Errorf("locking party: %w", err)
	}
	all, err := a.Accounts(ctx, a.actor.PartyID)
	if err != nil {
		return nil, fmt.Errorf("reading accounts: %w", err)
	}
	members := slices.DeleteFunc(all, func(m Account) bool { return !m.DisabledAt.IsZero() })
	still := slices.ContainsFunc(members, func(m Account) bool { return m.ID == a.actor.ID && m.Member == MemberAdministrator })
	if !still {
		return nil, ErrForbidden
	}
	return members, nil
}

// someone returns UNAUTHENTICATED where nobody is signed in. What a signed-in actor
// may is asked inside the act, so that a refusal is audited.
func (a Actor) someone() error {
	if a.Kind == "" || a.Kind == ActorAnonymous {
		return ErrUnauthenticated
	}
	return nil
}

func lastAdministrator(members []Account, id string) bool {
	return !slices.ContainsFunc(members, func(m Account) bool { return m.ID != id && m.Member == MemberAdministrator }) &&
		slices.ContainsFunc(members, func(m Account) bool { return m.ID == id && m.Member == MemberAdministrator })
}

// ObligeSecondFactor makes a second factor obligatory for every member of the
// party, or lets each decide. Whoever has none adds one at the next page.
func (a *Access) ObligeSecondFactor(ctx context.Context, actor Actor, obligatory bool) error {
	if err := actor.someone(); err != nil {
		return err
	}
	_, err := a.perform(ctx, actor, ActionSecondFactorObligated, "", obligatory, func(ctx context.Context, t *act) (string, error) {
		if _, err := t.lockMembers(ctx); err != nil {
			return "", err
		}
		t.note("obligatory", fmt.Sprint(obligatory))
		return actor.PartyID, t.SetSecondFactorObligatory(ctx, actor.PartyID, obligatory)
	})
	return err
}
