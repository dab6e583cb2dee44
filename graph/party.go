// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"
	"errors"

	"ininjo/graph/schema"
	"ininjo/poa"
)

// Delegator returns a delegator that the caller may see.
func (q *queryResolver) Delegator(ctx context.Context, id string) (*schema.Delegator, error) {
	actor, err := q.reader(ctx)
	if err != nil {
		return nil, err
	}
	return q.delegator(ctx, actor, id)
}

func (r *resolver) delegator(ctx context.Context, actor poa.Actor, id string) (*schema.Delegator, error) {
	d, err := r.Records.Delegator(ctx, actor, id)
	return newDelegator(d), found(err)
}

// Recipient returns a recipient that the caller may see.
func (q *queryResolver) Recipient(ctx context.Context, id string) (*schema.Recipient, error) {
	actor, err := q.reader(ctx)
	if err != nil {
		return nil, err
	}
	return q.recipient(ctx, actor, id)
}

func (r *resolver) recipient(ctx context.Context, actor poa.Actor, id string) (*schema.Recipient, error) {
	d, err := r.Records.Recipient(ctx, actor, id)
	return newRecipient(d), found(err)
}

// found takes for no error what is not there, or not the caller's to see.
func found(err error) error {
	if errors.Is(err, poa.ErrNotFound) {
		return nil
	}
	return err
}

// Delegators lists delegators that the caller may see.
func (q *queryResolver) Delegators(ctx context.Context, first *int, after *string, last *int, before *string, filter *poa.PartyFilter, by *schema.PartyOrder) (*schema.DelegatorConnection, error) {
	actor, err := q.reader(ctx)
	if err != nil {
		return nil, err
	}
	page, err := pageOf(first, after, last, before)
	if err != nil {
		return nil, err
	}
	list, err := q.Records.Delegators(ctx, actor, given(filter), orderOf(given(by).Field, given(by).Direction), page)
	nodes := each(list.Items, func(d poa.Delegator) schema.Delegator { return *newDelegator(d) })
	return &schema.DelegatorConnection{Nodes: nodes, PageInfo: pageInfo(list), TotalCount: list.Total,
		Edges: edges(list, nodes, func(cursor string, d schema.Delegator) schema.DelegatorEdge {
			return schema.DelegatorEdge{Cursor: cursor, Node: d}
		})}, err
}

// Recipients lists recipients that the caller may see.
func (q *queryResolver) Recipients(ctx context.Context, first *int, after *string, last *int, before *string, filter *poa.PartyFilter, by *schema.PartyOrder) (*schema.RecipientConnection, error) {
	actor, err := q.reader(ctx)
	if err != nil {
		return nil, err
	}
	page, err := pageOf(first, after, last, before)
	if err != nil {
		return nil, err
	}
	list, err := q.Records.Recipients(ctx, actor, given(filter), orderOf(given(by).Field, given(by).Direction), page)
	nodes := each(list.Items, func(r poa.Recipient) schema.Recipient { return *newRecipient(r) })
	return &schema.RecipientConnection{Nodes: nodes, PageInfo: pageInfo(list), TotalCount: list.Total,
		Edges: edges(list, nodes, func(cursor string, r schema.Recipient) schema.RecipientEdge {
			return schema.RecipientEdge{Cursor: cursor, Node: r}
		})}, err
}

// Refusals returns why a delegator's application was refused.
func (r *delegatorResolver) Refusals(ctx context.Context, d *schema.Delegator) ([]schema.Refusal, error) {
	return r.partyRefusals(ctx, d.Party)
}

// Refusals returns why a recipient's application was refused.
func (r *recipientResolver) Refusals(ctx context.Context, d *schema.Recipient) ([]schema.Refusal, error) {
	return r.partyRefusals(ctx, d.Party)
}

// partyRefusals asks the store of refused applications only: others have none.
func (r *resolver) partyRefusals(ctx context.Context, p schema.Party) ([]schema.Refusal, error) {
	if p.State != poa.EnrollmentRefused {
		return nil, nil
	}
	actor, _, err := r.actor(ctx)
	if err != nil {
		return nil, err
	}
	refusals, err := r.Records.PartyRefusals(ctx, actor, p.ID)
	return r.refusals(ctx, refusals), found(err)
}

// RegisterDelegator files a delegator's application.
func (m *mutationResolver) RegisterDelegator(ctx context.Context, in poa.RegisterInput) (*schema.DelegatorPayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	d, err := m.Enrollment.RegisterDelegator(ctx, actor, in)
	faults, err := m.correctable(ctx, err)
	return &schema.DelegatorPayload{Delegator: newDelegator(d), Errors: faults}, err
}

// RegisterRecipient files a recipient's application.
func (m *mutationResolver) RegisterRecipient(ctx context.Context, in poa.RegisterInput) (*schema.RegisterRecipientPayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	d, err := m.Enrollment.RegisterRecipient(ctx, actor, in)
	faults, err := m.correctable(ctx, err)
	return &schema.RegisterRecipientPayload{Recipient: newRecipient(d), Errors: faults}, err
}
