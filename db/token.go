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

// Tokens lists a party's tokens, or those of a member of staff, newest first.
func (r reader) Tokens(ctx context.Context, ownerID string) ([]poa.Token, error) {
	var rows []tokenRow
	err := r.q.NewSelect().Model(&rows).Where("party_id = ? OR party_id IS NULL AND account_id = ?", ownerID, ownerID).
		Order("created_at DESC", "id DESC").Scan(ctx)
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
		Scope: poa.TokenScope(row.Scope), CreatedAt: row.CreatedAt.UTC(), ExpiresAt: row.ExpiresAt.UTC(), RevokedAt: fromNullTime(row.RevokedAt), LastUsedAt: fromNullTime(row.LastUsedAt)}
	return token, r.openUnlessErased(ctx, ownerSubject(token.PartyID, token.AccountID), "api_tokens", token.ID, row.Sealed, &token.Name)
}
