// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"
	"time"

	"ininjo/graph/schema"
	"ininjo/poa"
)

// Resends lists what an endpoint's owner wanted sent again.
func (r *endpointResolver) Resends(ctx context.Context, e *schema.WebhookEndpoint) ([]schema.WebhookResend, error) {
	actor, _, err := r.actor(ctx)
	if err != nil {
		return nil, err
	}
	resends, err := r.Records.Resends(ctx, actor, e.ID)
	return each(resends, newResend), err
}

func newResend(r poa.Resend) schema.WebhookResend {
	return schema.WebhookResend{ID: r.ID, Kind: r.Kind, Since: r.Since, Total: r.Total, Resent: r.Resent, CreatedAt: r.CreatedAt, FinishedAt: optional(r.FinishedAt)}
}

func (m *mutationResolver) resendShown(ctx context.Context, r poa.Resend, err error, field string) (*schema.ResendPayload, error) {
	faults, err := m.correctable(ctx, err, field)
	payload := &schema.ResendPayload{Errors: faults}
	if err == nil && faults == nil {
		shown := newResend(r)
		payload.Resend = &shown
	}
	return payload, err
}

func (m *mutationResolver) resend(ctx context.Context, key, endpoint string, kind poa.ResendKind, since time.Time) (*schema.ResendPayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	var r poa.Resend
	if err = checkKey(key); err == nil {
		r, err = m.Notifier.ResendDeliveries(ctx, actor, poa.ResendDeliveriesInput{IdempotencyKey: key, EndpointID: endpoint, Kind: kind, Since: since})
	}
	return m.resendShown(ctx, r, err, "endpointId")
}

// ResendDeliveries sends again what failed for good.
func (m *mutationResolver) ResendDeliveries(ctx context.Context, in schema.ResendDeliveriesInput) (*schema.ResendPayload, error) {
	return m.resend(ctx, in.IdempotencyKey, in.EndpointID, poa.ResendFailed, in.Since)
}

// ResendMissingDeliveries sends what never had a delivery.
func (m *mutationResolver) ResendMissingDeliveries(ctx context.Context, in schema.ResendMissingDeliveriesInput) (*schema.ResendPayload, error) {
	return m.resend(ctx, in.IdempotencyKey, in.EndpointID, poa.ResendMissing, in.Since)
}

// CatchUpWebhookEndpoint switches an endpoint on and sends what was missed.
func (m *mutationResolver) CatchUpWebhookEndpoint(ctx context.Context, in schema.CatchUpWebhookEndpointInput) (*schema.ResendPayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	var r poa.Resend
	if err = checkKey(in.IdempotencyKey); err == nil {
		r, err = m.Notifier.CatchUp(ctx, actor, in.IdempotencyKey, in.ID)
	}
	return m.resendShown(ctx, r, err, "id")
}
