// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

type attemptsRow struct {
	bun.BaseModel `bun:"table:attempts_to_sign_in,alias:t"`

	Bucket   []byte    `bun:"bucket,pk"`
	Failures int       `bun:"failures"`
	LastAt   time.Time `bun:"last_at"`
	Until    time.Time `bun:"until"`
}

// bucketOf is the keyed hash under which a bucket is kept.
func (r reader) bucketOf(b poa.Bucket) []byte {
	return r.db.seal.Hash("attempts/"+string(b.Step)+"/"+b.Device, strings.ToLower(strings.TrimSpace(b.Subject)))
}

// LockAttempts reads what was tried in a bucket and locks its row, which it makes
// where there is none: for addresses that nobody has as well. One statement does
// all: a row that was found may be forgiven before a second one locks it.
func (t *tx) LockAttempts(ctx context.Context, b poa.Bucket) (poa.Attempts, error) {
	row := attemptsRow{Bucket: t.bucketOf(b), LastAt: time.Unix(0, 0).UTC(), Until: time.Unix(0, 0).UTC()} // long ago
	_, err := t.q.NewInsert().Model(&row).On("CONFLICT (bucket) DO UPDATE").Set("failures = t.failures").Returning("*").Exec(ctx)
	if err != nil {
		return poa.Attempts{}, failed(err, "locking attempts")
	}
	return poa.Attempts{Failures: row.Failures, LastAt: row.LastAt.UTC(), Until: row.Until.UTC()}, nil
}

// SetAttempts stores what was tried in a bucket that LockAttempts locked.
func (t *tx) SetAttempts(ctx context.Context, b poa.Bucket, a poa.Attempts) error {
	row := attemptsRow{Bucket: t.bucketOf(b), Failures: a.Failures, LastAt: a.LastAt.UTC(), Until: a.Until.UTC()}
	res, err := t.q.NewUpdate().Model(&row).WherePK().Exec(ctx)
	return changed(res, err, "counting attempts")
}

// ForgiveAttempts forgets what was tried.
func (t *tx) ForgiveAttempts(ctx context.Context, b poa.Bucket) error {
	_, err := t.q.NewDelete().Model((*attemptsRow)(nil)).Where("bucket = ?", t.bucketOf(b)).Exec(ctx)
	return failed(err, "forgiving attempts")
}

type passwordRequestRow struct {
	bun.BaseModel `bun:"table:password_requests,alias:q"`

	ID        string    `bun:"id,pk"`
	Sealed    []byte    `bun:"sealed"`
	Language  string    `bun:"language"`
	CreatedAt time.Time `bun:"created_at"`
}

// InsertPasswordRequest stores a wish until its job has answered. The address is
// sealed with the sessions' key: whether it is anybody's is not known here.
func (t *tx) InsertPasswordRequest(ctx context.Context, p poa.PasswordRequest) error {
	if err := t.db.seal.Create(ctx, sessionSubject); err != nil {
		return fmt.Errorf("inserting request: %w", err)
	}
	sealed, err := t.db.seal.Seal(ctx, sessionSubject, "password_requests", "sealed", p.ID, []byte(p.Email))
	if err != nil {
		return fmt.Errorf("inserting request: %w", err)
	}
	row := passwordRequestRow{ID: p.ID, Sealed: sealed, Language: p.Language, CreatedAt: p.CreatedAt.UTC()}
	_, err = t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting request")
}

// TakePasswordRequest reads a request and removes it.
func (t *tx) TakePasswordRequest(ctx context.Context, id string) (poa.PasswordRequest, error) {
	var row passwordRequestRow
	if err := t.q.NewRaw("DELETE FROM password_requests WHERE id = ? RETURNING *", id).Scan(ctx, &row); err != nil {
		return poa.PasswordRequest{}, failed(err, "taking request")
	}
	email, err := t.db.seal.Open(ctx, sessionSubject, "password_requests", "sealed", id, row.Sealed)
	return poa.PasswordRequest{ID: row.ID, Email: string(email), Language: row.Language, CreatedAt: row.CreatedAt.UTC()}, err
}
