// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

type titleRow struct {
	bun.BaseModel `bun:"table:titles,alias:t"`

	DelegationID  string     `bun:"delegation_id,pk"`
	Qualification string     `bun:"qualification"`
	State         string     `bun:"state"`
	Round         int        `bun:"round"`
	OpenedAt      time.Time  `bun:"opened_at"`
	AskAt         time.Time  `bun:"ask_at"`
	Engaged       bool       `bun:"engaged"`
	VerifiedAt    *time.Time `bun:"verified_at"`
	DueAt         *time.Time `bun:"due_at"`
	SuspensionID  string     `bun:"suspension_id"`
}

func (r titleRow) title() poa.Title {
	return poa.Title{DelegationID: poa.DelegationID(r.DelegationID), Qualification: poa.Qualification(r.Qualification), State: poa.TitleState(r.State), Round: r.Round,
		OpenedAt: r.OpenedAt.UTC(), AskAt: r.AskAt.UTC(), Engaged: r.Engaged, VerifiedAt: fromNullTime(r.VerifiedAt), DueAt: fromNullTime(r.DueAt), SuspensionID: r.SuspensionID}
}

func titleRowOf(t poa.Title) titleRow {
	return titleRow{DelegationID: string(t.DelegationID), Qualification: string(t.Qualification), State: string(t.State), Round: t.Round, OpenedAt: t.OpenedAt.UTC(),
		AskAt: t.AskAt.UTC(), Engaged: t.Engaged, VerifiedAt: nullTime(t.VerifiedAt), DueAt: nullTime(t.DueAt), SuspensionID: t.SuspensionID}
}

// roundRow is a round: the key lets it be opened once.
type roundRow struct {
	bun.BaseModel `bun:"table:title_rounds,alias:o"`

	DelegationID string    `bun:"delegation_id,pk"`
	Round        int       `bun:"round,pk"`
	OpenedAt     time.Time `bun:"opened_at"`
	AskAt        time.Time `bun:"ask_at"`
}

func (t *tx) insertRound(ctx context.Context, title poa.Title) error {
	row := roundRow{DelegationID: string(title.DelegationID), Round: title.Round, OpenedAt: title.OpenedAt.UTC(), AskAt: title.AskAt.UTC()}
	_, err := t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "opening round")
}

// OpenTitle stores a filing's title with its first round.
func (t *tx) OpenTitle(ctx context.Context, title poa.Title) error {
	row := titleRowOf(title)
	if _, err := t.q.NewInsert().Model(&row).Exec(ctx); err != nil {
		return failed(err, "opening title")
	}
	return t.insertRound(ctx, title)
}

// LockTitle reads a title and locks its row.
func (t *tx) LockTitle(ctx context.Context, id poa.DelegationID) (poa.Title, error) {
	var row titleRow
	err := t.q.NewSelect().Model(&row).Where("t.delegation_id = ?", string(id)).For("NO KEY UPDATE").Scan(ctx)
	return row.title(), failed(err, "locking title")
}

// UpdateTitle stores a title of the round that it had when it was locked.
func (t *tx) UpdateTitle(ctx context.Context, title poa.Title) error {
	return t.updateTitle(ctx, title, title.Round)
}

// NextRound stores a title that is asked for again.
func (t *tx) NextRound(ctx context.Context, title poa.Title) error {
	if err := t.updateTitle(ctx, title, title.Round-1); err != nil {
		return err
	}
	return t.insertRound(ctx, title)
}

func (t *tx) updateTitle(ctx context.Context, title poa.Title, round int) error {
	row := titleRowOf(title)
	res, err := t.q.NewUpdate().Model(&row).Column("state", "round", "opened_at", "ask_at", "engaged", "verified_at", "due_at", "suspension_id").
		Where("delegation_id = ?", row.DelegationID).Where("round = ?", round).Exec(ctx)
	return changed(res, err, "updating title")
}

// Title returns a title.
func (r reader) Title(ctx context.Context, id poa.DelegationID) (poa.Title, error) {
	var row titleRow
	err := r.q.NewSelect().Model(&row).Where("t.delegation_id = ?", string(id)).Scan(ctx)
	return row.title(), failed(err, "reading title")
}

// Titles lists titles in the order in which they are to be asked, or were.
func (r reader) Titles(ctx context.Context, f poa.TitleFilter, p poa.Page) (poa.List[poa.Title], error) {
	filtered := func(rows *[]titleRow) *bun.SelectQuery {
		q := r.q.NewSelect().Model(rows)
		if len(f.States) > 0 {
			q = q.Where("t.state IN (?)", bun.List(texts(f.States)))
		}
		if !f.Now.IsZero() {
			q = q.Where("t.ask_at <= ?", f.Now.UTC())
		}
		if f.Qualification != "" {
			q = q.Where("t.qualification = ?", string(f.Qualification))
		}
		return q
	}
	return paged(ctx, filtered, ordering{column: "ask_at", id: "delegation_id", ascending: true, uncounted: true}, p,
		func(r titleRow) cursor { return cursor{At: r.AskAt.UTC(), ID: r.DelegationID} },
		func(_ context.Context, r titleRow) (poa.Title, error) { return r.title(), nil })
}
