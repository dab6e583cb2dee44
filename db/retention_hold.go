// SPDX-License-Identifier: Apache-2.0

package db

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

// lockSubject is the first half of the advisory locks of subjects.
const lockSubject = 7310003

// LockSubjects takes a lock on each subject until the transaction ends. It needs
// no right on the subjects' rows, and all take several in one order.
func (t *tx) LockSubjects(ctx context.Context, refs ...poa.SubjectRef) error {
	refs = slices.Clone(refs)
	slices.SortFunc(refs, func(a, b poa.SubjectRef) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID)) })
	for _, ref := range refs {
		if _, err := t.q.NewRaw("SELECT pg_advisory_xact_lock(?, hashtext(?))", lockSubject, string(ref.Kind)+" "+ref.ID).Exec(ctx); err != nil {
			return failed(err, "locking subject")
		}
	}
	return nil
}

type holdRow struct {
	bun.BaseModel `bun:"table:retention_holds,alias:h"`

	ID          string    `bun:"id,pk"`
	SubjectKind string    `bun:"subject_kind"`
	SubjectID   string    `bun:"subject_id"`
	Sealed      []byte    `bun:"sealed"`
	SetBy       string    `bun:"set_by"`
	SetAt       time.Time `bun:"set_at"`
	// Of the lift, where there is one.
	LiftSealed []byte     `bun:"lift_sealed,scanonly"`
	LiftedBy   *string    `bun:"lifted_by,scanonly"`
	LiftedAt   *time.Time `bun:"lifted_at,scanonly"`
}

type liftRow struct {
	bun.BaseModel `bun:"table:retention_lifts,alias:l"`

	HoldID   string    `bun:"hold_id,pk"`
	Sealed   []byte    `bun:"sealed"`
	LiftedBy string    `bun:"lifted_by"`
	LiftedAt time.Time `bun:"lifted_at"`
}

// subjectKey is the data key of a subject of the rules.
func subjectKey(ref poa.SubjectRef) Subject {
	if ref.Kind == poa.SubjectDelegation {
		return Subject{ClassDelegation, ref.ID}
	}
	return Subject{ClassAccount, ref.ID}
}

// InsertHold stores a hold; its ground is sealed with the held subject's key.
func (t *tx) InsertHold(ctx context.Context, h poa.Hold) error {
	sealed, err := t.db.seal.Seal(ctx, subjectKey(h.Subject), "retention_holds", "sealed", h.ID, []byte(h.Ground))
	if err != nil {
		return fmt.Errorf("inserting hold: %w", err)
	}
	row := holdRow{ID: h.ID, SubjectKind: string(h.Subject.Kind), SubjectID: h.Subject.ID, Sealed: sealed, SetBy: h.SetBy, SetAt: h.SetAt.UTC()}
	_, err = t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting hold")
}

// LiftHold stores the lift of a hold; ErrConflict where it is lifted.
func (t *tx) LiftHold(ctx context.Context, h poa.Hold) error {
	sealed, err := t.db.seal.Seal(ctx, subjectKey(h.Subject), "retention_lifts", "sealed", h.ID, []byte(h.LiftGround))
	if err != nil {
		return fmt.Errorf("lifting hold: %w", err)
	}
	row := liftRow{HoldID: h.ID, Sealed: sealed, LiftedBy: h.LiftedBy, LiftedAt: h.LiftedAt.UTC()}
	_, err = t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "lifting hold")
}

func (r reader) holds(rows *[]holdRow) *bun.SelectQuery {
	return r.q.NewSelect().Model(rows).ColumnExpr("h.id, h.subject_kind, h.subject_id, h.sealed, h.set_by, h.set_at").
		ColumnExpr("l.sealed AS lift_sealed, l.lifted_by, l.lifted_at").Join("LEFT JOIN retention_lifts AS l ON l.hold_id = h.id")
}

// Hold reads a hold.
func (r reader) Hold(ctx context.Context, id string) (poa.Hold, error) {
	var rows []holdRow
	if err := r.holds(&rows).Where("h.id = ?", id).Scan(ctx); err != nil {
		return poa.Hold{}, failed(err, "reading hold")
	}
	if len(rows) == 0 {
		return poa.Hold{}, poa.ErrNotFound
	}
	return r.toHold(ctx, rows[0])
}

// Holds lists holds, the newest first.
func (r reader) Holds(ctx context.Context, p poa.Page) (poa.List[poa.Hold], error) {
	place := func(row holdRow) cursor { return cursor{At: row.SetAt.UTC(), ID: row.ID} }
	return paged(ctx, r.holds, ordering{column: "h.set_at", id: "h.id"}, p, place, r.toHold)
}

func (r reader) toHold(ctx context.Context, row holdRow) (poa.Hold, error) {
	h := poa.Hold{ID: row.ID, Subject: poa.SubjectRef{Kind: poa.SubjectKind(row.SubjectKind), ID: row.SubjectID}, SetBy: row.SetBy, SetAt: row.SetAt.UTC(),
		LiftedBy: fromNullText[string](row.LiftedBy), LiftedAt: fromNullTime(row.LiftedAt)}
	var err error
	if h.Ground, err = r.textUnlessErased(ctx, subjectKey(h.Subject), "retention_holds", row.ID, row.Sealed); err != nil || row.LiftSealed == nil {
		return h, err
	}
	h.LiftGround, err = r.textUnlessErased(ctx, subjectKey(h.Subject), "retention_lifts", row.ID, row.LiftSealed)
	return h, err
}

// IsHeld reports whether an open hold keeps the subject. An archive is kept as
// long as any hold is open: it may tell of what is held.
func (r reader) IsHeld(ctx context.Context, ref poa.SubjectRef) (bool, error) {
	q := r.q.NewRaw("SELECT EXISTS (SELECT FROM retention_held WHERE subject_kind = ? AND subject_id = ?)", string(ref.Kind), ref.ID)
	if ref.Kind == poa.SubjectArchive {
		q = r.q.NewRaw("SELECT EXISTS (SELECT FROM retention_held)")
	}
	var held bool
	err := q.Scan(ctx, &held)
	return held, failed(err, "looking for holds")
}
