// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"time"
)

// EndpointTx is what sends again what did not arrive.
type EndpointTx interface {
	// LockStream keeps the numbering leader from giving a party numbers until the
	// commit. It is taken before endpoints are locked.
	LockStream(ctx context.Context, partyID string) error
	// RaiseEndpoint sets the last number that passed the endpoint's filter to the
	// highest of its party's that does.
	RaiseEndpoint(ctx context.Context, id string) error
	// InsertResend begins a resend; ErrConflict where one goes on.
	InsertResend(ctx context.Context, r Resend) error
	// LockResend reads a resend and takes its row.
	LockResend(ctx context.Context, id string) (Resend, error)
	// Resent counts what was sent again; a time that is not zero finishes it.
	Resent(ctx context.Context, id string, count int, finished time.Time) error
	// CountResend counts what a resend would send, up to a bound.
	CountResend(ctx context.Context, r Resend, bound int) (int, error)
	// ResendFailed makes deliveries due that failed for good before the resend
	// began, the longest failed first, and returns how many.
	ResendFailed(ctx context.Context, r Resend, due time.Time, limit int) (int, error)
	// MissingNotices returns notices of the resend's party and its present stream
	// that pass the filter and have no delivery to the endpoint, in the order of
	// their numbers, each with the number before it that passes.
	MissingNotices(ctx context.Context, r Resend, types []NoticeType, limit int) ([]Delivery, error)
}

// EndpointReader reads what belongs to webhooks beside endpoints and deliveries.
type EndpointReader interface {
	// WebhookKeys lists the public keys of webhooks, those that sign first, the
	// newest first.
	WebhookKeys(ctx context.Context) ([]WebhookKey, error)
	Resend(ctx context.Context, id string) (Resend, error)
	// Resends lists an endpoint's resends, the newest first.
	Resends(ctx context.Context, endpointID string, limit int) ([]Resend, error)
	// TroubledEndpoints lists a party's endpoints that fail, or that the service
	// switched off.
	TroubledEndpoints(ctx context.Context, partyID string) ([]TroubledEndpoint, error)
}
