// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"
	"errors"
	"strings"

	"ininjo/graph/schema"
	"ininjo/poa"
)

// Viewer tells what the caller is signed in as.
func (q *queryResolver) Viewer(ctx context.Context) (*schema.Viewer, error) {
	actor, err := q.reader(ctx)
	if err != nil {
		return nil, err
	}
	return &schema.Viewer{Kind: actor.Kind, Roles: actor.Roles, LinkPurpose: actor.Purpose, Actor: actor}, nil
}

// Node returns what has the ID, nil where there is nothing to see.
func (q *queryResolver) Node(ctx context.Context, id string) (schema.Node, error) {
	actor, err := q.reader(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case strings.HasPrefix(id, poa.PrefixDelegator):
		return node(q.delegator(ctx, actor, id))
	case strings.HasPrefix(id, poa.PrefixRecipient):
		return node(q.recipient(ctx, actor, id))
	case strings.HasPrefix(id, poa.PrefixEndpoint):
		return node(q.endpoint(ctx, actor, id))
	}
	return node(q.delegation(ctx, actor, id))
}

// node keeps a nil view from becoming an interface that is not nil.
func node[V any, P interface {
	*V
	schema.Node
}](view P, err error) (schema.Node, error) {
	if view == nil {
		return nil, err
	}
	return view, err
}

// Delegator returns the delegator that the caller acts for.
func (r *viewerResolver) Delegator(ctx context.Context, v *schema.Viewer) (*schema.Delegator, error) {
	if v.Kind != poa.ActorDelegator {
		return nil, nil
	}
	return r.delegator(ctx, v.Actor, v.Actor.PartyID)
}

// Recipient returns the recipient that the caller acts for.
func (r *viewerResolver) Recipient(ctx context.Context, v *schema.Viewer) (*schema.Recipient, error) {
	if v.Kind != poa.ActorRecipient {
		return nil, nil
	}
	return r.recipient(ctx, v.Actor, v.Actor.PartyID)
}

// Delegation returns the delegation of a delegate's link.
func (r *viewerResolver) Delegation(ctx context.Context, v *schema.Viewer) (*schema.Delegation, error) {
	if v.Kind != poa.ActorDelegate {
		return nil, nil
	}
	return r.delegation(ctx, v.Actor, string(v.Actor.DelegationID))
}

// Tokens lists the party's tokens; whoever cannot have any has none.
func (r *viewerResolver) Tokens(ctx context.Context, v *schema.Viewer) ([]schema.Token, error) {
	tokens, err := r.Enrollment.Tokens(ctx, v.Actor)
	if errors.Is(err, poa.ErrForbidden) || errors.Is(err, poa.ErrUnauthenticated) {
		return nil, nil
	}
	return each(tokens, func(t poa.Token) schema.Token { return *newToken(t) }), err
}

// Endpoints lists the party's webhook endpoints.
func (r *viewerResolver) Endpoints(ctx context.Context, v *schema.Viewer) ([]schema.WebhookEndpoint, error) {
	if v.Actor.PartyID == "" {
		return nil, nil
	}
	endpoints, err := r.Records.Endpoints(ctx, v.Actor)
	return each(endpoints, func(e poa.Endpoint) schema.WebhookEndpoint { return *newEndpoint(e) }), err
}

// Watches lists what a recipient watches.
func (r *viewerResolver) Watches(ctx context.Context, v *schema.Viewer, first *int) ([]schema.Watch, error) {
	size, err := sizeOf(first)
	if err != nil || v.Kind != poa.ActorRecipient {
		return nil, err
	}
	watches, err := r.Records.Watches(ctx, v.Actor, size)
	return each(watches, func(w poa.Watch) schema.Watch {
		return schema.Watch{DelegationID: string(w.DelegationID), Since: w.Since, SinceVersion: w.SinceVersion}
	}), err
}

// newToken is nil for no token.
func newToken(t poa.Token) *schema.Token {
	if t.ID == "" {
		return nil
	}
	return &schema.Token{ID: t.ID, Name: t.Name, Scope: t.Scope, CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt, RevokedAt: optional(t.RevokedAt),
		LastUsedAt: optional(t.LastUsedAt), ReplacedBy: optional(t.ReplacedBy)}
}

// CreateToken makes an API token.
func (m *mutationResolver) CreateToken(ctx context.Context, in poa.TokenInput) (*schema.CreateTokenPayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	token, secret, err := m.Enrollment.CreateToken(ctx, actor, in)
	faults, err := m.correctable(ctx, err)
	return &schema.CreateTokenPayload{Token: newToken(token), Secret: optional(secret), Errors: faults}, err
}

// RevokeToken withdraws an API token.
func (m *mutationResolver) RevokeToken(ctx context.Context, in schema.RevokeTokenInput) (*schema.DonePayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	if err = checkKey(in.IdempotencyKey); err == nil {
		err = m.Enrollment.RevokeToken(ctx, actor, in.IdempotencyKey, in.TokenID)
	}
	return m.done(ctx, err, "tokenId")
}

// WatchDelegation begins a watch.
func (m *mutationResolver) WatchDelegation(ctx context.Context, in poa.WatchInput) (*schema.WatchDelegationPayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	watched, err := m.Notifier.Watch(ctx, actor, in)
	faults, err := m.correctable(ctx, err)
	return &schema.WatchDelegationPayload{Watched: newWatched(watched), Errors: faults}, err
}

// newWatched is nil for nothing watched.
func newWatched(w poa.Watched) *schema.Watched {
	if w.DelegationID == "" {
		return nil
	}
	return &schema.Watched{DelegationID: string(w.DelegationID), Status: w.Standing.Status, Reason: optional(w.Standing.Reason),
		Version: w.Standing.Version, Stream: w.Stream, Sequence: int(w.Head)}
}

// UnwatchDelegation ends a watch.
func (m *mutationResolver) UnwatchDelegation(ctx context.Context, in poa.WatchInput) (*schema.DonePayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	return m.done(ctx, m.Notifier.Unwatch(ctx, actor, in), "delegationId")
}
