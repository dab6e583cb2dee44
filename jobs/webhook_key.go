// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"

	"ininjo/poa"
)

// keyPrefix begins a private key of Standard Webhooks.
const keyPrefix = "whsk_"

// WebhookKey is the service's own key for webhooks (Ed25519, `v1a`): who has
// only its public half can verify and cannot forge. It serves this purpose alone
// and is never stored or logged.
type WebhookKey struct{ private ed25519.PrivateKey }

// NewWebhookKey returns the key that signs with private.
func NewWebhookKey(private ed25519.PrivateKey) WebhookKey { return WebhookKey{private} }

// ParseWebhookKey reads `whsk_` and the base64 of 64 bytes, the seed before the
// public key. Its error never quotes the text.
func ParseWebhookKey(text string) (WebhookKey, error) {
	encoded, ok := strings.CutPrefix(text, keyPrefix)
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(raw) != ed25519.PrivateKeySize {
		return WebhookKey{}, errors.New("reading webhook key: want whsk_ and 64 bytes in base 64")
	}
	private := ed25519.NewKeyFromSeed(raw[:ed25519.SeedSize])
	if !private.Equal(ed25519.PrivateKey(raw)) {
		return WebhookKey{}, errors.New("reading webhook key: its halves do not belong together")
	}
	return WebhookKey{private}, nil
}

// Public is the public half as Standard Webhooks writes it (`whpk_…`).
func (k WebhookKey) Public() string {
	public, _ := k.private.Public().(ed25519.PublicKey)
	return poa.WebhookPublicKey(public)
}

// sign returns the `v1a` signature of the signed content.
func (k WebhookKey) sign(content []byte) string {
	return "v1a," + base64.StdEncoding.EncodeToString(ed25519.Sign(k.private, content))
}
