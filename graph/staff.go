// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"

	"ininjo/graph/schema"
	"ininjo/poa"
)

// ConfirmDelegator records what a delegator was confirmed against.
func (m *mutationResolver) ConfirmDelegator(ctx context.Context, in poa.ConfirmInput) (*schema.DelegatorPayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	var d poa.Delegator
	if err = m.Enrollment.Confirm(ctx, actor, in); err == nil {
		d, err = m.Records.Delegator(ctx, actor, in.PartyID)
	}
	faults, err := m.correctable(ctx, err, "partyId")
	return &schema.DelegatorPayload{Delegator: newDelegator(d), Errors: faults}, err
}

// DecideApplication accepts or refuses an application.
func (m *mutationResolver) DecideApplication(ctx context.Context, in poa.DecideInput) (*schema.DonePayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	return m.done(ctx, m.Enrollment.Decide(ctx, actor, in), "partyId")
}

// DecideFiling accepts or refuses a filing.
func (m *mutationResolver) DecideFiling(ctx context.Context, in poa.DecideFilingInput) (*schema.DelegationPayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	d, err := m.Registrar.Decide(ctx, actor, in)
	return m.shown(ctx, actor, d, err)
}

// SuspendDelegation suspends a delegation.
func (m *mutationResolver) SuspendDelegation(ctx context.Context, in poa.SuspendInput) (*schema.SuspensionPayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	id, err := m.Registrar.Suspend(ctx, actor, in)
	faults, err := m.correctable(ctx, err, "delegationId")
	return &schema.SuspensionPayload{SuspensionID: optional(id), Errors: faults}, err
}

// ResumeDelegation lifts a suspension.
func (m *mutationResolver) ResumeDelegation(ctx context.Context, in poa.SuspendInput) (*schema.SuspensionPayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	id, err := m.Registrar.Resume(ctx, actor, in)
	faults, err := m.correctable(ctx, err, "delegationId")
	return &schema.SuspensionPayload{SuspensionID: optional(id), Errors: faults}, err
}

// EndDelegation ends a delegation with the contract or the service.
func (m *mutationResolver) EndDelegation(ctx context.Context, in schema.EndDelegationInput) (*schema.DelegationPayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	end := poa.EndInput{IdempotencyKey: in.IdempotencyKey, DelegationID: in.DelegationID, At: given(in.At)}
	d, err := m.Registrar.EndByService(ctx, actor, end, in.Reason)
	return m.shown(ctx, actor, d, err)
}

// AppointStaff appoints a member of staff.
func (m *mutationResolver) AppointStaff(ctx context.Context, in poa.StaffInput) (*schema.AppointStaffPayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	var account poa.Account
	if err = checkKey(in.IdempotencyKey); err == nil || !actor.May(poa.MayAppoint) { // who may not is told so before the input is looked at
		account, err = m.Enrollment.AppointStaff(ctx, actor, in)
	}
	faults, err := m.correctable(ctx, err)
	payload := &schema.AppointStaffPayload{Errors: faults}
	if err == nil && faults == nil {
		payload.Staff = &schema.Staff{ID: account.ID, Name: account.Name, Email: account.Email, Roles: account.Roles}
		payload.TotpSecret = optional(account.TOTPSecret)
	}
	return payload, err
}
