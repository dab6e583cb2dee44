// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"slices"
	"time"
)

// FitnessItem is one thing that is checked before somebody is appointed (7.2.2).
type FitnessItem string

// What is checked, each of them for every appointment.
const (
	FitnessConduct   FitnessItem = "CONDUCT"   // 賞罰の記録
	FitnessCareer    FitnessItem = "CAREER"    // 資格の取得等の経歴、実務経験
	FitnessKnowledge FitnessItem = "KNOWLEDGE" // 業務毎に必要な専門的な知識・経験
)

// FitnessItems lists what is checked, in the order of the clause.
var FitnessItems = []FitnessItem{FitnessConduct, FitnessCareer, FitnessKnowledge}

// FitnessInput says that fitness was checked (7.2.2) and declared (11.1).
type FitnessInput struct {
	// Items are what was checked: all of them are wanted.
	Items []FitnessItem `json:"items" validate:"max=3,dive,oneof=CONDUCT CAREER KNOWLEDGE"`
	// Declared says that the person declared what 11.1 wants.
	Declared bool `json:"declared"`
	// CheckedOn is the day of the check; today where none is given.
	CheckedOn Date `json:"checkedOn"`
	// Note says more of it, in the appointer's words.
	Note string `json:"note,omitempty" validate:"max=1000,text,free"`
}

// Fitness is the record of a check, as it stands in an appointment.
type Fitness struct {
	Items    []FitnessItem
	Declared bool
	// On is the day of the check, By the account that records it, At when.
	On   Date
	By   string
	At   time.Time
	Note string // sealed
}

func (in FitnessInput) faults(today Date) Faults {
	var faults Faults
	for _, item := range FitnessItems {
		if !slices.Contains(in.Items, item) {
			faults.Add(CodeRequired, "fitness.items")
			break
		}
	}
	if !in.Declared {
		faults.Add(CodeNotDeclared, "fitness.declared")
	}
	if today.Before(in.CheckedOn) && !in.CheckedOn.IsZero() {
		faults.Add(CodeFuture, "fitness.checkedOn")
	}
	return faults
}

func (in FitnessInput) record(a *act) Fitness {
	f := Fitness{Items: slices.Clone(FitnessItems), Declared: in.Declared, On: in.CheckedOn, By: a.actor.ID, At: a.now, Note: in.Note}
	if f.On.IsZero() {
		f.On = DateOf(a.now)
	}
	return f
}

// StaffInput appoints a member of staff.
type StaffInput struct {
	// IdempotencyKey is empty for the staff command alone.
	IdempotencyKey string `json:"idempotencyKey,omitempty" validate:"max=128,line"`
	Name           string `json:"name" validate:"required,max=200,line"`
	Email          string `json:"email" validate:"required,max=254,line,email"`
	Roles          []Role `json:"roles" validate:"required,min=1,max=6,dive,oneof=SERVICE_OWNER SERVICE_MANAGER SERVICE_OPERATOR RECEPTION AUDITOR MAINTAINER"`
	// Fitness is the check without which nobody is appointed (7.2.2, 11.1).
	Fitness FitnessInput `json:"fitness"`
	// Password may be empty: then a link to set one is mailed.
	Password string `json:"-" validate:"omitempty,min=12,max=200"`
	Language string `json:"language"`
}

// AppointStaff makes a staff account (7.2) and returns it with its second
// factor's secret, which is shown this once: with the same idempotency key it
// is empty. The first service owner is appointed once by the system (the staff
// command); then only the owner appoints. Faults: ROLE_TAKEN, ROLES_EXCLUDE,
// FITNESS_NOT_DECLARED, EMAIL_TAKEN; of two appointments at once one is CONFLICT.
func (e *Enrollment) AppointStaff(ctx context.Context, actor Actor, in StaffInput) (Account, error) {
	if actor.Kind != ActorSystem {
		if err := e.permit(ctx, actor, MayAppoint, ActionStaffAppointed); err != nil {
			return Account{}, err
		}
	}
	account := Account{ID: NewID(PrefixStaff), Kind: ActorStaff, Roles: in.Roles, Name: in.Name, Email: in.Email, TOTPSecret: newTOTPSecret(), Language: language(in.Language)}
	if in.Password != "" && checkInput(in).Err() == nil {
		hash, err := e.hasher.Hash(ctx, in.Password)
		if err != nil {
			return Account{}, fmt.Errorf("hashing password: %w", err)
		}
		account.PasswordHash = hash
	}
	id, err := e.perform(ctx, actor, ActionStaffAppointed, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		if err := mayBegin(ctx, a, in.Roles); err != nil {
			return "", err
		}
		if err := append(checkInput(in), in.Fitness.faults(DateOf(a.now))...).Err(); err != nil {
			return "", err
		}
		account.CreatedAt = a.now
		if err := e.insertStaff(ctx, a, account); err != nil {
			return "", err
		}
		return account.ID, a.appoint(ctx, account.ID, in.Roles, in.Fitness)
	})
	if err != nil || id == account.ID {
		return account, err
	}
	account, err = e.store.Account(ctx, id) // the key was used before
	account.TOTPSecret, account.PasswordHash = "", ""
	return account, err
}

// mayBegin wants of the system that nobody is appointed yet, and that it
// appoints a service owner.
func mayBegin(ctx context.Context, a *act, roles []Role) error {
	if a.actor.Kind != ActorSystem {
		return nil
	}
	staff, err := a.Accounts(ctx, "")
	if err != nil {
		return fmt.Errorf("reading staff: %w", err)
	}
	if len(staff) > 0 || !slices.Equal(roles, []Role{RoleServiceOwner}) {
		return ErrForbidden
	}
	return nil
}

func (e *Enrollment) insertStaff(ctx context.Context, a *act, account Account) error {
	if err := a.InsertAccount(ctx, account); err != nil || account.PasswordHash != "" {
		return err
	}
	link, err := e.passwordLink(ctx, a, account.ID)
	if err != nil {
		return err
	}
	return a.mail(ctx, Mail{PartyID: account.ID, To: account.Email, Template: MailSetPassword, Language: account.Language, Values: map[string]string{"link": link}})
}

// newTOTPSecret draws 160 bits in base 32 (RFC 4226, section 4).
func newTOTPSecret() string {
	var raw [20]byte
	rand.Read(raw[:])
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw[:])
}
