// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

// rememberFor is how long an idempotency key is kept.
const rememberFor = 24 * time.Hour

// idempotencyRow holds keyed hashes only: a key's scope can be an e-mail
// address and its input can hold names.
type idempotencyRow struct {
	bun.BaseModel `bun:"table:idempotency_keys,alias:i"`

	ID    []byte    `bun:"id,pk"`
	Input []byte    `bun:"input"`
	Kept  *string   `bun:"kept"`
	Until time.Time `bun:"until"`
}

func (t *tx) idempotencyID(scope, key string) []byte {
	return t.db.seal.Hash("idempotency", string(bind(scope, key)))
}

// Remember claims an idempotency key for 24 h. The insert waits for a
// concurrent act with the same key: after its commit this one sees what it
// kept, after its rollback this one claims the key.
func (t *tx) Remember(ctx context.Context, scope, key string, input [32]byte, now time.Time) (string, error) {
	row := idempotencyRow{ID: t.idempotencyID(scope, key), Input: t.db.seal.Hash("idempotency input", string(input[:])), Until: now.Add(rememberFor).UTC()}
	res, err := t.q.NewInsert().Model(&row).On("CONFLICT (id) DO UPDATE").
		Set("input = EXCLUDED.input").Set("kept = NULL").Set("until = EXCLUDED.until").Where("i.until <= ?", now.UTC()).Exec(ctx)
	err = touched(res, err, "claiming idempotency key", errClaimed)
	if !errors.Is(err, errClaimed) {
		return "", err
	}
	var earlier idempotencyRow
	if err := t.q.NewSelect().Model(&earlier).Where("id = ?", row.ID).Scan(ctx); err != nil {
		return "", failed(err, "reading idempotency key")
	}
	if !hmac.Equal(earlier.Input, row.Input) {
		return "", poa.ErrConflict
	}
	if earlier.Kept == nil {
		return "", fmt.Errorf("reading idempotency key: %w", poa.ErrConflict) // the same act claims it twice
	}
	return *earlier.Kept, nil
}

var errClaimed = errors.New("the key is claimed")

// Keep stores the ID of what the act made, for the next caller with the key.
func (t *tx) Keep(ctx context.Context, scope, key, id string) error {
	res, err := t.q.NewUpdate().Model((*idempotencyRow)(nil)).Set("kept = ?", id).Where("id = ?", t.idempotencyID(scope, key)).Exec(ctx)
	return touched(res, err, "keeping an act's result", poa.ErrNotFound)
}

// NextNumber draws the next 受付番号 of a kind and day, without gaps: the
// counter's row stays locked until the transaction ends.
func (t *tx) NextNumber(ctx context.Context, kind string, day poa.Date) (string, error) {
	var last int
	err := t.q.NewRaw("INSERT INTO counters AS c (kind, day, last) VALUES (?, ?::date, 1) ON CONFLICT (kind, day) DO UPDATE SET last = c.last + 1 RETURNING c.last",
		kind, day.String()).Scan(ctx, &last)
	if err != nil {
		return "", failed(err, "drawing number")
	}
	return fmt.Sprintf("%s-%04d%02d%02d-%06d", kind, day.Year, int(day.Month), day.Day, last), nil
}

// DeleteExpired removes idempotency keys, sessions and failed attempts to sign in
// that are over.
func (d *DB) DeleteExpired(ctx context.Context, now time.Time) error {
	if _, err := d.bun.NewDelete().Model((*idempotencyRow)(nil)).Where("until <= ?", now.UTC()).Exec(ctx); err != nil {
		return failed(err, "deleting idempotency keys")
	}
	if _, err := d.bun.NewDelete().Model((*attemptsRow)(nil)).Where("last_at <= ?", now.Add(-24*time.Hour).UTC()).Exec(ctx); err != nil {
		return failed(err, "deleting attempts")
	}
	_, err := d.bun.NewDelete().Model((*sessionRow)(nil)).Where("expires_at <= ?", now.UTC()).Exec(ctx)
	return failed(err, "deleting sessions")
}
