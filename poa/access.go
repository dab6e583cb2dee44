// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"time"
)

// Access is chapter 8.3 of the operating rules: who comes in, by which proof, and
// for how long.
type Access struct {
	office
	policy   Policy
	hasher   Hasher
	passkeys PasskeyChecker
}

// NewAccess returns the rules over a clock and a store.
func NewAccess(clock Clock, store Store, policy Policy, hasher Hasher) *Access {
	return &Access{office: office{clock, store}, policy: policy, hasher: hasher}
}

// WithPasskeys returns the same rules with passkeys as a second factor besides
// codes. Without it passkeys are neither offered nor taken.
func (a *Access) WithPasskeys(checker PasskeyChecker) *Access {
	with := *a
	with.passkeys = checker
	return &with
}

// Actions of who comes in.
const (
	ActionPasswordAccepted      Action = "access.password_accepted"
	ActionSecondFactor          Action = "access.second_factor"
	ActionPasswordChanged       Action = "access.password_changed"
	ActionPasswordAsked         Action = "access.password_link_asked"
	ActionPasswordSent          Action = "access.password_link_sent"
	ActionFactorBegun           Action = "access.factor_begun"
	ActionFactorAdded           Action = "access.factor_added"
	ActionFactorRemoved         Action = "access.factor_removed"
	ActionFactorsReset          Action = "access.factors_reset"
	ActionRecoveryCodes         Action = "access.recovery_codes_made"
	ActionSessionEnded          Action = "access.session_ended"
	ActionSessionsEnded         Action = "access.sessions_ended"
	ActionMemberInvited         Action = "permission.member_invited"
	ActionInvitationSent        Action = "permission.invitation_sent_again"
	ActionInvitationWithdrawn   Action = "permission.invitation_withdrawn"
	ActionInvitationAccepted    Action = "permission.invitation_accepted"
	ActionMemberChanged         Action = "permission.member_changed"
	ActionMemberRemoved         Action = "permission.member_removed"
	ActionSecondFactorObligated Action = "permission.second_factor_obligation"
)

// Codes of what a user can put right at the door.
const (
	CodeSignInSlowed      Code = "SIGN_IN_SLOWED"
	CodeSignInOver        Code = "SIGN_IN_OVER"
	CodePasswordWrong     Code = "PASSWORD_WRONG"
	CodeCodeWrong         Code = "CODE_WRONG"
	CodePasskeyRefused    Code = "PASSKEY_REFUSED"
	CodeFactorObligatory  Code = "FACTOR_OBLIGATORY"
	CodeFactorMissing     Code = "FACTOR_MISSING"
	CodeLastAdministrator Code = "LAST_ADMINISTRATOR"
	CodeAlreadyInvited    Code = "ALREADY_INVITED"
)

// Kinds of mail of an account's security. Nobody can unsubscribe from them.
const (
	MailNewDevice       MailTemplate = "new-device"
	MailPasswordChanged MailTemplate = "password-changed"
	MailFactorAdded     MailTemplate = "factor-added"
	MailFactorRemoved   MailTemplate = "factor-removed"
	MailFactorReset     MailTemplate = "factor-reset"
	MailRecoveryUsed    MailTemplate = "recovery-code-used"
	MailInvitation      MailTemplate = "invitation"
	MailRoleChanged     MailTemplate = "role-changed"
	MailMemberRemoved   MailTemplate = "member-removed"
)

// Prefixes of IDs and secrets of who comes in.
const (
	PrefixSession         = "ses_"
	PrefixPasskey         = "pky_"
	PrefixInvitation      = "inv_"
	PrefixPasswordRequest = "pwr_"
	// DevicePrefix begins the secret of a browser, InvitationPrefix that of an
	// invitation's link.
	DevicePrefix     = "injd"
	InvitationPrefix = "inji"
)

// FactorKind is a kind of second factor.
type FactorKind string

// Kinds of second factors. Recovery codes stand in where the others are lost.
const (
	FactorTOTP     FactorKind = "TOTP"
	FactorPasskey  FactorKind = "PASSKEY"
	FactorRecovery FactorKind = "RECOVERY_CODE"
)

// Factors are the second factors that an account has.
type Factors struct {
	TOTP     bool
	Passkeys []Passkey
	// RecoveryLeft is how many recovery codes are unused.
	RecoveryLeft int
	// Obligatory says that the account must have one: of staff always, of
	// members where an administrator decided so.
	Obligatory bool
}

// Any reports whether there is a second factor.
func (f Factors) Any() bool { return f.TOTP || len(f.Passkeys) > 0 }

func (f Factors) count() int {
	n := len(f.Passkeys)
	if f.TOTP {
		n++
	}
	return n
}

// factorsOf reads the second factors of an account.
func factorsOf(ctx context.Context, r Reader, account Account) (Factors, error) {
	f := Factors{TOTP: !account.TOTPSince.IsZero(), Obligatory: account.Kind == ActorStaff}
	var err error
	if f.Passkeys, err = r.Passkeys(ctx, account.ID); err != nil {
		return f, fmt.Errorf("reading passkeys: %w", err)
	}
	if f.RecoveryLeft, err = r.RecoveryCodesLeft(ctx, account.ID); err != nil {
		return f, fmt.Errorf("reading recovery codes: %w", err)
	}
	if account.PartyID != "" {
		if f.Obligatory, err = r.SecondFactorObligatory(ctx, account.PartyID); err != nil {
			return f, fmt.Errorf("reading obligation: %w", err)
		}
	}
	return f, nil
}

// actorOf is the actor that an account signs in as.
func actorOf(account Account) Actor {
	return Actor{Kind: account.Kind, ID: account.ID, PartyID: account.PartyID, Roles: account.Roles, Member: account.Member, Language: account.Language}
}

// own reads the account that a signed-in actor acts with.
func (a *Access) own(ctx context.Context, actor Actor) (Account, Actor, error) {
	if actor.Kind != ActorDelegator && actor.Kind != ActorRecipient && actor.Kind != ActorStaff {
		return Account{}, actor, ErrUnauthenticated
	}
	account, err := a.store.Account(ctx, actor.ID)
	if err != nil {
		return Account{}, actor, fmt.Errorf("reading account: %w", err)
	}
	return account, actor, nil
}

// enrolling is own, and takes those too who must add a second factor first.
func (a *Access) enrolling(ctx context.Context, actor Actor) (Account, Actor, error) {
	if actor.Enrolling == "" {
		return a.own(ctx, actor)
	}
	account, err := a.store.Account(ctx, actor.Enrolling)
	if err != nil {
		return Account{}, actor, fmt.Errorf("reading account: %w", err)
	}
	self := actorOf(account)
	self.SessionID, self.Language = actor.SessionID, actor.Language
	return account, self, nil
}

// tell mails an account's holder what happened to the account.
func (a *act) tell(ctx context.Context, policy Policy, account Account, template MailTemplate, values map[string]string) error {
	all := map[string]string{"at": a.now.Format(time.RFC3339), "link": policy.PublicURL + "/account", "name": account.Name}
	maps.Copy(all, values)
	return a.mail(ctx, Mail{PartyID: cmp.Or(account.PartyID, account.ID), To: account.Email, Template: template, Language: account.Language, Values: all})
}
