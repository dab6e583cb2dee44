// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

type suppressionRow struct {
	bun.BaseModel `bun:"table:mail_suppressions,alias:s"`

	ID           string     `bun:"id,pk"`
	EmailHash    []byte     `bun:"email_hash"`
	PartyID      *string    `bun:"party_id"`
	DelegationID *string    `bun:"delegation_id"`
	Sealed       []byte     `bun:"sealed"`
	Reason       string     `bun:"reason"`
	Status       string     `bun:"status"`
	At           time.Time  `bun:"at"`
	LiftedAt     *time.Time `bun:"lifted_at"`
}

// suppressionHash finds an address without keeping it.
func (r reader) suppressionHash(email string) []byte {
	return r.db.seal.Hash("suppression", strings.ToLower(strings.TrimSpace(email)))
}

// BounceMAC is the keyed hash by which a return path proves itself.
func (r reader) BounceMAC(mailID string) []byte { return r.db.seal.Hash("bounce", mailID) }

// FailMail records why a message did not arrive, once.
func (t *tx) FailMail(ctx context.Context, id string, why poa.MailFailure, status string, at time.Time) error {
	res, err := t.q.NewUpdate().Model((*mailRow)(nil)).Set("failed_at = ?", at.UTC()).Set("failure = ?", string(why)).Set("failure_status = ?", status).
		Where("id = ?", id).Where("failed_at IS NULL").Exec(ctx)
	return changed(res, err, "recording mail")
}

// InsertBounce stores a server's report, each message's once of a kind.
func (t *tx) InsertBounce(ctx context.Context, m poa.Mail, status string, at time.Time) error {
	_, err := t.q.ExecContext(ctx, `INSERT INTO mail_bounces (mail_id, permanent, email_hash, party_id, delegation_id, status, at)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (mail_id, permanent) DO NOTHING`,
		m.ID, strings.HasPrefix(status, "5."), t.suppressionHash(m.To), nullText(m.PartyID), nullText(m.DelegationID), status, at.UTC())
	return failed(err, "storing report")
}

// Suppress puts an address under suppression; nothing where it is.
func (t *tx) Suppress(ctx context.Context, s poa.Suppression) error {
	sealed, err := t.db.seal.Seal(ctx, mailSubject(s.PartyID, s.DelegationID), "mail_suppressions", "sealed", s.ID, []byte(s.Email))
	if err != nil {
		return err
	}
	row := suppressionRow{ID: s.ID, EmailHash: t.suppressionHash(s.Email), PartyID: nullText(s.PartyID), DelegationID: nullText(s.DelegationID), Sealed: sealed,
		Reason: string(s.Reason), Status: s.Status, At: s.At.UTC()}
	_, err = t.q.NewInsert().Model(&row).On("CONFLICT (email_hash) WHERE lifted_at IS NULL DO NOTHING").Exec(ctx)
	return failed(err, "suppressing address")
}

// LiftSuppression ends an address's suppression; false where it is under none.
func (t *tx) LiftSuppression(ctx context.Context, email string, at time.Time) (bool, error) {
	res, err := t.q.NewUpdate().Model((*suppressionRow)(nil)).Set("lifted_at = greatest(at, ?)", at.UTC()).
		Where("email_hash = ?", t.suppressionHash(email)).Where("lifted_at IS NULL").Exec(ctx)
	if err != nil {
		return false, failed(err, "lifting suppression")
	}
	n, err := res.RowsAffected()
	return n > 0, failed(err, "lifting suppression")
}

// SuppressedSince tells of each of the addresses under suppression since when.
func (r reader) SuppressedSince(ctx context.Context, emails []string) (map[string]time.Time, error) {
	since := map[string]time.Time{}
	if len(emails) == 0 {
		return since, nil
	}
	hashes, byHash := make([][]byte, len(emails)), map[string][]string{}
	for i, email := range emails {
		hashes[i] = r.suppressionHash(email)
		byHash[string(hashes[i])] = append(byHash[string(hashes[i])], email)
	}
	var rows []suppressionRow
	if err := r.q.NewSelect().Model(&rows).Column("email_hash", "at").Where("email_hash IN (?)", bun.List(hashes)).Where("lifted_at IS NULL").Scan(ctx); err != nil {
		return nil, failed(err, "reading suppressions")
	}
	for _, row := range rows {
		for _, email := range byHash[string(row.EmailHash)] {
			since[email] = row.At.UTC()
		}
	}
	return since, nil
}

// Suppressions lists addresses under suppression, the newest first.
func (r reader) Suppressions(ctx context.Context, p poa.Page) (poa.List[poa.Suppression], error) {
	filtered := func(rows *[]suppressionRow) *bun.SelectQuery {
		return r.q.NewSelect().Model(rows).Where("s.lifted_at IS NULL")
	}
	place := func(row suppressionRow) cursor { return cursor{At: row.At.UTC(), ID: row.ID} }
	return paged(ctx, filtered, ordering{column: "s.at", id: "s.id"}, p, place, r.toSuppression)
}

func (r reader) toSuppression(ctx context.Context, row suppressionRow) (poa.Suppression, error) {
	s := poa.Suppression{ID: row.ID, PartyID: fromNullText[string](row.PartyID), DelegationID: fromNullText[poa.DelegationID](row.DelegationID),
		Reason: poa.SuppressionReason(row.Reason), Status: row.Status, At: row.At.UTC()}
	var err error
	s.Email, err = r.textUnlessErased(ctx, mailSubject(s.PartyID, s.DelegationID), "mail_suppressions", row.ID, row.Sealed)
	return s, err
}

// TemporaryBounces counts an address's messages that a server gave up for now.
func (r reader) TemporaryBounces(ctx context.Context, email string, since time.Time) (int, error) {
	var n int
	hash := r.suppressionHash(email)
	err := r.q.QueryRowContext(ctx, `SELECT count(*) FROM mail_bounces WHERE email_hash = ? AND NOT permanent
		AND at > greatest(?, (SELECT max(lifted_at) FROM mail_suppressions WHERE email_hash = ?))`, hash, since.UTC(), hash).Scan(&n)
	return n, failed(err, "counting reports")
}
