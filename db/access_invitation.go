// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

type invitationRow struct {
	bun.BaseModel `bun:"table:invitations,alias:i"`

	ID          string     `bun:"id,pk"`
	PartyID     string     `bun:"party_id"`
	Hash        []byte     `bun:"hash"`
	EmailHash   []byte     `bun:"email_hash"`
	Sealed      []byte     `bun:"sealed"`
	Member      string     `bun:"member"`
	Language    string     `bun:"language"`
	InvitedBy   string     `bun:"invited_by"`
	CreatedAt   time.Time  `bun:"created_at"`
	ExpiresAt   time.Time  `bun:"expires_at"`
	AcceptedAt  *time.Time `bun:"accepted_at"`
	WithdrawnAt *time.Time `bun:"withdrawn_at"`
	AccountID   *string    `bun:"account_id"`
}

const openInvitation = "accepted_at IS NULL AND withdrawn_at IS NULL"

// InsertInvitation stores one; ErrConflict where one to the address is open.
func (t *tx) InsertInvitation(ctx context.Context, i poa.Invitation) error {
	sealed, err := t.db.seal.Seal(ctx, accountSubject(i.PartyID), "invitations", "sealed", i.ID, []byte(i.Email))
	if err != nil {
		return fmt.Errorf("inserting invitation: %w", err)
	}
	row := invitationRow{ID: i.ID, PartyID: i.PartyID, Hash: i.Hash[:], EmailHash: t.emailHash(i.Email), Sealed: sealed, Member: string(i.Member),
		Language: i.Language, InvitedBy: i.InvitedBy, CreatedAt: i.CreatedAt.UTC(), ExpiresAt: i.ExpiresAt.UTC()}
	_, err = t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting invitation")
}

// RenewInvitation gives an open invitation a new link and time.
func (t *tx) RenewInvitation(ctx context.Context, id string, hash [32]byte, expires time.Time) error {
	res, err := t.q.NewUpdate().Model((*invitationRow)(nil)).Set("hash = ?", hash[:]).Set("expires_at = ?", expires.UTC()).Where("id = ?", id).Where(openInvitation).Exec(ctx)
	return changed(res, err, "renewing invitation")
}

// WithdrawInvitation closes an open invitation.
func (t *tx) WithdrawInvitation(ctx context.Context, id string, at time.Time) error {
	res, err := t.q.NewUpdate().Model((*invitationRow)(nil)).Set("withdrawn_at = ?", at.UTC()).Where("id = ?", id).Where(openInvitation).Exec(ctx)
	return changed(res, err, "withdrawing invitation")
}

// AcceptInvitation closes an open invitation that is not over.
func (t *tx) AcceptInvitation(ctx context.Context, id, accountID string, at time.Time) error {
	res, err := t.q.NewUpdate().Model((*invitationRow)(nil)).Set("accepted_at = ?", at.UTC()).Set("account_id = ?", accountID).
		Where("id = ? AND expires_at > ?", id, at.UTC()).Where(openInvitation).Exec(ctx)
	return changed(res, err, "accepting invitation")
}

// Invitations lists a party's open invitations, the oldest first; those that are
// over as well, since they can be sent again.
func (r reader) Invitations(ctx context.Context, partyID string) ([]poa.Invitation, error) {
	var rows []invitationRow
	if err := r.q.NewSelect().Model(&rows).Where("party_id = ?", partyID).Where(openInvitation).Order("created_at", "id").Limit(poa.MaxPage).Scan(ctx); err != nil {
		return nil, failed(err, "reading invitations")
	}
	all := make([]poa.Invitation, len(rows))
	for i, row := range rows {
		var err error
		if all[i], err = r.toInvitation(ctx, row); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Invitation reads an invitation.
func (r reader) Invitation(ctx context.Context, id string) (poa.Invitation, error) {
	return r.oneInvitation(ctx, "id = ?", id)
}

// InvitationByHash finds the invitation of a link.
func (r reader) InvitationByHash(ctx context.Context, hash [32]byte) (poa.Invitation, error) {
	return r.oneInvitation(ctx, "hash = ?", hash[:])
}

func (r reader) oneInvitation(ctx context.Context, where string, value any) (poa.Invitation, error) {
	var row invitationRow
	if err := r.q.NewSelect().Model(&row).Where(where, value).Scan(ctx); err != nil {
		return poa.Invitation{}, failed(err, "reading invitation")
	}
	return r.toInvitation(ctx, row)
}

func (r reader) toInvitation(ctx context.Context, row invitationRow) (poa.Invitation, error) {
	hash, err := fromDigest(row.Hash)
	if err != nil {
		return poa.Invitation{}, err
	}
	email, err := r.db.seal.Open(ctx, accountSubject(row.PartyID), "invitations", "sealed", row.ID, row.Sealed)
	return poa.Invitation{ID: row.ID, PartyID: row.PartyID, Hash: hash, Email: string(email), Member: poa.MemberRole(row.Member), Language: row.Language,
		InvitedBy: row.InvitedBy, CreatedAt: row.CreatedAt.UTC(), ExpiresAt: row.ExpiresAt.UTC(), AcceptedAt: fromNullTime(row.AcceptedAt), WithdrawnAt: fromNullTime(row.WithdrawnAt)}, err
}
