// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"time"
)

// PurposeWebhook is what the service's Ed25519 key serves, in the key set and in
// the database: the `v1a` signatures of webhooks, and nothing else.
const PurposeWebhook = "webhook"

// WebhookKey is a public key that verifies, or verified, the `v1a` signatures of
// webhooks. Each stays published for ten years after its last signature.
type WebhookKey struct {
	// ID is the kid of its entry in the key set.
	ID string
	// Public is `whpk_` and the base64 of its 32 bytes.
	Public string
	From   time.Time
	// Until is when it signed for the last time; zero while it signs.
	Until time.Time
}

// WebhookPublicKey writes a public key as Standard Webhooks does.
func WebhookPublicKey(public ed25519.PublicKey) string {
	return "whpk_" + base64.StdEncoding.EncodeToString(public)
}

// WebhookKeys lists the public keys of webhooks, those that sign first, the
// newest first. They are for everybody.
func (r *Records) WebhookKeys(ctx context.Context) ([]WebhookKey, error) {
	keys, err := r.store.WebhookKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading webhook keys: %w", err)
	}
	return keys, nil
}
