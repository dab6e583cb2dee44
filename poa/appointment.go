// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Appointment is one role that a member of staff holds or held (7.2.1): from
// when, by whom, and the check of fitness before it (7.2.2, 11.1). The record
// is append-only: a dismissal is a record of its own.
type Appointment struct {
	ID          string
	AccountID   string
	Role        Role
	From        time.Time
	AppointedBy string
	// Fitness is the zero Fitness for appointments older than its record.
	Fitness Fitness
	// Until is zero while the role is held.
	Until       time.Time
	DismissedBy string
	Ground      string // sealed: why it ended
	// ProposedBy is who proposed that it ends, "" if nobody; ProposedGround why,
	// sealed.
	ProposedBy     string
	ProposedGround string
}

// Dismissal ends an appointment, or proposes that it ends.
type Dismissal struct {
	AppointmentID string
	AccountID     string
	By            string
	At            time.Time
	Ground        string // sealed
}

// Person is a member of staff with the roles held now and before.
type Person struct {
	Account Account
	// Held are the appointments that hold, Past those that ended, newest first.
	Held, Past []Appointment
}

// appoint records a role after another for an account: they hold with the commit.
func (a *act) appoint(ctx context.Context, accountID string, roles []Role, fitness FitnessInput) error {
	held, err := a.Holders(ctx)
	if err != nil {
		return fmt.Errorf("reading who holds roles: %w", err)
	}
	if err := checkRoles(held, accountID, roles).Err(); err != nil {
		return err
	}
	for _, role := range roles {
		if a.actor.Kind != ActorSystem && !a.actor.HasRole(role.appointer()) {
			return ErrForbidden
		}
		each := Appointment{ID: NewID(PrefixAppointment), AccountID: accountID, Role: role, From: a.now, AppointedBy: a.actor.ID, Fitness: fitness.record(a)}
		if err := a.InsertAppointment(ctx, each); err != nil {
			return fmt.Errorf("inserting appointment: %w", err)
		}
		a.note("role."+string(role), each.ID)
	}
	return nil
}

// AppointInput gives further roles to a member of staff.
type AppointInput struct {
	IdempotencyKey string       `json:"idempotencyKey" validate:"required,max=128,line"`
	AccountID      string       `json:"accountId" validate:"required,max=64"`
	Roles          []Role       `json:"roles" validate:"required,min=1,max=6,dive,oneof=SERVICE_OWNER SERVICE_MANAGER SERVICE_OPERATOR RECEPTION AUDITOR MAINTAINER"`
	Fitness        FitnessInput `json:"fitness"`
}

// Appoint gives a member of staff further roles, or one who was dismissed roles
// anew. Faults as of [Enrollment.AppointStaff].
func (d *Desk) Appoint(ctx context.Context, actor Actor, in AppointInput) error {
	if err := d.permit(ctx, actor, MayAppoint, ActionStaffAppointed); err != nil {
		return err
	}
	_, err := d.perform(ctx, actor, ActionStaffAppointed, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		if err := append(checkInput(in), in.Fitness.faults(DateOf(a.now))...).Err(); err != nil {
			return "", err
		}
		account, err := staffAccount(ctx, a, in.AccountID)
		if err != nil {
			return "", err
		}
		return account.ID, a.appoint(ctx, account.ID, in.Roles, in.Fitness)
	})
	return err
}

func staffAccount(ctx context.Context, r Reader, id string) (Account, error) {
	if !IsID(id, PrefixStaff) {
		return Account{}, ErrNotFound
	}
	account, err := r.Account(ctx, id)
	if err != nil {
		return Account{}, fmt.Errorf("reading account: %w", err)
	}
	return account, nil
}

// DismissInput ends an appointment, or proposes it.
type DismissInput struct {
	IdempotencyKey string `json:"idempotencyKey" validate:"required,max=128,line"`
	AppointmentID  string `json:"appointmentId" validate:"required,max=64"`
	// Name repeats the person's name, so that nobody else is meant.
	Name   string `json:"name" validate:"required,max=200"`
	Ground string `json:"ground" validate:"required,max=1000,text"`
}

// Dismiss ends an appointment with this commit: the role's rights stop, and an
// account without roles is disabled. The service owner is dismissed by handing
// over only (LAST_OWNER), the auditor only where the manager proposed it
// (DISMISSAL_NOT_PROPOSED): the auditor inspects the owner's acts, too.
func (d *Desk) Dismiss(ctx context.Context, actor Actor, in DismissInput) error {
	if err := d.permit(ctx, actor, MayAppoint, ActionStaffDismissed); err != nil {
		return err
	}
	_, err := d.perform(ctx, actor, ActionStaffDismissed, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		held, err := d.dismissable(ctx, a, in)
		if err != nil {
			return "", err
		}
		switch {
		case held.Role == RoleServiceOwner:
			return "", Faults{newFault(CodeLastOwner, "appointmentId")}
		case !a.actor.HasRole(held.Role.appointer()):
			return "", ErrForbidden
		case held.Role == RoleAuditor && (held.ProposedBy == "" || held.ProposedBy == a.actor.ID):
			return "", Faults{newFault(CodeNotProposed, "appointmentId")}
		}
		return held.AccountID, a.dismiss(ctx, held, in.Ground)
	})
	return err
}

// dismissable finds the appointment that holds and wants its holder's name.
func (d *Desk) dismissable(ctx context.Context, a *act, in DismissInput) (Appointment, error) {
	if err := checkInput(in).Err(); err != nil {
		return Appointment{}, err
	}
	held, err := heldAppointment(ctx, a, in.AppointmentID)
	if err != nil {
		return Appointment{}, err
	}
	a.subject = held.AccountID
	account, err := a.Account(ctx, held.AccountID)
	if err != nil {
		return Appointment{}, fmt.Errorf("reading account: %w", err)
	}
	if !Confirms(in.Name, account.Name) {
		return Appointment{}, Faults{newFault(CodeNotRepeated, "name")}
	}
	return held, nil
}

func heldAppointment(ctx context.Context, a *act, id string) (Appointment, error) {
	held, err := a.Holders(ctx)
	if err != nil {
		return Appointment{}, fmt.Errorf("reading who holds roles: %w", err)
	}
	i := slices.IndexFunc(held, func(each Appointment) bool { return each.ID == id })
	if i < 0 {
		return Appointment{}, ErrNotFound
	}
	return held[i], nil
}

// dismiss records the end of an appointment. Cases that the person had claimed
// are free again; sessions, tokens and links end with the commit, so that an
// appointment made anew revives none of them. Who holds another role signs in
// again.
func (a *act) dismiss(ctx context.Context, held Appointment, ground string) error {
	if err := a.InsertDismissal(ctx, Dismissal{AppointmentID: held.ID, AccountID: held.AccountID, By: a.actor.ID, At: a.now, Ground: ground}); err != nil {
		return fmt.Errorf("inserting dismissal: %w", err)
	}
	a.note("role."+string(held.Role), held.ID)
	if err := a.ReleaseClaimsOf(ctx, held.AccountID); err != nil {
		return fmt.Errorf("releasing claims: %w", err)
	}
	return a.shutOut(ctx, held.AccountID)
}

// ProposeDismissal is the first half of the auditor's dismissal: the manager's
// word, which the owner's must follow.
func (d *Desk) ProposeDismissal(ctx context.Context, actor Actor, in DismissInput) error {
	if err := d.permit(ctx, actor, MayProposeDismissal, ActionDismissalProposed); err != nil {
		return err
	}
	_, err := d.perform(ctx, actor, ActionDismissalProposed, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		held, err := d.dismissable(ctx, a, in)
		if err != nil {
			return "", err
		}
		if held.Role != RoleAuditor {
			return "", Faults{newFault(CodeInvalid, "appointmentId")}
		}
		err = a.InsertDismissalProposal(ctx, Dismissal{AppointmentID: held.ID, AccountID: held.AccountID, By: a.actor.ID, At: a.now, Ground: in.Ground})
		return held.AccountID, err
	})
	return err
}

// HandOverInput passes the role of the service owner on.
type HandOverInput struct {
	IdempotencyKey string `json:"idempotencyKey" validate:"required,max=128,line"`
	// AccountID is the successor's.
	AccountID string `json:"accountId" validate:"required,max=64"`
	// Name repeats the successor's name.
	Name    string       `json:"name" validate:"required,max=200"`
	Ground  string       `json:"ground" validate:"required,max=1000,text"`
	Fitness FitnessInput `json:"fitness"`
}

// HandOver ends the owner's appointment and appoints another person in the same
// act: there is a service owner at every instant, and never two.
func (d *Desk) HandOver(ctx context.Context, actor Actor, in HandOverInput) error {
	if err := d.permit(ctx, actor, MayAppoint, ActionHandedOver); err != nil {
		return err
	}
	_, err := d.perform(ctx, actor, ActionHandedOver, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		if err := append(checkInput(in), in.Fitness.faults(DateOf(a.now))...).Err(); err != nil {
			return "", err
		}
		successor, err := staffAccount(ctx, a, in.AccountID)
		if err != nil {
			return "", err
		}
		a.subject = successor.ID
		switch {
		case successor.ID == a.actor.ID:
			return "", Faults{newFault(CodeInvalid, "accountId")}
		case !Confirms(in.Name, successor.Name):
			return "", Faults{newFault(CodeNotRepeated, "name")}
		}
		return successor.ID, a.handOver(ctx, successor, in)
	})
	return err
}

func (a *act) handOver(ctx context.Context, successor Account, in HandOverInput) error {
	held, err := a.Holders(ctx)
	if err != nil {
		return fmt.Errorf("reading who holds roles: %w", err)
	}
	own := slices.IndexFunc(held, func(each Appointment) bool { return each.Role == RoleServiceOwner && each.AccountID == a.actor.ID })
	if own < 0 {
		return ErrConflict
	}
	if err := a.dismiss(ctx, held[own], in.Ground); err != nil {
		return err
	}
	return a.appoint(ctx, successor.ID, []Role{RoleServiceOwner}, in.Fitness)
}

// People lists staff with the roles that they hold and held, to the owner, the
// manager and the auditor. Secrets are left out.
func (d *Desk) People(ctx context.Context, actor Actor) ([]Person, error) {
	if err := d.permit(ctx, actor, MaySeeStaff, ActionStaffRead); err != nil {
		return nil, err
	}
	accounts, err := d.store.Accounts(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("reading staff: %w", err)
	}
	appointments, err := d.store.Appointments(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading appointments: %w", err)
	}
	people := make([]Person, len(accounts))
	for i, account := range accounts {
		account.TOTPSecret, account.PasswordHash = "", ""
		people[i].Account = account
		for _, each := range appointments {
			switch {
			case each.AccountID != account.ID:
			case each.Until.IsZero():
				people[i].Held = append(people[i].Held, each)
			default:
				people[i].Past = append(people[i].Past, each)
			}
		}
	}
	return people, nil
}

// namesOf tells the names of staff by their accounts; one that was erased has
// none.
func namesOf(ctx context.Context, r Reader, ids []string) (map[string]string, error) {
	ids = slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(ids))), func(id string) bool { return !IsID(id, PrefixStaff) })
	if len(ids) == 0 {
		return map[string]string{}, nil
	}
	names, err := r.StaffNames(ctx, ids)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, fmt.Errorf("reading names of staff: %w", err)
	}
	return names, nil
}
