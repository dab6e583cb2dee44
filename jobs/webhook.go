// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Headers of Standard Webhooks 1.0.0.
const (
	headerID        = "Webhook-Id"
	headerTimestamp = "Webhook-Timestamp"
	headerSignature = "Webhook-Signature"
)

// secretPrefix begins a symmetric secret of Standard Webhooks.
const secretPrefix = "whsec_"

// sign returns the headers of a webhook: its ID, the machine's time, and the
// signatures, parted by spaces: `v1` by each secret (two while a rotation
// overlaps), then `v1a` by each of the service's own keys. Signed is
// `id.timestamp.body`.
func sign(id string, at time.Time, body []byte, secrets []string, keys []WebhookKey) (http.Header, error) {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	content := slices.Concat([]byte(id+"."+timestamp+"."), body)
	signatures := make([]string, 0, len(secrets)+len(keys))
	for _, secret := range secrets {
		key, err := secretKey(secret)
		if err != nil {
			return nil, err
		}
		mac := hmac.New(sha256.New, key)
		mac.Write(content)
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	for _, key := range keys {
		signatures = append(signatures, key.sign(content))
	}
	h := http.Header{}
	h.Set(headerID, id)
	h.Set(headerTimestamp, timestamp)
	h.Set(headerSignature, strings.Join(signatures, " "))
	return h, nil
}

// secretKey decodes a secret; the error never quotes it.
func secretKey(secret string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
	if err != nil || len(key) == 0 || !strings.HasPrefix(secret, secretPrefix) {
		return nil, errors.New("signing webhook: the endpoint's secret is malformed")
	}
	return key, nil
}
