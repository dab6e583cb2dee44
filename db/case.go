// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

type caseRow struct {
	bun.BaseModel `bun:"table:cases,alias:c"`

	ID           string     `bun:"id,pk"`
	Kind         string     `bun:"kind"`
	SubjectID    string     `bun:"subject_id"`
	PartyID      *string    `bun:"party_id"`
	OpenedAt     time.Time  `bun:"opened_at"`
	DueAt        time.Time  `bun:"due_at"`
	EnteredBy    *string    `bun:"entered_by"`
	ClaimedBy    *string    `bun:"claimed_by"`
	ClaimedAt    *time.Time `bun:"claimed_at"`
	ClaimedUntil *time.Time `bun:"claimed_until"`
	ClosedAt     *time.Time `bun:"closed_at"`
	ClosedBy     *string    `bun:"closed_by"`
	Outcome      *string    `bun:"outcome"`
}

func (r caseRow) toCase() poa.Case {
	return poa.Case{ID: r.ID, Kind: poa.CaseKind(r.Kind), SubjectID: r.SubjectID, PartyID: fromNullText[string](r.PartyID), OpenedAt: r.OpenedAt.UTC(), DueAt: r.DueAt.UTC(),
		EnteredBy: fromNullText[string](r.EnteredBy), ClaimedBy: fromNullText[string](r.ClaimedBy), ClaimedAt: fromNullTime(r.ClaimedAt), ClaimedUntil: fromNullTime(r.ClaimedUntil),
		ClosedAt: fromNullTime(r.ClosedAt), ClosedBy: fromNullText[string](r.ClosedBy), Outcome: fromNullText[string](r.Outcome)}
}

// InsertCase opens a case; ErrConflict where one of the kind is open for the
// subject.
func (t *tx) InsertCase(ctx context.Context, c poa.Case) error {
	row := caseRow{ID: c.ID, Kind: string(c.Kind), SubjectID: c.SubjectID, PartyID: nullText(c.PartyID), OpenedAt: c.OpenedAt.UTC(), DueAt: c.DueAt.UTC(), EnteredBy: nullText(c.EnteredBy)}
	_, err := t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting case")
}

// LockCase reads the open case of a subject and locks its row.
func (t *tx) LockCase(ctx context.Context, kind poa.CaseKind, subjectID string) (poa.Case, error) {
	var row caseRow
	err := t.q.NewSelect().Model(&row).Where("c.kind = ?", string(kind)).Where("c.subject_id = ?", subjectID).Where("c.closed_at IS NULL").For("UPDATE").Scan(ctx)
	return row.toCase(), failed(err, "locking case")
}

// CloseCase closes an open case; ErrConflict where it is closed.
func (t *tx) CloseCase(ctx context.Context, id, by, outcome string, at time.Time) error {
	res, err := t.q.NewUpdate().Model((*caseRow)(nil)).Set("closed_at = ?", at.UTC()).Set("closed_by = ?", by).Set("outcome = ?", outcome).
		Where("id = ?", id).Where("closed_at IS NULL").Exec(ctx)
	return changed(res, err, "closing case")
}
