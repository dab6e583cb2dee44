// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"time"
)

// AccessTx changes who may come in: credentials, sessions, members, invitations.
type AccessTx interface {
	// LockAccount reads an account and locks its row: changes of its factors
	// and of its role begin with it.
	LockAccount(ctx context.Context, id string) (Account, error)
	// SetTOTP stores TOTPSecret, TOTPPending and TOTPSince of the account. A new
	// secret's steps begin anew.
	SetTOTP(ctx context.Context, a Account) error
	// UseTOTPStep spends a time step; ErrConflict where it or a later one was.
	UseTOTPStep(ctx context.Context, accountID string, step int64) error
	// InsertPasskey stores a passkey; ErrConflict where the credential is known.
	InsertPasskey(ctx context.Context, p Passkey) error
	// UsePasskey notes a use: the credential's new record and counter.
	// ErrConflict where the counter did not grow though the authenticator counts.
	UsePasskey(ctx context.Context, p Passkey, at time.Time) error
	DeletePasskey(ctx context.Context, accountID, id string) error
	DeletePasskeys(ctx context.Context, accountID string) error
	// ReplaceRecoveryCodes keeps the keyed hashes of the codes, of no others.
	ReplaceRecoveryCodes(ctx context.Context, accountID string, codes []string, at time.Time) error
	// UseRecoveryCode spends a code; ErrConflict where there is no such unused.
	UseRecoveryCode(ctx context.Context, accountID, code string, at time.Time) error
	InsertSession(ctx context.Context, s Session) error
	EndSession(ctx context.Context, accountID, id string) error
	// EndSessions ends an account's sessions but one, and says how many.
	EndSessions(ctx context.Context, accountID, except string) (int, error)
	// TrustDevice notes that the account signed in in a browser, and forgets the
	// oldest of more than MaxDevices.
	TrustDevice(ctx context.Context, accountID string, hash [32]byte, at time.Time) error
	DistrustDevices(ctx context.Context, accountID string) error
	// LockAttempts reads what was tried in a bucket and locks its row.
	LockAttempts(ctx context.Context, b Bucket) (Attempts, error)
	SetAttempts(ctx context.Context, b Bucket, a Attempts) error
	// ForgiveAttempts forgets what was tried.
	ForgiveAttempts(ctx context.Context, b Bucket) error
	// CloseLinks uses up every open link of the purpose to the subject.
	CloseLinks(ctx context.Context, purpose LinkPurpose, subjectID string, at time.Time) error
	SetMember(ctx context.Context, accountID string, role MemberRole) error
	// DisableAccount ends an account; ErrConflict where it was.
	DisableAccount(ctx context.Context, accountID string, at time.Time) error
	// ReviveAccount gives a disabled account its name, role and password anew.
	ReviveAccount(ctx context.Context, a Account) error
	RevokeTokensOf(ctx context.Context, accountID string, at time.Time) error
	SetSecondFactorObligatory(ctx context.Context, partyID string, obligatory bool) error
	// InsertInvitation stores one; ErrConflict where one to the address is open.
	InsertInvitation(ctx context.Context, i Invitation) error
	// RenewInvitation gives an open invitation a new link and time.
	RenewInvitation(ctx context.Context, id string, hash [32]byte, expires time.Time) error
	WithdrawInvitation(ctx context.Context, id string, at time.Time) error
	// AcceptInvitation closes an open invitation that is not over; else ErrConflict.
	AcceptInvitation(ctx context.Context, id, accountID string, at time.Time) error
	InsertPasswordRequest(ctx context.Context, p PasswordRequest) error
	// TakePasswordRequest reads a request and removes it.
	TakePasswordRequest(ctx context.Context, id string) (PasswordRequest, error)
}

// AccessReader reads who may come in: credentials, sessions, members, invitations.
type AccessReader interface {
	// ActorBySession finds the actor of a session's token, whose account is not
	// disabled; one who must add a second factor first is Enrolling. It notes
	// the use to the minute.
	ActorBySession(ctx context.Context, hash [32]byte, now time.Time) (Actor, error)
	SessionsOf(ctx context.Context, accountID string, now time.Time) ([]Session, error)
	Passkeys(ctx context.Context, accountID string) ([]Passkey, error)
	RecoveryCodesLeft(ctx context.Context, accountID string) (int, error)
	SecondFactorObligatory(ctx context.Context, partyID string) (bool, error)
	// KnowsDevice tells whether the account signed in in a browser, and whether
	// in any.
	KnowsDevice(ctx context.Context, accountID string, hash [32]byte) (this, any bool, err error)
	// Invitations lists a party's open invitations, the oldest first.
	Invitations(ctx context.Context, partyID string) ([]Invitation, error)
	Invitation(ctx context.Context, id string) (Invitation, error)
	InvitationByHash(ctx context.Context, hash [32]byte) (Invitation, error)
}

// Session is one browser in which an account is signed in.
type Session struct {
	ID        string
	AccountID string
	PartyID   string
	// Hash is the SHA-256 of the cookie's text.
	Hash [32]byte
	// Agent is what the browser calls itself; sealed.
	Agent   string
	BeganAt time.Time
	// SeenAt is exact to a minute.
	SeenAt    time.Time
	ExpiresAt time.Time
}

// Passkey is a credential of WebAuthn that an account uses as second factor.
type Passkey struct {
	ID        string
	AccountID string
	PartyID   string
	// Name is the holder's own word for it; sealed.
	Name string
	// CredentialID and Record are the authenticator's; sealed. Record is what a
	// PasskeyChecker keeps of it.
	CredentialID []byte
	Record       []byte
	SignCount    uint32
	CreatedAt    time.Time
	LastUsedAt   time.Time
}

// Invitation asks somebody to become a member of a party.
type Invitation struct {
	ID      string
	PartyID string
	// Hash is the SHA-256 of the link's token.
	Hash        [32]byte
	Email       string // sealed
	Member      MemberRole
	Language    string
	InvitedBy   string
	CreatedAt   time.Time
	ExpiresAt   time.Time
	AcceptedAt  time.Time
	WithdrawnAt time.Time
}

// open reports whether the invitation can be accepted.
func (i Invitation) open(now time.Time) bool {
	return i.AcceptedAt.IsZero() && i.WithdrawnAt.IsZero() && now.Before(i.ExpiresAt)
}

// PasswordRequest is somebody's wish to set a new password, until a job has
// answered it. The address is sealed.
type PasswordRequest struct {
	ID        string
	Email     string
	Language  string
	CreatedAt time.Time
}

// Bucket names what is guessed at, and from where: each has its own budget.
type Bucket struct {
	// Step is what is guessed.
	Step AttemptStep
	// Subject is an e-mail address or an account's ID; only a keyed hash of it
	// is kept.
	Subject string
	// Device is the hash of a browser that the account signed in in before, in
	// hex, or "" for all others together.
	Device string
}

// AttemptStep is what can be guessed.
type AttemptStep string

// Steps of signing in that can be guessed.
const (
	StepPassword AttemptStep = "PASSWORD"
	StepCode     AttemptStep = "CODE"
	StepLink     AttemptStep = "LINK"
)

// Attempts is what was tried in a bucket since the last success.
type Attempts struct {
	Failures int
	LastAt   time.Time
	// Until is when the next attempt is taken.
	Until time.Time
}
