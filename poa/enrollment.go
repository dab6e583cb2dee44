// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"
)

// Enrollment is chapter 3 and 5.2 of the operating rules: delegators and
// recipients apply, reception confirms and decides, accounts come to be.
type Enrollment struct {
	office
	policy  Policy
	hasher  Hasher
	numbers CorporateNumbers
}

// Hasher turns a password into what is kept of it (argon2id), and checks
// passwords and second factors. Implemented by server, which bounds how many
// run at once.
type Hasher interface {
	Hash(ctx context.Context, password string) (string, error)
	// Matches takes as long for an empty hash as for any other.
	Matches(ctx context.Context, hash, password string) (bool, error)
	// CodeStep returns the time step of RFC 6238 whose code it is, within one
	// step of the instant; false where the code fits none.
	CodeStep(secret, code string, at time.Time) (step int64, fits bool)
}

// NewEnrollment returns the chapter's rules over a clock and a store.
func NewEnrollment(clock Clock, store Store, policy Policy, hasher Hasher) *Enrollment {
	return &Enrollment{office: office{clock, store}, policy: policy, hasher: hasher}
}

// RepresentativeInput is the representative as an applicant states it.
type RepresentativeInput struct {
	Title     string `json:"title" validate:"required,max=100,line,free"`
	Name      string `json:"name" validate:"required,max=200,line,free"`
	Address   string `json:"address" validate:"required,max=300,line,free"`
	Telephone string `json:"telephone" validate:"max=32,line"`
	BirthDate Date   `json:"birthDate"`
}

// RegisterInput is an application (3.1.1, 5.2).
type RegisterInput struct {
	IdempotencyKey  string              `json:"idempotencyKey" validate:"required,max=128,line"`
	Kind            PartyKind           `json:"kind" validate:"required,oneof=CORPORATION SOLE_PROPRIETOR"`
	CorporateNumber string              `json:"corporateNumber" validate:"required_if=Kind CORPORATION,omitempty,corporatenumber"`
	Name            string              `json:"name" validate:"required,max=200,line,free"`
	Address         string              `json:"address" validate:"required,max=300,line,free"`
	Representative  RepresentativeInput `json:"representative"`
	Filer           string              `json:"filer,omitempty" validate:"max=200,line,free"`
	Email           string              `json:"email" validate:"required,max=254,line,email"`
	TermsID         string              `json:"termsId" validate:"required,max=64"`
	Consent         bool                `json:"consent"`
	// NameShown is a recipient's consent that delegators see its name.
	NameShown bool `json:"nameShown,omitempty"`
}

// RegisterDelegator files the application of a business. A link to set a
// password goes to the e-mail address, which proves it.
func (e *Enrollment) RegisterDelegator(ctx context.Context, actor Actor, in RegisterInput) (Delegator, error) {
	id, err := e.register(ctx, actor, in, PartyDelegator)
	if err != nil {
		return Delegator{}, err
	}
	return e.store.Delegator(ctx, id)
}

// RegisterRecipient files the application of a recipient (5.2).
func (e *Enrollment) RegisterRecipient(ctx context.Context, actor Actor, in RegisterInput) (Recipient, error) {
	id, err := e.register(ctx, actor, in, PartyRecipient)
	if err != nil {
		return Recipient{}, err
	}
	return e.store.Recipient(ctx, id)
}

func (e *Enrollment) register(ctx context.Context, actor Actor, in RegisterInput, role PartyRole) (string, error) {
	actor.Kind, actor.ID, actor.Scope = ActorAnonymous, "anonymous", in.Email
	return e.file(ctx, actor, ActionRegistered, in, filing{role: role})
}

// filing is what of an application its input does not hold.
type filing struct {
	role PartyRole
	// cameBy is set where staff entered it.
	cameBy CameBy
	lookup Lookup
}

// file looks the corporate number up, which no registration waits for long, and
// stores the application.
func (e *Enrollment) file(ctx context.Context, actor Actor, action Action, in RegisterInput, f filing) (string, error) {
	f.lookup = e.LookUp(ctx, in.CorporateNumber).compared(in.Name, in.Address)
	filed := EnterInput{in, f.role, f.cameBy} // the key of one role serves no other
	return e.perform(ctx, actor, action, in.IdempotencyKey, filed, func(ctx context.Context, a *act) (string, error) {
		faults := checkRegistration(in, f.role, a.now)
		if err := e.checkTerms(ctx, a, in.TermsID, &faults); err != nil {
			return "", err
		}
		if err := faults.Err(); err != nil {
			return "", err
		}
		return e.apply(ctx, a, in, f)
	})
}

// CheckRegistration returns what is wrong with an application so far, for a form
// of several steps. It stores nothing.
func (e *Enrollment) CheckRegistration(in RegisterInput, role PartyRole) Faults {
	return checkRegistration(in, role, e.clock.Now())
}

func checkRegistration(in RegisterInput, role PartyRole, now time.Time) Faults {
	faults := checkInput(in)
	if in.Kind == SoleProprietor {
		switch birth := in.Representative.BirthDate; {
		case birth.IsZero():
			faults.Add(CodeRequired, "representative.birthDate")
		case !birth.Before(DateOf(now)):
			faults.Add(CodeFuture, "representative.birthDate")
		}
		if in.CorporateNumber != "" {
			faults.Add(CodeInvalid, "corporateNumber")
		}
	} else if !in.Representative.BirthDate.IsZero() {
		faults.Add(CodeInvalid, "representative.birthDate") // asked of sole proprietors only: not collected (2.8 (2))
	}
	if role == PartyDelegator && in.Representative.Telephone == "" {
		faults.Add(CodeRequired, "representative.telephone")
	}
	if role == PartyRecipient && in.Filer == "" {
		faults.Add(CodeRequired, "filer")
	}
	if !in.Consent {
		faults.Add(CodeConsentRequired, "consent")
	}
	return faults
}

// checkTerms wants consent to the version of the terms in force today (2.1.2).
func (e *Enrollment) checkTerms(ctx context.Context, a *act, id string, faults *Faults) error {
	published, err := a.Published(ctx)
	if err != nil {
		return fmt.Errorf("reading published documents: %w", err)
	}
	if id != "" && InForce(published, TermsOfUse, DateOf(a.now)).ID != id {
		faults.Add(CodeTermsNotCurrent, "termsId")
	}
	return nil
}

// InForce returns the version of a document in force on the day: of those that
// are effective, the one that took effect last; the zero Published if none.
func InForce(published []Published, kind DocumentKind, day Date) Published {
	var current Published
	for _, p := range published {
		if p.Kind != kind || day.Before(p.EffectiveFrom) {
			continue
		}
		if current.ID == "" || current.EffectiveFrom.Before(p.EffectiveFrom) ||
			current.EffectiveFrom == p.EffectiveFrom && current.PublishedAt.Before(p.PublishedAt) {
			current = p
		}
	}
	return current
}

func (e *Enrollment) apply(ctx context.Context, a *act, in RegisterInput, f filing) (string, error) {
	prefix, kind, numbered := PrefixDelegator, ActorDelegator, "A"
	if f.role == PartyRecipient {
		prefix, kind, numbered = PrefixRecipient, ActorRecipient, "R"
	}
	number, err := a.NextNumber(ctx, numbered, DateOf(a.now))
	if err != nil {
		return "", fmt.Errorf("drawing number: %w", err)
	}
	p := Party{ID: NewID(prefix), Role: f.role, Kind: in.Kind, State: EnrollmentApplied, Number: number, Language: language(a.actor.Language),
		TermsID: in.TermsID, AppliedAt: a.now, NameShown: in.NameShown && f.role == PartyRecipient, Version: 1, CameBy: f.cameBy, Profile: in.profile()}
	if f.cameBy != "" {
		p.EnteredBy = a.actor.ID
	}
	if err := e.insertApplication(ctx, a, p, f.lookup); err != nil {
		return "", err
	}
	account := Account{ID: NewID(PrefixAccount), PartyID: p.ID, Kind: kind, Name: in.Representative.Name, Email: in.Email, Language: p.Language, CreatedAt: a.now}
	if err := a.InsertAccount(ctx, account); err != nil {
		return "", err
	}
	address := MailAddress{ID: NewID(PrefixAddress), PartyID: p.ID, Email: in.Email, Language: p.Language, CreatedAt: a.now}
	if err := a.InsertMailAddress(ctx, address); err != nil {
		return "", fmt.Errorf("inserting mail address: %w", err)
	}
	link, err := e.passwordLink(ctx, a, account.ID)
	if err != nil {
		return "", err
	}
	return p.ID, a.mail(ctx, Mail{PartyID: p.ID, To: in.Email, Template: MailApplicationReceived, Language: p.Language,
		Values: map[string]string{"organisation": in.Name, "number": number, "link": link}})
}

func (in RegisterInput) profile() Profile {
	return Profile{CorporateNumber: in.CorporateNumber, Name: in.Name, Address: in.Address, Filer: in.Filer, Email: in.Email,
		Representative: Representative(in.Representative)}
}

// insertApplication stores a party with its first version and what was published
// of it.
func (e *Enrollment) insertApplication(ctx context.Context, a *act, p Party, l Lookup) error {
	if err := a.InsertParty(ctx, p); err != nil {
		return fmt.Errorf("inserting party: %w", err)
	}
	if err := a.MarkProofSent(ctx, p.ID, a.now, a.now); err != nil {
		return fmt.Errorf("inserting party: %w", err)
	}
	if err := a.InsertPartyVersion(ctx, versionOf(p, VersionApplied, a.now)); err != nil {
		return fmt.Errorf("inserting version: %w", err)
	}
	if err := a.InsertLookup(ctx, p.ID, l); err != nil {
		return fmt.Errorf("inserting lookup: %w", err)
	}
	a.note("terms", p.TermsID)
	a.note("lookup", string(l.Outcome))
	return nil
}

func (e *Enrollment) passwordLink(ctx context.Context, a *act, accountID string) (string, error) {
	token, hash := NewSecret(LinkPrefix)
	link := Link{ID: NewID(PrefixLink), Hash: hash, Purpose: LinkPassword, SubjectID: accountID, CreatedAt: a.now, ExpiresAt: a.now.Add(e.policy.LinkTTL)}
	if err := a.InsertLink(ctx, link); err != nil {
		return "", fmt.Errorf("inserting link: %w", err)
	}
	return e.policy.LinkURL(token), nil
}

// SetPasswordInput is a new password, with the link that allows to set it.
type SetPasswordInput struct {
	Token    string `json:"-" validate:"required,max=200"`
	Password string `json:"password" validate:"required,min=12,max=200"`
}

// SetPassword sets the password of the account that a one-time link was mailed
// to. The account's address is thereby confirmed: notices may go there.
func (e *Enrollment) SetPassword(ctx context.Context, actor Actor, in SetPasswordInput) error {
	if err := checkInput(in).Err(); err != nil {
		return err
	}
	link, err := e.linkOf(ctx, in.Token, LinkPassword)
	if err != nil {
		_, err = e.perform(ctx, actor, ActionAddressConfirmed, "", nil, func(context.Context, *act) (string, error) { return "", err })
		return err
	}
	hash, err := e.hasher.Hash(ctx, in.Password)
	if err != nil {
		return fmt.Errorf("hashing password: %w", err)
	}
	_, err = e.perform(ctx, actor, ActionAddressConfirmed, "", nil, func(ctx context.Context, a *act) (string, error) {
		if err := a.useLink(ctx, link.ID); err != nil {
			return "", err
		}
		if err := a.setPassword(ctx, e.policy, link.SubjectID, hash); err != nil {
			return "", err
		}
		return link.SubjectID, e.confirmAddress(ctx, a, link.SubjectID)
	})
	return err
}

func (e *Enrollment) confirmAddress(ctx context.Context, a *act, accountID string) error {
	account, err := a.Account(ctx, accountID)
	if err != nil {
		return fmt.Errorf("reading account: %w", err)
	}
	if account.PartyID == "" {
		return nil
	}
	addresses, err := a.MailAddresses(ctx, account.PartyID)
	if err != nil {
		return fmt.Errorf("reading mail addresses: %w", err)
	}
	for _, address := range addresses {
		if address.Email == account.Email && address.ConfirmedAt.IsZero() {
			if err := a.ConfirmMailAddress(ctx, address.ID, a.now); err != nil {
				return fmt.Errorf("confirming mail address: %w", err)
			}
		}
	}
	p, _, err := partyOf(ctx, a, account.PartyID)
	if err != nil || p.Profile.Email != account.Email {
		return err
	}
	return e.addressProved(ctx, a, p.ID)
}

// linkOf finds the unused link of a token; LINK_OVER where there is none of the
// purpose.
func (o office) linkOf(ctx context.Context, token string, purpose LinkPurpose) (Link, error) {
	actor, err := o.store.ActorByLink(ctx, sha256.Sum256([]byte(token)), o.clock.Now())
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Link{}, fmt.Errorf("reading link: %w", err)
	}
	if err != nil || actor.Purpose != purpose || actor.LinkUsed {
		return Link{}, Faults{newFault(CodeLinkOver, "token")}
	}
	return o.store.Link(ctx, actor.LinkID)
}

func language(l string) string {
	if l == "en" {
		return "en"
	}
	return "ja"
}
