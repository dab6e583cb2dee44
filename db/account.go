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

type accountRow struct {
	bun.BaseModel `bun:"table:accounts,alias:a"`

	ID           string     `bun:"id,pk"`
	PartyID      *string    `bun:"party_id"`
	Kind         string     `bun:"kind"`
	Roles        []string   `bun:"roles,array"`
	Sealed       []byte     `bun:"sealed"`
	EmailHash    []byte     `bun:"email_hash"`
	PasswordHash *string    `bun:"password_hash"`
	Language     string     `bun:"language"`
	CreatedAt    time.Time  `bun:"created_at"`
	DisabledAt   *time.Time `bun:"disabled_at"`

	Member            *string    `bun:"member"`
	TOTPSince         *time.Time `bun:"totp_since"`
	TOTPStep          int64      `bun:"totp_step"`
	PasswordChangedAt *time.Time `bun:"password_changed_at"`
}

// accountPerson is what of an account is sealed.
type accountPerson struct {
	Name        string `json:"name"`
	Email       string `json:"email"`
	TOTPSecret  string `json:"totp,omitempty"`
	TOTPPending string `json:"pending,omitempty"`
}

func personOf(a poa.Account) accountPerson {
	return accountPerson{a.Name, a.Email, a.TOTPSecret, a.TOTPPending}
}

// ownerSubject is the party's data key, or the own one of a member of staff.
func ownerSubject(partyID, accountID string) Subject {
	if partyID == "" {
		return accountSubject(accountID)
	}
	return accountSubject(partyID)
}

// emailHash finds an address however its letters' case was typed.
func (r reader) emailHash(email string) []byte {
	return r.db.seal.Hash("email", strings.ToLower(strings.TrimSpace(email)))
}

// InsertAccount stores an account; EMAIL_TAKEN where the address signs in already.
func (t *tx) InsertAccount(ctx context.Context, a poa.Account) error {
	owner := ownerSubject(a.PartyID, a.ID)
	if err := t.db.seal.Create(ctx, owner); err != nil {
		return fmt.Errorf("inserting account: %w", err)
	}
	sealed, err := t.db.seal.SealJSON(ctx, owner, "accounts", "sealed", a.ID, personOf(a))
	if err != nil {
		return fmt.Errorf("inserting account: %w", err)
	}
	if a.Kind != poa.ActorStaff && a.Member == "" {
		a.Member = poa.MemberAdministrator // who registers a party
	}
	if a.TOTPSecret != "" && a.TOTPSince.IsZero() {
		a.TOTPSince = a.CreatedAt
	}
	row := accountRow{ID: a.ID, PartyID: nullText(a.PartyID), Kind: string(a.Kind), Roles: texts(a.Roles), Sealed: sealed, EmailHash: t.emailHash(a.Email),
		PasswordHash: nullText(a.PasswordHash), Language: a.Language, CreatedAt: a.CreatedAt.UTC(), DisabledAt: nullTime(a.DisabledAt),
		Member: nullText(a.Member), TOTPSince: nullTime(a.TOTPSince), PasswordChangedAt: nullTime(a.PasswordChangedAt)}
	_, err = t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting account")
}

// SetPassword stores the hash of a new password.
func (t *tx) SetPassword(ctx context.Context, accountID, hash string) error {
	res, err := t.q.NewUpdate().Model((*accountRow)(nil)).Set("password_hash = ?", hash).Set("password_changed_at = ?", t.db.clock.Now()).Where("id = ?", accountID).Exec(ctx)
	return touched(res, err, "setting password", poa.ErrNotFound)
}

// Account reads an account.
func (r reader) Account(ctx context.Context, id string) (poa.Account, error) {
	return r.oneAccount(ctx, "id = ?", id)
}

// AccountByEmail finds the account that signs in with an address.
func (r reader) AccountByEmail(ctx context.Context, email string) (poa.Account, error) {
	return r.oneAccount(ctx, "email_hash = ?", r.emailHash(email))
}

func (r reader) oneAccount(ctx context.Context, where string, value any) (poa.Account, error) {
	var row accountRow
	if err := r.q.NewSelect().Model(&row).Where(where, value).Scan(ctx); err != nil {
		return poa.Account{}, failed(err, "reading account")
	}
	return r.toAccount(ctx, row)
}

// Accounts lists a party's accounts, or all staff for "".
func (r reader) Accounts(ctx context.Context, partyID string) ([]poa.Account, error) {
	var rows []accountRow
	q := r.q.NewSelect().Model(&rows).Order("created_at", "id")
	if partyID == "" {
		q = q.Where("party_id IS NULL")
	} else {
		q = q.Where("party_id = ?", partyID)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, failed(err, "reading accounts")
	}
	accounts := make([]poa.Account, len(rows))
	for i, row := range rows {
		var err error
		if accounts[i], err = r.toAccount(ctx, row); err != nil {
			return nil, err
		}
	}
	return accounts, nil
}

func (r reader) toAccount(ctx context.Context, row accountRow) (poa.Account, error) {
	a := poa.Account{ID: row.ID, PartyID: fromNullText[string](row.PartyID), Kind: poa.ActorKind(row.Kind), Roles: fromTexts[poa.Role](row.Roles),
		PasswordHash: fromNullText[string](row.PasswordHash), Language: row.Language, CreatedAt: row.CreatedAt.UTC(), DisabledAt: fromNullTime(row.DisabledAt),
		Member: fromNullText[poa.MemberRole](row.Member), TOTPSince: fromNullTime(row.TOTPSince), PasswordChangedAt: fromNullTime(row.PasswordChangedAt)}
	var person accountPerson
	if err := r.openUnlessErased(ctx, ownerSubject(a.PartyID, a.ID), "accounts", a.ID, row.Sealed, &person); err != nil {
		return poa.Account{}, err
	}
	a.Name, a.Email, a.TOTPSecret, a.TOTPPending = person.Name, person.Email, person.TOTPSecret, person.TOTPPending
	return a, nil
}
