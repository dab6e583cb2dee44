// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

type passkeyRow struct {
	bun.BaseModel `bun:"table:passkeys,alias:k"`

	ID             string     `bun:"id,pk"`
	AccountID      string     `bun:"account_id"`
	CredentialHash []byte     `bun:"credential_hash"`
	Sealed         []byte     `bun:"sealed"`
	SignCount      int64      `bun:"sign_count"`
	CreatedAt      time.Time  `bun:"created_at"`
	LastUsedAt     *time.Time `bun:"last_used_at"`
}

// passkeySecrets is what of a passkey is sealed.
type passkeySecrets struct {
	Name         string `json:"name"`
	CredentialID []byte `json:"credentialId"`
	Record       []byte `json:"record"`
}

func (t *tx) sealPasskey(ctx context.Context, p poa.Passkey) ([]byte, error) {
	return t.db.seal.SealJSON(ctx, ownerSubject(p.PartyID, p.AccountID), "passkeys", "sealed", p.ID, passkeySecrets{p.Name, p.CredentialID, p.Record})
}

// InsertPasskey stores a passkey; ErrConflict where the credential is known.
func (t *tx) InsertPasskey(ctx context.Context, p poa.Passkey) error {
	sealed, err := t.sealPasskey(ctx, p)
	if err != nil {
		return fmt.Errorf("inserting passkey: %w", err)
	}
	row := passkeyRow{ID: p.ID, AccountID: p.AccountID, CredentialHash: t.db.seal.Hash("passkey", string(p.CredentialID)), Sealed: sealed,
		SignCount: int64(p.SignCount), CreatedAt: p.CreatedAt.UTC(), LastUsedAt: nullTime(p.LastUsedAt)}
	_, err = t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting passkey")
}

// UsePasskey notes a use. A counter that counts must grow; authenticators that
// do not count stay at 0.
func (t *tx) UsePasskey(ctx context.Context, p poa.Passkey, at time.Time) error {
	sealed, err := t.sealPasskey(ctx, p)
	if err != nil {
		return fmt.Errorf("noting a passkey's use: %w", err)
	}
	res, err := t.q.NewUpdate().Model((*passkeyRow)(nil)).Set("sealed = ?", sealed).Set("sign_count = ?", int64(p.SignCount)).Set("last_used_at = ?", at.UTC()).
		Where("id = ? AND account_id = ?", p.ID, p.AccountID).Where("sign_count < ?0 OR sign_count = 0 AND ?0 = 0", int64(p.SignCount)).Exec(ctx)
	return changed(res, err, "noting a passkey's use")
}

// DeletePasskey removes a passkey of the account.
func (t *tx) DeletePasskey(ctx context.Context, accountID, id string) error {
	res, err := t.q.NewDelete().Model((*passkeyRow)(nil)).Where("id = ? AND account_id = ?", id, accountID).Exec(ctx)
	return touched(res, err, "removing passkey", poa.ErrNotFound)
}

// DeletePasskeys removes every passkey of the account.
func (t *tx) DeletePasskeys(ctx context.Context, accountID string) error {
	_, err := t.q.NewDelete().Model((*passkeyRow)(nil)).Where("account_id = ?", accountID).Exec(ctx)
	return failed(err, "removing passkeys")
}

// Passkeys lists an account's passkeys, the oldest first.
func (r reader) Passkeys(ctx context.Context, accountID string) ([]poa.Passkey, error) {
	var rows []struct {
		passkeyRow `bun:",extend"`
		PartyID    *string
	}
	err := r.q.NewSelect().TableExpr("passkeys AS k").Join("JOIN accounts AS a ON a.id = k.account_id").ColumnExpr("k.*, a.party_id").
		Where("k.account_id = ?", accountID).OrderExpr("k.created_at, k.id").Scan(ctx, &rows)
	if err != nil {
		return nil, failed(err, "reading passkeys")
	}
	passkeys := make([]poa.Passkey, len(rows))
	for i, row := range rows {
		p := poa.Passkey{ID: row.ID, AccountID: accountID, PartyID: fromNullText[string](row.PartyID), SignCount: uint32(row.SignCount), CreatedAt: row.CreatedAt.UTC(), LastUsedAt: fromNullTime(row.LastUsedAt)}
		var secrets passkeySecrets
		if err := r.openUnlessErased(ctx, ownerSubject(p.PartyID, accountID), "passkeys", p.ID, row.Sealed, &secrets); err != nil {
			return nil, err
		}
		p.Name, p.CredentialID, p.Record = secrets.Name, secrets.CredentialID, secrets.Record
		passkeys[i] = p
	}
	return passkeys, nil
}

type recoveryRow struct {
	bun.BaseModel `bun:"table:recovery_codes,alias:c"`

	AccountID string     `bun:"account_id,pk"`
	Hash      []byte     `bun:"hash,pk"`
	CreatedAt time.Time  `bun:"created_at"`
	UsedAt    *time.Time `bun:"used_at"`
}

func (r reader) recoveryHash(accountID, code string) []byte {
	return r.db.seal.Hash("recovery", accountID+"/"+code)
}

// ReplaceRecoveryCodes keeps the keyed hashes of the codes, of no others.
func (t *tx) ReplaceRecoveryCodes(ctx context.Context, accountID string, codes []string, at time.Time) error {
	if _, err := t.q.NewDelete().Model((*recoveryRow)(nil)).Where("account_id = ?", accountID).Exec(ctx); err != nil || len(codes) == 0 {
		return failed(err, "removing recovery codes")
	}
	rows := make([]recoveryRow, len(codes))
	for i, code := range codes {
		rows[i] = recoveryRow{AccountID: accountID, Hash: t.recoveryHash(accountID, code), CreatedAt: at.UTC()}
	}
	_, err := t.q.NewInsert().Model(&rows).Exec(ctx)
	return failed(err, "inserting recovery codes")
}

// UseRecoveryCode spends a code, once.
func (t *tx) UseRecoveryCode(ctx context.Context, accountID, code string, at time.Time) error {
	res, err := t.q.NewUpdate().Model((*recoveryRow)(nil)).Set("used_at = ?", at.UTC()).
		Where("account_id = ? AND hash = ? AND used_at IS NULL", accountID, t.recoveryHash(accountID, code)).Exec(ctx)
	return changed(res, err, "spending a recovery code")
}

// RecoveryCodesLeft counts the unused codes.
func (r reader) RecoveryCodesLeft(ctx context.Context, accountID string) (int, error) {
	n, err := r.q.NewSelect().Model((*recoveryRow)(nil)).Where("account_id = ? AND used_at IS NULL", accountID).Count(ctx)
	return int(n), failed(err, "counting recovery codes")
}
