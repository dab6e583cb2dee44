// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"

	"ininjo/graph/schema"
	"ininjo/poa"
)

// RequestChallenge draws what a delegate signs.
func (m *mutationResolver) RequestChallenge(ctx context.Context, in schema.RequestChallengeInput) (*schema.RequestChallengePayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	var c poa.Challenge
	if err = checkKey(in.IdempotencyKey); err == nil {
		c, err = m.Registrar.ChallengeOnce(ctx, actor, in.IdempotencyKey)
	}
	faults, err := m.correctable(ctx, err)
	return &schema.RequestChallengePayload{Challenge: newChallenge(c), Errors: faults}, err
}

// newChallenge is nil for no challenge.
func newChallenge(c poa.Challenge) *schema.Challenge {
	if c.ID == "" {
		return nil
	}
	return &schema.Challenge{ID: c.ID, Text: c.Text, ExpiresAt: c.ExpiresAt}
}

// HandInCertificate takes a signed challenge.
func (m *mutationResolver) HandInCertificate(ctx context.Context, in poa.HandInInput) (*schema.DelegationPayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	d, err := m.Registrar.HandIn(ctx, actor, in)
	return m.shown(ctx, actor, d, err)
}

// DeclineDelegation is the delegate's no.
func (m *mutationResolver) DeclineDelegation(ctx context.Context, in schema.DeclineDelegationInput) (*schema.DonePayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	if err = checkKey(in.IdempotencyKey); err == nil {
		err = m.Registrar.Decline(ctx, actor, in.IdempotencyKey)
	}
	return m.done(ctx, err)
}

// RenounceDelegation ends a delegation by its delegate's word.
func (m *mutationResolver) RenounceDelegation(ctx context.Context, in schema.RenounceDelegationInput) (*schema.DelegationPayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	var d poa.Delegation
	if err = checkKey(in.IdempotencyKey); err == nil {
		d, err = m.Registrar.Renounce(ctx, actor, in.IdempotencyKey)
	}
	return m.shown(ctx, actor, d, err)
}
