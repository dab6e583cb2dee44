// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"
	"time"

	"ininjo/graph/schema"
	"ininjo/poa"
)

// defaultOverlap is how long an old secret signs beside the new one, in hours,
// where nothing else is asked.
const defaultOverlap = 24

// endpoint is nil where there is none of the caller's own.
func (r *resolver) endpoint(ctx context.Context, actor poa.Actor, id string) (*schema.WebhookEndpoint, error) {
	e, err := r.Records.Endpoint(ctx, actor, id)
	return newEndpoint(e), found(err)
}

// newEndpoint is nil for no endpoint.
func newEndpoint(e poa.Endpoint) *schema.WebhookEndpoint {
	if e.ID == "" {
		return nil
	}
	shown := &schema.WebhookEndpoint{ID: e.ID, URL: e.URL, Types: e.Types, Description: optional(e.Description), State: e.State,
		DisabledReason: optional(e.DisabledReason), PreviousSecretUntil: e.PreviousUntil, CreatedAt: e.CreatedAt, VerifiedAt: e.VerifiedAt,
		MaxInFlight: e.MaxInFlight, RatePerSecond: e.RatePerSecond, Envelope: e.Envelope(), HeaderNames: each(e.Headers, func(h poa.EndpointHeader) string { return h.Name }),
		FailingSince: e.FailingSince, PausedUntil: e.PausedUntil, DisabledAt: e.DisabledAt}
	if c := e.Certificate; c != nil {
		shown.ClientCertificate = &schema.ClientCertificate{Sha256: c.SHA256, Subject: c.Subject, Until: c.Until}
	}
	return shown
}

// Deliveries lists an endpoint's newest deliveries.
func (r *endpointResolver) Deliveries(ctx context.Context, e *schema.WebhookEndpoint, first *int) ([]schema.Delivery, error) {
	size, err := sizeOf(first)
	if err != nil {
		return nil, err
	}
	actor, _, err := r.actor(ctx)
	if err != nil {
		return nil, err
	}
	deliveries, err := r.Records.Deliveries(ctx, actor, e.ID, size)
	if err != nil {
		return nil, err
	}
	return r.shownDeliveries(ctx, actor, deliveries)
}

func newDelivery(d poa.Delivery) schema.Delivery {
	return schema.Delivery{ID: d.ID, Type: d.Notice.Type, DelegationID: optional(string(d.Notice.DelegationID)), Sequence: optional(int(d.Notice.Sequence)),
		State: d.State, Attempts: d.Attempts, LastStatus: optional(d.LastStatus), LastError: optional(d.LastError),
		LastAt: optional(d.LastAt), DeliveredAt: optional(d.DeliveredAt), NextAt: optional(d.NextAt)}
}

// WebhookKeys lists the service's public keys of webhooks.
func (q *queryResolver) WebhookKeys(ctx context.Context) ([]schema.WebhookKey, error) {
	keys, err := q.Records.WebhookKeys(ctx)
	return each(keys, func(k poa.WebhookKey) schema.WebhookKey {
		return schema.WebhookKey{ID: k.ID, PublicKey: k.Public, From: k.From, Until: optional(k.Until)}
	}), err
}

// endpointShown is the payload of an act on an endpoint.
func (r *resolver) endpointShown(ctx context.Context, e poa.Endpoint, err error) (*schema.EndpointPayload, error) {
	faults, err := r.correctable(ctx, err, "id")
	payload := &schema.EndpointPayload{Errors: faults}
	if err == nil && faults == nil {
		payload.Endpoint, payload.Secret = newEndpoint(e), optional(e.Secret)
	}
	return payload, err
}

// CreateWebhookEndpoint makes an endpoint.
func (m *mutationResolver) CreateWebhookEndpoint(ctx context.Context, in poa.EndpointInput) (*schema.EndpointPayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	e, err := m.Notifier.CreateEndpoint(ctx, actor, in, m.Addresses)
	return m.endpointShown(ctx, e, err)
}

// UpdateWebhookEndpoint sets an endpoint anew.
func (m *mutationResolver) UpdateWebhookEndpoint(ctx context.Context, in poa.EndpointInput) (*schema.EndpointPayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	e, err := m.Notifier.UpdateEndpoint(ctx, actor, in, m.Addresses)
	return m.endpointShown(ctx, e, err)
}

// DeleteWebhookEndpoint deletes an endpoint.
func (m *mutationResolver) DeleteWebhookEndpoint(ctx context.Context, in schema.DeleteWebhookEndpointInput) (*schema.DonePayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	if err = checkKey(in.IdempotencyKey); err == nil {
		err = m.Notifier.DeleteEndpoint(ctx, actor, in.IdempotencyKey, in.ID)
	}
	return m.done(ctx, err, "id")
}

// RotateWebhookSecret gives an endpoint a new secret.
func (m *mutationResolver) RotateWebhookSecret(ctx context.Context, in schema.RotateWebhookSecretInput) (*schema.EndpointPayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	hours := defaultOverlap
	if in.OverlapHours != nil {
		hours = min(max(*in.OverlapHours, -1), 1000) // beyond the bounds either way, without overflow
	}
	var e poa.Endpoint
	if err = checkKey(in.IdempotencyKey); err == nil {
		e, err = m.Notifier.RotateSecret(ctx, actor, in.IdempotencyKey, in.ID, time.Duration(hours)*time.Hour)
	}
	return m.endpointShown(ctx, e, err)
}

// TestWebhookEndpoint sends a test.
func (m *mutationResolver) TestWebhookEndpoint(ctx context.Context, in schema.TestWebhookEndpointInput) (*schema.DonePayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	if err = checkKey(in.IdempotencyKey); err == nil {
		_, err = m.Notifier.TestEndpoint(ctx, actor, in.IdempotencyKey, in.ID)
	}
	return m.done(ctx, err, "id")
}
