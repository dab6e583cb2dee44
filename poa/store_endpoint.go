// SPDX-License-Identifier: Apache-2.0

package poa

import "context"

// EndpointReader reads what belongs to webhooks beside endpoints and deliveries.
type EndpointReader interface {
	// WebhookKeys lists the public keys of webhooks, those that sign first, the
	// newest first.
	WebhookKeys(ctx context.Context) ([]WebhookKey, error)
}
