// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

type tokenRow struct {
	bun.BaseModel `bun:"table:api_tokens,alias:t"`

	ID         string     `bun:"id,pk"`
	AccountID  string     `bun:"account_id"`
	PartyID    *string    `bun:"party_id"`
	Kind       string     `bun:"kind"`
	Sealed     []byte     `bun:"sealed"`
	Hash       []byte     `bun:"hash"`
	Scope      string     `bun:"scope"`
	CreatedAt  time.Time  `bun:"created_at"`
	ExpiresAt  time.Time  `bun:"expires_at"`
	RevokedAt  *time.Time `bun:"revoked_at"`
	LastUsedAt *time.Time `bun:"last_used_at"`
	ReplacedBy *string    `bun:"replaced_by"`
}

// InsertToken stores an API token's hash. Its name is sealed: people write
// their own into it.
func (t *tx) InsertToken(ctx context.Context, token poa.Token) error {
	sealed, err := t.db.seal.SealJSON(ctx, ownerSubject(token.PartyID, token.AccountID), "api_tokens", "sealed", token.ID, token.Name)
	if err != nil {
		return fmt.Errorf("inserting token: %w", err)
	}
	row := tokenRow{ID: token.ID, AccountID: token.AccountID, PartyID: nullText(token.PartyID), Kind: string(token.Kind), Sealed: sealed, Hash: token.Hash[:],
		Scope: string(token.Scope), CreatedAt: token.CreatedAt.UTC(), ExpiresAt: token.ExpiresAt.UTC(), RevokedAt: nullTime(token.RevokedAt), LastUsedAt: nullTime(token.LastUsedAt)}
	_, err = t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting token")
}

// RevokeToken withdraws a token of the party, or of the member of staff, from
// this commit on. Where it was withdrawn before, the first instant stays.
func (t *tx) RevokeToken(ctx context.Context, id, ownerID string, at time.Time) error {
	res, err := t.q.NewUpdate().Model((*tokenRow)(nil)).Set("revoked_at = coalesce(revoked_at, ?::timestamptz)", at.UTC()).
		Where("id = ? AND (party_id = ? OR party_id IS NULL AND account_id = ?)", id, ownerID, ownerID).Exec(ctx)
	return touched(res, err, "revoking token", poa.ErrNotFound)
}

// maxTokenRows bounds a list of tokens; all that hold fit.
const maxTokenRows = 3 * poa.MaxTokens

// Tokens lists a party's tokens, or those of a member of staff: those that hold
// before the others, the newest first, at most 300.
func (r reader) Tokens(ctx context.Context, ownerID string) ([]poa.Token, error) {
	var rows []tokenRow
	err := r.q.NewSelect().Model(&rows).Where("party_id = ? OR party_id IS NULL AND account_id = ?", ownerID, ownerID).
		OrderExpr("(revoked_at IS NULL AND expires_at > ?) DESC, created_at DESC, id DESC", r.db.clock.Now().UTC()).Limit(maxTokenRows).Scan(ctx)
	if err != nil {
		return nil, failed(err, "reading tokens")
	}
	tokens := make([]poa.Token, len(rows))
	for i, row := range rows {
		if tokens[i], err = r.toToken(ctx, row); err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

func (r reader) toToken(ctx context.Context, row tokenRow) (poa.Token, error) {
	hash, err := fromDigest(row.Hash)
	if err != nil {
		return poa.Token{}, err
	}
	token := poa.Token{ID: row.ID, AccountID: row.AccountID, PartyID: fromNullText[string](row.PartyID), Kind: poa.ActorKind(row.Kind), Hash: hash,
		Scope: poa.TokenScope(row.Scope), CreatedAt: row.CreatedAt.UTC(), ExpiresAt: row.ExpiresAt.UTC(), RevokedAt: fromNullTime(row.RevokedAt), LastUsedAt: fromNullTime(row.LastUsedAt),
		ReplacedBy: fromNullText[string](row.ReplacedBy)}
	return token, r.openUnlessErased(ctx, ownerSubject(token.PartyID, token.AccountID), "api_tokens", token.ID, row.Sealed, &token.Name)
}

// Token reads a token.
func (r reader) Token(ctx context.Context, id string) (poa.Token, error) {
	var row tokenRow
	if err := r.q.NewSelect().Model(&row).Where("id = ?", id).Scan(ctx); err != nil {
		return poa.Token{}, failed(err, "reading token")
	}
	return r.toToken(ctx, row)
}

// ReplaceToken names a token's replacement and lets the token end at until, or
// earlier where it does so anyway; ErrConflict where it was replaced, withdrawn
// or over before.
func (t *tx) ReplaceToken(ctx context.Context, id, replacement string, until, now time.Time) error {
	q := t.q.NewUpdate().Model((*tokenRow)(nil)).Set("replaced_by = ?", replacement).
		Where("id = ?", id).Where("replaced_by IS NULL").Where("revoked_at IS NULL").Where("expires_at > ?", now.UTC())
	if until.After(now) {
		q = q.Set("expires_at = least(expires_at, ?::timestamptz)", until.UTC())
	} else {
		q = q.Set("revoked_at = ?", now.UTC()) // without an overlap it stops with this commit
	}
	res, err := q.Exec(ctx)
	return changed(res, err, "replacing token")
}

// TokensEnding lists tokens of parties that hold at now and end before the
// instant, were not replaced and of which no warning of so many days went out.
func (r reader) TokensEnding(ctx context.Context, now, before time.Time, daysAhead, limit int) ([]poa.Token, error) {
	var rows []tokenRow
	err := r.q.NewSelect().Model(&rows).Where("revoked_at IS NULL").Where("replaced_by IS NULL").Where("party_id IS NOT NULL").
		Where("expires_at > ?", now.UTC()).Where("expires_at <= ?", before.UTC()).
		Where("NOT EXISTS (SELECT FROM token_warnings w WHERE w.token_id = t.id AND w.days_ahead = ?)", daysAhead).
		OrderExpr("expires_at, id").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, failed(err, "reading tokens that end")
	}
	tokens := make([]poa.Token, len(rows))
	for i, row := range rows {
		if tokens[i], err = r.toToken(ctx, row); err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

// MarkTokenWarned records a warning; false where it went out before.
func (t *tx) MarkTokenWarned(ctx context.Context, tokenID string, daysAhead int, at time.Time) (bool, error) {
	res, err := t.q.ExecContext(ctx, "INSERT INTO token_warnings (token_id, days_ahead, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", tokenID, daysAhead, at.UTC())
	if err != nil {
		return false, failed(err, "recording warning")
	}
	n, err := res.RowsAffected()
	return n > 0, failed(err, "recording warning")
}
