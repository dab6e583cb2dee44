// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

// WebhookKeys lists the public keys of webhooks, those that sign first, the
// newest first.
func (r reader) WebhookKeys(ctx context.Context) ([]poa.WebhookKey, error) {
	var rows []signingKeyRow
	err := r.q.NewSelect().Model(&rows).Where("purpose = ?", poa.PurposeWebhook).OrderExpr("valid_until DESC NULLS FIRST, valid_from DESC, kid").Scan(ctx)
	if err != nil {
		return nil, failed(err, "reading webhook keys")
	}
	keys := make([]poa.WebhookKey, len(rows))
	for i, row := range rows {
		var jwk struct {
			X string `json:"x"`
		}
		if err := json.Unmarshal(row.JWK, &jwk); err != nil {
			return nil, fmt.Errorf("reading webhook key: %w", err)
		}
		public, err := base64.RawURLEncoding.DecodeString(jwk.X)
		if err != nil {
			return nil, fmt.Errorf("reading webhook key: %w", err)
		}
		keys[i] = poa.WebhookKey{ID: row.KID, Public: poa.WebhookPublicKey(public), From: row.ValidFrom.UTC(), Until: fromNullTime(row.ValidUntil)}
	}
	return keys, nil
}

// EndOtherSigningKeys records that the keys of a purpose that are not named sign
// no more. It returns how many ended.
func (d *DB) EndOtherSigningKeys(ctx context.Context, purpose string, kids []string, until time.Time) (int64, error) {
	res, err := d.bun.NewUpdate().Model((*signingKeyRow)(nil)).Set("valid_until = greatest(?::timestamptz, valid_from + interval '1 microsecond')", until.UTC()).
		Where("purpose = ?", purpose).Where("kid NOT IN (?)", bun.List(kids)).Where("valid_until IS NULL").Exec(ctx)
	if err != nil {
		return 0, failed(err, "ending signing keys")
	}
	return res.RowsAffected()
}
