// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
	"ininjo/poa/poatest"
)

// further gives a member of staff further roles.
func (o *office) further(account string, roles ...poa.Role) error {
	return o.desk().Appoint(o.tb.Context(), o.serviceOwner, poa.AppointInput{IdempotencyKey: newKey(), AccountID: account, Roles: roles, Fitness: poatest.Fitness()})
}

func TestAppointments(t *testing.T) {
	t.Parallel()
	o := newHouse(t)
	desk, ctx := o.desk(), t.Context()
	t.Run("nobody is appointed without the check of fitness", func(t *testing.T) {
		in := poa.AppointInput{IdempotencyKey: newKey(), AccountID: o.reception.ID, Roles: []poa.Role{poa.RoleMaintainer}}
		if diff := cmp.Diff([]string{"REQUIRED fitness.items", "FITNESS_NOT_DECLARED fitness.declared"}, faultsAt(desk.Appoint(ctx, o.serviceOwner, in))); diff != "" {
			t.Error(diff)
		}
		in.Fitness = poatest.Fitness()
		in.Fitness.CheckedOn = poa.DateOf(o.clock.Now()).AddDays(1)
		wantCode(t, desk.Appoint(ctx, o.serviceOwner, in), poa.CodeFuture)
	})
	t.Run("the record tells what was checked, when and by whom", func(t *testing.T) {
		person, err := colleague(ctx, desk, o.auditor, o.reception.ID)
		must(t, err)
		a := person.Held[0]
		if a.AppointedBy != o.serviceOwner.ID || !a.Fitness.Declared || a.Fitness.By != o.serviceOwner.ID || !slices.Equal(a.Fitness.Items, poa.FitnessItems) ||
			a.Fitness.On != poa.DateOf(o.clock.Now()) || a.Fitness.Note == "" || person.Account.TOTPSecret != "" {
			t.Errorf("%+v", person)
		}
		if text := o.data.Text(t, "SELECT string_agg(encode(sealed, 'escape'), '') FROM appointments"); strings.Contains(text, "人事票") {
			t.Error("the words stand open in the database")
		}
	})
	t.Run("a dismissal ends the rights with its commit", func(t *testing.T) {
		second := o.second()
		person, err := colleague(ctx, desk, o.serviceOwner, second.ID)
		must(t, err)
		in := poa.DismissInput{IdempotencyKey: newKey(), AppointmentID: person.Held[0].ID, Name: "担当 物", Ground: "異動"}
		wantCode(t, desk.Dismiss(ctx, o.serviceOwner, in), poa.CodeNotRepeated)
		in.Name, in.IdempotencyKey = "担当 者", newKey()
		must(t, desk.Dismiss(ctx, o.serviceOwner, in))
		if _, err := o.store.ActorByAccount(ctx, second.ID); poa.CodeOf(err) != poa.CodeNotFound {
			t.Errorf("still acts: %v", err)
		}
		person, err = colleague(ctx, desk, o.serviceOwner, second.ID)
		must(t, err)
		if len(person.Held) != 0 || len(person.Past) != 1 || person.Past[0].Ground != "異動" {
			t.Errorf("%+v", person)
		}
		must(t, o.further(second.ID, poa.RoleMaintainer, poa.RoleReception))
		if actor, err := o.store.ActorByAccount(ctx, second.ID); err != nil || len(actor.Roles) != 2 {
			t.Errorf("appointed anew: %+v, %v", actor, err)
		}
	})
}

// TestAppointmentsAtOnce lets the database decide between appointments.
func TestAppointmentsAtOnce(t *testing.T) {
	t.Parallel()
	o := newHouse(t)
	t.Run("of many appointments at once the rules hold", func(t *testing.T) {
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Go(func() {
				if i%2 == 0 {
					errs[i] = o.further(o.reception.ID, poa.RoleServiceOperator)
				} else {
					errs[i] = o.further(o.reception.ID, poa.RoleMaintainer)
				}
			})
		}
		wg.Wait()
		done := 0
		for i, err := range errs {
			if err == nil {
				done++
			} else if code := poa.CodeOf(err); code != poa.CodeConflict && code != poa.CodeBadUserInput {
				t.Errorf("appointment %d: %v", i, err)
			}
		}
		if done != 1 {
			t.Errorf("%d of the appointments were made", done)
		}
	})
	t.Run("the database knows the same pairs", func(t *testing.T) {
		for _, one := range poa.Roles {
			for _, other := range poa.Roles {
				if got := o.data.Text(t, fmt.Sprintf("SELECT roles_exclude('%s', '%s')::text", one, other)); got != fmt.Sprint(poa.Exclude(one, other)) {
					t.Errorf("%s and %s: %s", one, other, got)
				}
			}
		}
	})
}

// colleague is one member of staff among those whom the actor is shown.
func colleague(ctx context.Context, desk *poa.Desk, actor poa.Actor, accountID string) (poa.Person, error) {
	people, err := desk.People(ctx, actor)
	for _, each := range people {
		if each.Account.ID == accountID {
			return each, err
		}
	}
	return poa.Person{}, errors.Join(err, poa.ErrNotFound)
}
