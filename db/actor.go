// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"

	"ininjo/poa"
)

// usedEvery is how exactly a token's last use is kept: one write per token and
// hour instead of one per request.
const usedEvery = time.Hour

type actorRow struct {
	ID         string
	PartyID    *string
	Kind       string
	Roles      []string `bun:",array"`
	Member     *string
	Language   string
	Scope      string
	TokenID    string
	LastUsedAt *time.Time
}

func (r actorRow) actor() poa.Actor {
	return poa.Actor{Kind: poa.ActorKind(r.Kind), ID: r.ID, PartyID: fromNullText[string](r.PartyID), Roles: fromTexts[poa.Role](r.Roles),
		Member: fromNullText[poa.MemberRole](r.Member), Language: r.Language, TokenID: r.TokenID}
}

// tokenHolds is of a token t, neither withdrawn nor over at $2, of an account a
// that is not disabled.
const tokenHolds = "t.revoked_at IS NULL AND t.expires_at > $2 AND (a.disabled_at IS NULL OR a.disabled_at > $2)"

// ActorByToken finds the actor of a token that holds at now: neither withdrawn
// nor over, of an account that is not disabled.
func (d *DB) ActorByToken(ctx context.Context, hash [32]byte, now time.Time) (poa.Actor, poa.TokenScope, error) {
	rows, err := d.pool.Query(ctx, `SELECT a.id, a.party_id, a.kind, a.roles, a.member, a.language, t.scope, t.id, t.last_used_at
		FROM api_tokens t JOIN accounts a ON a.id = t.account_id WHERE t.hash = $1 AND `+tokenHolds, hash[:], now.UTC())
	if err != nil {
		return poa.Actor{}, "", failed(err, "reading token")
	}
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[actorRow])
	if err != nil {
		return poa.Actor{}, "", failed(err, "reading token")
	}
	if err := d.noteUse(ctx, row, now); err != nil {
		return poa.Actor{}, "", err
	}
	return row.actor(), poa.TokenScope(row.Scope), nil
}

// Holding returns those of the tokens that hold now.
func (d *DB) Holding(ctx context.Context, tokenIDs []string) (map[string]bool, error) {
	now := d.clock.Now().UTC()
	rows, err := d.pool.Query(ctx, `SELECT t.id FROM api_tokens t JOIN accounts a ON a.id = t.account_id WHERE t.id = ANY ($1) AND `+tokenHolds, tokenIDs, now)
	if err != nil {
		return nil, failed(err, "reading tokens")
	}
	held, err := pgx.CollectRows(rows, pgx.RowTo[string])
	holding := make(map[string]bool, len(held))
	for _, id := range held {
		holding[id] = true
	}
	return holding, failed(err, "reading tokens")
}

func (d *DB) noteUse(ctx context.Context, row actorRow, now time.Time) error {
	if now.Sub(fromNullTime(row.LastUsedAt)) < usedEvery {
		return nil
	}
	_, err := d.bun.NewUpdate().Model((*tokenRow)(nil)).Set("last_used_at = ?", now.UTC()).
		Where("id = ? AND (last_used_at IS NULL OR last_used_at < ?)", row.TokenID, now.UTC()).Exec(ctx)
	return failed(err, "noting a token's use")
}

// ActorByAccount finds the actor of a signed-in account that is not disabled.
func (d *DB) ActorByAccount(ctx context.Context, accountID string) (poa.Actor, error) {
	var row actorRow
	err := d.bun.NewSelect().TableExpr("accounts AS a").ColumnExpr("a.id, a.party_id, a.kind, a.roles, a.member, a.language").
		Where("a.id = ? AND (a.disabled_at IS NULL OR a.disabled_at > ?)", accountID, d.clock.Now()).Scan(ctx, &row)
	return row.actor(), failed(err, "reading account")
}

type linkRow struct {
	bun.BaseModel `bun:"table:links,alias:l"`

	ID           string     `bun:"id,pk"`
	Hash         []byte     `bun:"hash"`
	Purpose      string     `bun:"purpose"`
	DelegationID *string    `bun:"delegation_id"`
	SubjectID    *string    `bun:"subject_id"`
	CreatedAt    time.Time  `bun:"created_at"`
	ExpiresAt    time.Time  `bun:"expires_at"`
	UsedAt       *time.Time `bun:"used_at"`
}

// ActorByLink finds who comes by a link that is not over at now: the delegate
// of its delegation, or somebody unknown who reads a mailbox. A link that was
// used up is found, too, since its act may be repeated with the same key.
func (d *DB) ActorByLink(ctx context.Context, hash [32]byte, now time.Time) (poa.Actor, error) {
	var row linkRow
	err := d.bun.NewSelect().Model(&row).Where("hash = ? AND expires_at > ?", hash[:], now.UTC()).Scan(ctx)
	if err != nil {
		return poa.Actor{}, failed(err, "reading link")
	}
	actor := poa.Actor{Kind: poa.ActorAnonymous, ID: row.ID, LinkID: row.ID, Purpose: poa.LinkPurpose(row.Purpose), LinkUsed: row.UsedAt != nil, Language: "ja"}
	if row.DelegationID != nil {
		actor.Kind, actor.DelegationID = poa.ActorDelegate, poa.DelegationID(*row.DelegationID)
	}
	return actor, nil
}

// InsertLink stores a one-time link's hash.
func (t *tx) InsertLink(ctx context.Context, l poa.Link) error {
	row := linkRow{ID: l.ID, Hash: l.Hash[:], Purpose: string(l.Purpose), DelegationID: nullText(l.DelegationID), SubjectID: nullText(l.SubjectID),
		CreatedAt: l.CreatedAt.UTC(), ExpiresAt: l.ExpiresAt.UTC(), UsedAt: nullTime(l.UsedAt)}
	_, err := t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting link")
}

// UseLink marks a link as used; ErrConflict where it was used or is over.
func (t *tx) UseLink(ctx context.Context, id string, at time.Time) error {
	res, err := t.q.NewUpdate().Model((*linkRow)(nil)).Set("used_at = ?", at.UTC()).
		Where("id = ? AND used_at IS NULL AND expires_at > ?", id, at.UTC()).Exec(ctx)
	return changed(res, err, "using link")
}

// Link reads a link.
func (r reader) Link(ctx context.Context, id string) (poa.Link, error) {
	var row linkRow
	if err := r.q.NewSelect().Model(&row).Where("id = ?", id).Scan(ctx); err != nil {
		return poa.Link{}, failed(err, "reading link")
	}
	hash, err := fromDigest(row.Hash)
	return poa.Link{ID: row.ID, Hash: hash, Purpose: poa.LinkPurpose(row.Purpose), DelegationID: fromNullText[poa.DelegationID](row.DelegationID),
		SubjectID: fromNullText[string](row.SubjectID), CreatedAt: row.CreatedAt.UTC(), ExpiresAt: row.ExpiresAt.UTC(), UsedAt: fromNullTime(row.UsedAt)}, err
}
