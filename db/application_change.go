// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

type changeRow struct {
	bun.BaseModel `bun:"table:changes,alias:h"`

	ID            string     `bun:"id,pk"`
	PartyID       string     `bun:"party_id"`
	Number        string     `bun:"number"`
	State         string     `bun:"state"`
	Version       int        `bun:"version"`
	NeedsApproval bool       `bun:"needs_approval"`
	NeedsRegister bool       `bun:"needs_register"`
	RequestedAt   time.Time  `bun:"requested_at"`
	RequestedBy   string     `bun:"requested_by"`
	ProvedAt      *time.Time `bun:"proved_at"`
	EnteredBy     *string    `bun:"entered_by"`
	CameBy        *string    `bun:"came_by"`
	DecidedAt     *time.Time `bun:"decided_at"`
	DecidedBy     *string    `bun:"decided_by"`
	Refusals      []byte     `bun:"refusals"`
}

type changeVersionRow struct {
	bun.BaseModel `bun:"table:change_versions,alias:w"`

	ChangeID string    `bun:"change_id,pk"`
	Version  int       `bun:"version,pk"`
	Sealed   []byte    `bun:"sealed"`
	At       time.Time `bun:"at"`
}

// changeContent is what of a change is sealed.
type changeContent struct {
	Fields []poa.FieldChange `json:"fields"`
	Reason string            `json:"reason"`
}

func changeVersionKey(id string, version int) string { return id + "/" + strconv.Itoa(version) }

// InsertChange stores a change with what it first asks for.
func (t *tx) InsertChange(ctx context.Context, c poa.PartyChange) error {
	row := changeRow{ID: c.ID, PartyID: c.PartyID, Number: c.Number, State: string(c.State), Version: c.Version, NeedsApproval: c.NeedsApproval,
		NeedsRegister: c.NeedsRegister, RequestedAt: c.RequestedAt.UTC(), RequestedBy: c.RequestedBy, EnteredBy: nullText(c.EnteredBy), CameBy: nullText(c.CameBy)}
	if _, err := t.q.NewInsert().Model(&row).Exec(ctx); err != nil {
		return failed(err, "inserting change")
	}
	return t.insertChangeVersion(ctx, c, c.RequestedAt)
}

func (t *tx) insertChangeVersion(ctx context.Context, c poa.PartyChange, at time.Time) error {
	sealed, err := t.db.seal.SealJSON(ctx, accountSubject(c.PartyID), "change_versions", "sealed", changeVersionKey(c.ID, c.Version), changeContent{c.Fields, c.Reason})
	if err != nil {
		return fmt.Errorf("inserting version of change: %w", err)
	}
	row := changeVersionRow{ChangeID: c.ID, Version: c.Version, Sealed: sealed, At: at.UTC()}
	_, err = t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting version of change")
}

// CorrectChange stores what a change asks for anew.
func (t *tx) CorrectChange(ctx context.Context, c poa.PartyChange, at time.Time) error {
	res, err := t.q.NewUpdate().Model((*changeRow)(nil)).Set("version = ?", c.Version).Where("id = ? AND version = ?", c.ID, c.Version-1).
		Where("state IN (?, ?)", string(poa.ChangeUnproved), string(poa.ChangeWaiting)).Exec(ctx)
	if err := changed(res, err, "correcting change"); err != nil {
		return err
	}
	return t.insertChangeVersion(ctx, c, at)
}

// MoveChange stores state and decision of a change that stood in a state.
func (t *tx) MoveChange(ctx context.Context, c poa.PartyChange, from poa.ChangeState) error {
	q := t.q.NewUpdate().Model((*changeRow)(nil)).Set("state = ?", string(c.State)).Set("proved_at = ?", nullTime(c.ProvedAt)).
		Set("decided_at = ?", nullTime(c.DecidedAt)).Set("decided_by = ?", nullText(c.DecidedBy)).Where("id = ? AND state = ?", c.ID, string(from))
	if c.State == poa.ChangeRefused {
		sealed, err := t.db.seal.SealJSON(ctx, accountSubject(c.PartyID), "changes", "refusals", c.ID, c.Refusals)
		if err != nil {
			return fmt.Errorf("moving change: %w", err)
		}
		q = q.Set("refusals = ?", sealed)
	}
	res, err := q.Exec(ctx)
	return changed(res, err, "moving change")
}

// LockChange reads a change and locks its row.
func (t *tx) LockChange(ctx context.Context, id string) (poa.PartyChange, error) {
	var row changeRow
	if err := t.q.NewSelect().Model(&row).Where("h.id = ?", id).For("NO KEY UPDATE").Scan(ctx); err != nil {
		return poa.PartyChange{}, failed(err, "locking change")
	}
	return t.oneChange(ctx, row)
}

// Change reads a change.
func (r reader) Change(ctx context.Context, id string) (poa.PartyChange, error) {
	var row changeRow
	if err := r.q.NewSelect().Model(&row).Where("h.id = ?", id).Scan(ctx); err != nil {
		return poa.PartyChange{}, failed(err, "reading change")
	}
	return r.oneChange(ctx, row)
}

func (r reader) oneChange(ctx context.Context, row changeRow) (poa.PartyChange, error) {
	changes, err := r.toChanges(ctx, []changeRow{row})
	if err != nil {
		return poa.PartyChange{}, err
	}
	return changes[0], nil
}

// Changes lists a party's changes, the newest first.
func (r reader) Changes(ctx context.Context, partyID string, limit int) ([]poa.PartyChange, error) {
	var rows []changeRow
	if err := r.q.NewSelect().Model(&rows).Where("h.party_id = ?", partyID).OrderExpr("h.requested_at DESC, h.id DESC").Limit(int64(limit)).Scan(ctx); err != nil {
		return nil, failed(err, "reading changes")
	}
	return r.toChanges(ctx, rows)
}

// toChanges reads what each change asks for by now, in one statement.
func (r reader) toChanges(ctx context.Context, rows []changeRow) ([]poa.PartyChange, error) {
	changes := make([]poa.PartyChange, len(rows))
	if len(rows) == 0 {
		return changes, nil
	}
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	var versions []changeVersionRow
	err := r.q.NewSelect().Model(&versions).DistinctOn("change_id").Where("change_id IN (?)", bun.List(ids)).OrderExpr("change_id, version DESC").Scan(ctx)
	if err != nil {
		return nil, failed(err, "reading versions of changes")
	}
	newest := map[string]changeVersionRow{}
	for _, v := range versions {
		newest[v.ChangeID] = v
	}
	for i, row := range rows {
		if changes[i], err = r.toChange(ctx, row, newest[row.ID]); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

func (r reader) toChange(ctx context.Context, row changeRow, newest changeVersionRow) (poa.PartyChange, error) {
	c := poa.PartyChange{ID: row.ID, PartyID: row.PartyID, Number: row.Number, State: poa.ChangeState(row.State), Version: newest.Version,
		NeedsApproval: row.NeedsApproval, NeedsRegister: row.NeedsRegister, RequestedAt: row.RequestedAt.UTC(), RequestedBy: row.RequestedBy,
		ProvedAt: fromNullTime(row.ProvedAt), EnteredBy: fromNullText[string](row.EnteredBy), CameBy: fromNullText[poa.CameBy](row.CameBy),
		DecidedAt: fromNullTime(row.DecidedAt), DecidedBy: fromNullText[string](row.DecidedBy)}
	var content changeContent
	err := r.openUnlessErased(ctx, accountSubject(row.PartyID), "change_versions", changeVersionKey(row.ID, newest.Version), newest.Sealed, &content)
	if err != nil {
		return poa.PartyChange{}, err
	}
	c.Fields, c.Reason = content.Fields, content.Reason
	if len(row.Refusals) == 0 {
		return c, nil
	}
	return c, r.openColumnUnlessErased(ctx, accountSubject(row.PartyID), "changes", "refusals", row.ID, row.Refusals, &c.Refusals)
}
