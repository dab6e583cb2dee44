// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"
	"errors"

	"ininjo/graph/schema"
	"ininjo/poa"
)

// shown is the payload of an act on a delegation.
func (r *resolver) shown(ctx context.Context, actor poa.Actor, d poa.Delegation, err error) (*schema.DelegationPayload, error) {
	faults, err := r.correctable(ctx, err, "delegationId")
	payload := &schema.DelegationPayload{Errors: faults}
	if d.ID != "" {
		actor.LinkUsed = false // whoever repeats the act that used the link up is given its first answer, fields and all
		payload.Delegation = r.one(actor, d)
	}
	return payload, err
}

// done is the payload of an act that has nothing to show.
func (r *resolver) done(ctx context.Context, err error, named ...string) (*schema.DonePayload, error) {
	faults, err := r.correctable(ctx, err, named...)
	return &schema.DonePayload{Errors: faults}, err
}

// DraftDelegation drafts a delegation.
func (m *mutationResolver) DraftDelegation(ctx context.Context, in poa.DraftInput) (*schema.DelegationPayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	d, err := m.Registrar.Draft(ctx, actor, in)
	return m.shown(ctx, actor, d, err)
}

// ReplaceDelegation drafts a delegation that is to take the place of another.
func (m *mutationResolver) ReplaceDelegation(ctx context.Context, in schema.ReplaceDelegationInput) (*schema.DelegationPayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	if in.DelegationID == "" { // to the registrar that is a draft which replaces nothing
		return m.shown(ctx, actor, poa.Delegation{}, poa.Faults{{Code: poa.CodeRequired, Field: []string{"delegationId"}}})
	}
	d, err := m.Registrar.Draft(ctx, actor, poa.DraftInput{IdempotencyKey: in.IdempotencyKey, Delegate: in.Delegate, Powers: in.Powers, Limits: in.Limits,
		SubDelegation: given(in.SubDelegation), ValidFrom: in.ValidFrom, ValidThrough: in.ValidThrough, Format: given(in.Format), Replaces: in.DelegationID})
	return m.shown(ctx, actor, d, renamed(err, "replaces", "delegationId"))
}

// renamed names a field of faults as the mutation's input does.
func renamed(err error, from, to string) error {
	var faults poa.Faults
	if !errors.As(err, &faults) {
		return err
	}
	return poa.Faults(each(faults, func(f poa.Fault) poa.Fault {
		if len(f.Field) == 1 && f.Field[0] == from {
			f.Field = []string{to}
		}
		return f
	}))
}

// SubmitDelegation files a signed delegation.
func (m *mutationResolver) SubmitDelegation(ctx context.Context, in poa.SubmitInput) (*schema.DelegationPayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	d, err := m.Registrar.Submit(ctx, actor, in)
	return m.shown(ctx, actor, d, err)
}

// WithdrawDelegation takes a filing back.
func (m *mutationResolver) WithdrawDelegation(ctx context.Context, in poa.EndInput) (*schema.DelegationPayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	d, err := m.Registrar.Withdraw(ctx, actor, in)
	return m.shown(ctx, actor, d, err)
}

// RevokeDelegation revokes a delegation.
func (m *mutationResolver) RevokeDelegation(ctx context.Context, in poa.EndInput) (*schema.DelegationPayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	d, err := m.Registrar.Revoke(ctx, actor, in)
	return m.shown(ctx, actor, d, err)
}

// ResendDelegateLink mails the delegate a new link.
func (m *mutationResolver) ResendDelegateLink(ctx context.Context, in poa.EndInput) (*schema.DonePayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	return m.done(ctx, m.Registrar.ResendLink(ctx, actor, in), "delegationId")
}
