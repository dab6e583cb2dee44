// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

// LockAccount reads an account and locks its row.
func (t *tx) LockAccount(ctx context.Context, id string) (poa.Account, error) {
	var row accountRow
	if err := t.q.NewSelect().Model(&row).Where("id = ?", id).For("NO KEY UPDATE").Scan(ctx); err != nil {
		return poa.Account{}, failed(err, "locking account")
	}
	return t.toAccount(ctx, row)
}

// SetTOTP stores the secrets of the account's second factor. Whatever step was
// spent before stays spent: a new secret has other codes.
func (t *tx) SetTOTP(ctx context.Context, a poa.Account) error {
	sealed, err := t.db.seal.SealJSON(ctx, ownerSubject(a.PartyID, a.ID), "accounts", "sealed", a.ID, personOf(a))
	if err != nil {
		return fmt.Errorf("storing second factor: %w", err)
	}
	res, err := t.q.NewUpdate().Model((*accountRow)(nil)).Set("sealed = ?", sealed).Set("totp_since = ?", nullTime(a.TOTPSince)).
		Set("totp_step = CASE WHEN totp_since IS NOT DISTINCT FROM ?::timestamptz THEN totp_step ELSE 0 END", nullTime(a.TOTPSince)).
		Where("id = ?", a.ID).Exec(ctx)
	return touched(res, err, "storing second factor", poa.ErrNotFound)
}

// UseTOTPStep spends a time step, once, and every earlier one.
func (t *tx) UseTOTPStep(ctx context.Context, accountID string, step int64) error {
	res, err := t.q.NewUpdate().Model((*accountRow)(nil)).Set("totp_step = ?", step).Where("id = ? AND totp_step < ?", accountID, step).Exec(ctx)
	return changed(res, err, "spending a code")
}

// SetMember changes what a member may do for its party.
func (t *tx) SetMember(ctx context.Context, accountID string, role poa.MemberRole) error {
	res, err := t.q.NewUpdate().Model((*accountRow)(nil)).Set("member = ?", string(role)).Where("id = ? AND kind <> 'STAFF'", accountID).Exec(ctx)
	return touched(res, err, "changing a member's role", poa.ErrNotFound)
}

// DisableAccount ends an account from the instant on.
func (t *tx) DisableAccount(ctx context.Context, accountID string, at time.Time) error {
	res, err := t.q.NewUpdate().Model((*accountRow)(nil)).Set("disabled_at = ?", at.UTC()).Where("id = ? AND disabled_at IS NULL", accountID).Exec(ctx)
	return changed(res, err, "disabling account")
}

// ReviveAccount gives a disabled account its name, role and password anew; its
// second factors are gone.
func (t *tx) ReviveAccount(ctx context.Context, a poa.Account) error {
	sealed, err := t.db.seal.SealJSON(ctx, ownerSubject(a.PartyID, a.ID), "accounts", "sealed", a.ID, personOf(a))
	if err != nil {
		return fmt.Errorf("reviving account: %w", err)
	}
	res, err := t.q.NewUpdate().Model((*accountRow)(nil)).Set("sealed = ?", sealed).Set("member = ?", string(a.Member)).Set("password_hash = ?", a.PasswordHash).
		Set("password_changed_at = ?", t.db.clock.Now()).Set("totp_since = NULL").Set("totp_step = 0").Set("disabled_at = NULL").
		Where("id = ? AND party_id = ? AND disabled_at IS NOT NULL", a.ID, a.PartyID).Exec(ctx)
	if err := changed(res, err, "reviving account"); err != nil {
		return err
	}
	if err := t.DeletePasskeys(ctx, a.ID); err != nil {
		return err
	}
	return t.ReplaceRecoveryCodes(ctx, a.ID, nil, t.db.clock.Now())
}

// RevokeTokensOf withdraws every token of an account.
func (t *tx) RevokeTokensOf(ctx context.Context, accountID string, at time.Time) error {
	_, err := t.q.NewUpdate().Model((*tokenRow)(nil)).Set("revoked_at = ?", at.UTC()).Where("account_id = ? AND revoked_at IS NULL", accountID).Exec(ctx)
	return failed(err, "revoking tokens")
}

// CloseLinks uses up every open link of the purpose to the subject.
func (t *tx) CloseLinks(ctx context.Context, purpose poa.LinkPurpose, subjectID string, at time.Time) error {
	_, err := t.q.NewUpdate().Model((*linkRow)(nil)).Set("used_at = ?", at.UTC()).
		Where("purpose = ? AND subject_id = ? AND used_at IS NULL", string(purpose), subjectID).Exec(ctx)
	return failed(err, "closing links")
}

// SetSecondFactorObligatory stores whether every member must have a second factor.
func (t *tx) SetSecondFactorObligatory(ctx context.Context, partyID string, obligatory bool) error {
	res, err := t.q.NewRaw("UPDATE parties SET second_factor = ? WHERE id = ?", obligatory, partyID).Exec(ctx)
	return touched(res, err, "obliging members", poa.ErrNotFound)
}

// SecondFactorObligatory tells whether every member must have a second factor.
func (r reader) SecondFactorObligatory(ctx context.Context, partyID string) (bool, error) {
	var obligatory bool
	err := r.q.NewRaw("SELECT second_factor FROM parties WHERE id = ?", partyID).Scan(ctx, &obligatory)
	return obligatory, failed(err, "reading obligation")
}

type deviceRow struct {
	bun.BaseModel `bun:"table:devices,alias:d"`

	Hash      []byte    `bun:"hash,pk"`
	AccountID string    `bun:"account_id,pk"`
	CreatedAt time.Time `bun:"created_at"`
	SeenAt    time.Time `bun:"seen_at"`
}

// TrustDevice notes that the account signed in in a browser.
func (t *tx) TrustDevice(ctx context.Context, accountID string, hash [32]byte, at time.Time) error {
	row := deviceRow{Hash: hash[:], AccountID: accountID, CreatedAt: at.UTC(), SeenAt: at.UTC()}
	if _, err := t.q.NewInsert().Model(&row).On("CONFLICT (account_id, hash) DO UPDATE").Set("seen_at = EXCLUDED.seen_at").Exec(ctx); err != nil {
		return failed(err, "noting device")
	}
	_, err := t.q.NewRaw("DELETE FROM devices WHERE account_id = ?0 AND hash IN (SELECT hash FROM devices WHERE account_id = ?0 ORDER BY seen_at DESC, hash OFFSET ?1)",
		accountID, poa.MaxDevices).Exec(ctx)
	return failed(err, "forgetting devices")
}

// DistrustDevices forgets the browsers that an account is known in.
func (t *tx) DistrustDevices(ctx context.Context, accountID string) error {
	_, err := t.q.NewDelete().Model((*deviceRow)(nil)).Where("account_id = ?", accountID).Exec(ctx)
	return failed(err, "forgetting devices")
}

// KnowsDevice tells whether the account signed in in this browser, and in any.
func (r reader) KnowsDevice(ctx context.Context, accountID string, hash [32]byte) (this, any bool, err error) {
	var row struct{ This, Any bool }
	err = r.q.NewRaw("SELECT coalesce(bool_or(hash = ?), false) AS this, count(*) > 0 AS any FROM devices WHERE account_id = ?", hash[:], accountID).Scan(ctx, &row)
	return row.This, row.Any, failed(err, "reading devices")
}
