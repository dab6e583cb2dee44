// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

type letterRow struct {
	bun.BaseModel `bun:"table:letters,alias:l"`

	ID             string     `bun:"id,pk"`
	PartyID        string     `bun:"party_id"`
	AnnouncementID string     `bun:"announcement_id"`
	Sealed         []byte     `bun:"sealed"`
	Language       string     `bun:"language"`
	Reason         string     `bun:"reason"`
	CreatedAt      time.Time  `bun:"created_at"`
	PrintedAt      *time.Time `bun:"printed_at"`
	PrintedBy      *string    `bun:"printed_by"`
	PostedAt       *time.Time `bun:"posted_at"`
	PostedBy       *string    `bun:"posted_by"`
}

// InsertLetter stores a letter, once for a party and an announcement; false
// where there is one.
func (t *tx) InsertLetter(ctx context.Context, l poa.Letter) (bool, error) {
	if err := t.db.seal.Create(ctx, accountOf(l.PartyID)); err != nil {
		return false, err
	}
	sealed, err := t.db.seal.SealJSON(ctx, accountOf(l.PartyID), "letters", "sealed", l.ID, l.To)
	if err != nil {
		return false, err
	}
	row := letterRow{ID: l.ID, PartyID: l.PartyID, AnnouncementID: l.AnnouncementID, Sealed: sealed, Language: l.Language, Reason: string(l.Reason), CreatedAt: l.CreatedAt.UTC()}
	res, err := t.q.NewInsert().Model(&row).On("CONFLICT (party_id, announcement_id) DO NOTHING").Exec(ctx)
	err = changed(res, err, "inserting letter")
	if errors.Is(err, poa.ErrConflict) {
		return false, nil
	}
	return err == nil, err
}

// LockLetters reads letters in the order of their IDs and locks their rows.
func (t *tx) LockLetters(ctx context.Context, ids []string) ([]poa.Letter, error) {
	var rows []letterRow
	if err := t.q.NewSelect().Model(&rows).Where("id IN (?)", bun.List(ids)).OrderExpr("id").For("NO KEY UPDATE").Scan(ctx); err != nil {
		return nil, failed(err, "locking letters")
	}
	letters := make([]poa.Letter, len(rows))
	for i, row := range rows {
		var err error
		if letters[i], err = t.toLetter(ctx, row); err != nil {
			return nil, err
		}
	}
	return letters, nil
}

// MarkPrinted records who first printed letters.
func (t *tx) MarkPrinted(ctx context.Context, ids []string, by string, at time.Time) error {
	_, err := t.q.NewUpdate().Model((*letterRow)(nil)).Set("printed_at = ?", at.UTC()).Set("printed_by = ?", by).Where("id IN (?)", bun.List(ids)).Where("printed_at IS NULL").Exec(ctx)
	return failed(err, "marking letters as printed")
}

// MarkPosted records who posted letters, all or none.
func (t *tx) MarkPosted(ctx context.Context, ids []string, by string, at time.Time) error {
	res, err := t.q.NewUpdate().Model((*letterRow)(nil)).Set("posted_at = ?", at.UTC()).Set("posted_by = ?", by).
		Where("id IN (?)", bun.List(ids)).Where("posted_at IS NULL AND printed_at IS NOT NULL").Exec(ctx)
	if err != nil {
		return failed(err, "marking letters as posted")
	}
	if n, err := res.RowsAffected(); err != nil || int(n) != len(ids) {
		return errors.Join(failed(err, "marking letters as posted"), poa.ErrConflict)
	}
	_, err = t.q.ExecContext(ctx, `UPDATE announcement_parties p SET posted_at = ? FROM letters l
		WHERE l.id IN (?) AND p.announcement_id = l.announcement_id AND p.party_id = l.party_id AND p.posted_at IS NULL`, at.UTC(), bun.List(ids))
	return failed(err, "recording who was written to")
}

// OtherMails counts the messages of an announcement to a party that did not fail.
func (t *tx) OtherMails(ctx context.Context, announcementID, partyID string) (int, error) {
	n, err := t.q.NewSelect().Model((*mailRow)(nil)).Where("announcement_id = ?", announcementID).Where("party_id = ?", partyID).Where("failed_at IS NULL").Count(ctx)
	return int(n), failed(err, "counting mails")
}

// Letter reads a letter.
func (r reader) Letter(ctx context.Context, id string) (poa.Letter, error) {
	var row letterRow
	if err := r.q.NewSelect().Model(&row).Where("id = ?", id).Scan(ctx); err != nil {
		return poa.Letter{}, failed(err, "reading letter")
	}
	return r.toLetter(ctx, row)
}

// toLetter opens a row. An erased addressee is empty.
func (r reader) toLetter(ctx context.Context, row letterRow) (poa.Letter, error) {
	l := poa.Letter{ID: row.ID, PartyID: row.PartyID, AnnouncementID: row.AnnouncementID, Language: row.Language, Reason: poa.LetterReason(row.Reason), CreatedAt: row.CreatedAt.UTC(),
		PrintedAt: fromNullTime(row.PrintedAt), PrintedBy: fromNullText[string](row.PrintedBy), PostedAt: fromNullTime(row.PostedAt), PostedBy: fromNullText[string](row.PostedBy)}
	err := r.db.seal.OpenJSON(ctx, accountOf(row.PartyID), "letters", "sealed", row.ID, row.Sealed, &l.To)
	if errors.Is(err, ErrErased) {
		return l, nil
	}
	return l, err
}

// letterStates says how a state is found.
var letterStates = map[poa.LetterState]string{poa.LetterWaiting: "l.printed_at IS NULL", poa.LetterPrinted: "l.printed_at IS NOT NULL AND l.posted_at IS NULL", poa.LetterPosted: "l.posted_at IS NOT NULL"}

// Letters lists letters, the oldest first.
func (r reader) Letters(ctx context.Context, f poa.LetterFilter, p poa.Page) (poa.List[poa.Letter], error) {
	filtered := func(rows *[]letterRow) *bun.SelectQuery {
		q := r.q.NewSelect().Model(rows)
		if where := letterStates[f.State]; where != "" {
			q = q.Where(where)
		}
		for column, value := range map[string]string{"l.reason": string(f.Reason), "l.announcement_id": f.AnnouncementID, "l.party_id": f.PartyID} {
			if value != "" {
				q = q.Where("? = ?", bun.Ident(column), value)
			}
		}
		return q
	}
	place := func(row letterRow) cursor { return cursor{At: row.CreatedAt.UTC(), ID: row.ID} }
	return paged(ctx, filtered, ordering{column: "l.created_at", id: "l.id", ascending: true}, p, place, r.toLetter)
}
