// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"
)

// lockSigningKeys is held while a key is published, so that processes that see a
// new one at the same moment agree on its period.
const lockSigningKeys = 7310007

// Rotation says how a key follows another.
type Rotation struct {
	// Lead is for how long the new key is published before it signs.
	Lead time.Duration
	// Overlap is for how long the former key may sign after that.
	Overlap time.Duration
}

// PublishSigningKey publishes a key of a purpose and returns it with its period:
// at once where no key of that purpose may sign at now, else the lead from now;
// the former keys that have no end yet end the overlap after that. The same key
// again changes nothing and returns its period as it is.
func (d *DB) PublishSigningKey(ctx context.Context, k SigningKey, now time.Time, r Rotation) (SigningKey, error) {
	now = now.UTC().Truncate(time.Microsecond)
	err := d.bun.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewRaw("SELECT pg_advisory_xact_lock(?)", lockSigningKeys).Exec(ctx); err != nil {
			return failed(err, "waiting to publish a signing key")
		}
		var rows []signingKeyRow
		if err := tx.NewSelect().Model(&rows).Where("purpose = ? OR kid = ?", k.Purpose, k.KeyID).Scan(ctx); err != nil {
			return failed(err, "reading signing keys")
		}
		signs, last := false, time.Time{}
		for _, row := range rows {
			if row.KID == k.KeyID {
				k.From, k.Until = row.ValidFrom.UTC(), fromNullTime(row.ValidUntil)
				return nil // InsertSigningKey compares
			}
			signs = signs || !row.ValidFrom.After(now) && (row.ValidUntil == nil || row.ValidUntil.After(now))
			if row.ValidFrom.After(last) {
				last = row.ValidFrom.UTC()
			}
		}
		k.From = now
		if signs {
			k.From = now.Add(r.Lead)
			if !k.From.After(last) {
				k.From = last.Add(time.Microsecond) // the newest key begins last
			}
		}
		return k.follow(ctx, tx, k.From.Add(r.Overlap))
	})
	if err != nil {
		return SigningKey{}, err
	}
	return k, d.InsertSigningKey(ctx, k)
}

// follow stores the key and ends its predecessors.
func (k SigningKey) follow(ctx context.Context, tx bun.Tx, until time.Time) error {
	_, err := tx.NewUpdate().Model((*signingKeyRow)(nil)).Set("valid_until = greatest(?::timestamptz, valid_from + interval '1 microsecond')", until).
		Where("purpose = ? AND valid_until IS NULL", k.Purpose).Exec(ctx)
	if err != nil {
		return failed(err, "ending the former signing keys")
	}
	jwk, err := json.Marshal(k.JWK)
	if err != nil {
		return fmt.Errorf("encoding signing key: %w", err)
	}
	row := signingKeyRow{KID: k.KeyID, Purpose: k.Purpose, JWK: jwk, ValidFrom: k.From, ValidUntil: nullTime(k.Until)}
	_, err = tx.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "storing signing key")
}

// StopSigningKey ends the period of a key at an instant, if it would not end
// before by itself: for a key that is feared to be known to others. It reports
// false where there is no such key of this purpose or it ended already.
func (d *DB) StopSigningKey(ctx context.Context, purpose, kid string, at time.Time) (bool, error) {
	res, err := d.bun.NewUpdate().Model((*signingKeyRow)(nil)).Set("valid_until = greatest(?::timestamptz, valid_from + interval '1 microsecond')", at.UTC()).
		Where("purpose = ? AND kid = ?", purpose, kid).Where("valid_until IS NULL OR valid_until > ?", at.UTC()).Exec(ctx)
	if err != nil {
		return false, failed(err, "ending signing key")
	}
	n, err := res.RowsAffected()
	return n > 0, err
}
