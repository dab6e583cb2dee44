// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

// Case reads a case, open or closed.
func (r reader) Case(ctx context.Context, id string) (poa.Case, error) {
	var row caseRow
	err := r.q.NewSelect().Model(&row).Where("c.id = ?", id).Scan(ctx)
	return row.toCase(), failed(err, "reading case")
}

// LockCaseByID reads a case, open or closed, and locks its row.
func (t *tx) LockCaseByID(ctx context.Context, id string) (poa.Case, error) {
	var row caseRow
	err := t.q.NewSelect().Model(&row).Where("c.id = ?", id).For("UPDATE").Scan(ctx)
	return row.toCase(), failed(err, "locking case")
}

// ClaimCase puts an open case into a hand until an instant; ErrConflict where
// another than holder has it at now.
func (t *tx) ClaimCase(ctx context.Context, id, by, holder string, now, until time.Time) error {
	q := t.q.NewUpdate().Model((*caseRow)(nil)).Set("claimed_by = ?", by).Set("claimed_at = ?", now.UTC()).Set("claimed_until = ?", until.UTC()).
		Where("id = ?", id).Where("closed_at IS NULL")
	if holder == "" {
		q = q.Where("(claimed_by IS NULL OR claimed_until <= ?)", now.UTC())
	} else {
		q = q.Where("claimed_by = ?", holder)
	}
	res, err := q.Exec(ctx)
	return changed(res, err, "claiming case")
}

// ReleaseCase gives a case back; ErrConflict where the account has it not.
func (t *tx) ReleaseCase(ctx context.Context, id, by string) error {
	res, err := freed(t.q.NewUpdate().Model((*caseRow)(nil))).Where("id = ?", id).Where("claimed_by = ?", by).Where("closed_at IS NULL").Exec(ctx)
	return changed(res, err, "releasing case")
}

// ReleaseClaimsOf gives back every open case that the account has.
func (t *tx) ReleaseClaimsOf(ctx context.Context, accountID string) error {
	_, err := freed(t.q.NewUpdate().Model((*caseRow)(nil))).Where("claimed_by = ?", accountID).Where("closed_at IS NULL").Exec(ctx)
	return failed(err, "releasing claims")
}

func freed(q *bun.UpdateQuery) *bun.UpdateQuery {
	return q.Set("claimed_by = NULL").Set("claimed_at = NULL").Set("claimed_until = NULL")
}

// Cases lists open cases, due first.
func (r reader) Cases(ctx context.Context, f poa.CaseFilter, p poa.Page) (poa.List[poa.Case], error) {
	filtered := func(rows *[]caseRow) *bun.SelectQuery { return r.casesFiltered(r.q.NewSelect().Model(rows), f) }
	place := func(row caseRow) cursor { return cursor{At: row.DueAt.UTC(), ID: row.ID} }
	convert := func(_ context.Context, row caseRow) (poa.Case, error) { return row.toCase(), nil }
	return paged(ctx, filtered, ordering{column: "c.due_at", id: "c.id", ascending: true}, p, place, convert)
}

func (r reader) casesFiltered(q *bun.SelectQuery, f poa.CaseFilter) *bun.SelectQuery {
	q = q.Where("c.closed_at IS NULL")
	if len(f.Kinds) > 0 {
		q = q.Where("c.kind IN (?)", bun.List(texts(f.Kinds)))
	}
	if f.HeldBy != "" {
		q = q.Where("c.claimed_by = ? AND c.claimed_until > ?", f.HeldBy, f.Now.UTC())
	}
	if f.Unclaimed {
		q = q.Where("(c.claimed_by IS NULL OR c.claimed_until <= ?)", f.Now.UTC())
	}
	if f.Late {
		q = q.Where("c.due_at < ?", f.Now.UTC())
	}
	if f.PartyID != "" {
		q = q.Where("c.party_id = ?", f.PartyID)
	}
	if f.SubjectID != "" {
		q = q.Where("c.subject_id = ?", f.SubjectID)
	}
	return r.ofParties(q, "c.party_id", f.Search)
}

// ofParties keeps the rows of parties whose number is the text, or whose name
// or address has it.
func (r reader) ofParties(q *bun.SelectQuery, column, search string) *bun.SelectQuery {
	if search == "" {
		return q
	}
	found := r.matching(r.q.NewSelect().Model((*partyRow)(nil)).Column("id"), searchParties, "p.id", search)
	numbered := r.q.NewSelect().Model((*partyRow)(nil)).Column("id").Where("p.number = ?", search)
	return q.Where("(? IN (?) OR ? IN (?))", bun.Ident(column), found, bun.Ident(column), numbered)
}

// FindParties finds parties by number or text.
func (r reader) FindParties(ctx context.Context, text string, limit int) ([]poa.Party, error) {
	var rows []partyRow
	q := r.ofParties(r.q.NewSelect().Model(&rows), "p.id", text)
	if err := q.OrderExpr("p.applied_at DESC, p.id DESC").Limit(int64(limit)).Scan(ctx); err != nil {
		return nil, failed(err, "finding parties")
	}
	parties := make([]poa.Party, len(rows))
	for i, row := range rows {
		var err error
		if parties[i], err = r.toParty(ctx, row); err != nil {
			return nil, err
		}
	}
	return parties, nil
}

// PartyNames tells the names of parties by ID; those erased are left out.
func (r reader) PartyNames(ctx context.Context, ids []string) (map[string]string, error) {
	names := map[string]string{}
	if len(ids) == 0 {
		return names, nil
	}
	var rows []partyRow
	if err := r.q.NewSelect().Model(&rows).Where("id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, failed(err, "reading names of parties")
	}
	for _, row := range rows {
		p, err := r.toParty(ctx, row)
		if err != nil {
			return nil, err
		}
		if p.Profile.Name != "" {
			names[p.ID] = p.Profile.Name
		}
	}
	return names, nil
}

type caseNoteRow struct {
	bun.BaseModel `bun:"table:case_notes,alias:n"`

	ID     string    `bun:"id,pk"`
	CaseID string    `bun:"case_id"`
	By     string    `bun:"by"`
	At     time.Time `bun:"at"`
	Sealed []byte    `bun:"sealed"`
}

// caseSubject is whose data a case's notes are: the delegation's, else the
// party's, else a key of the case's own.
func caseSubject(c poa.Case) Subject {
	if id, ok := poa.ParseDelegationID(c.SubjectID); ok {
		return Subject{Class: ClassDelegation, ID: string(id)}
	}
	return partyOrOwn(c.PartyID, c.ID)
}

func partyOrOwn(partyID, ownID string) Subject {
	if partyID != "" {
		return accountSubject(partyID)
	}
	return accountSubject(ownID)
}

// InsertCaseNote adds a note to a case.
func (t *tx) InsertCaseNote(ctx context.Context, c poa.Case, n poa.CaseNote) error {
	sealed, err := t.sealNew(ctx, caseSubject(c), "case_notes", n.ID, n.Text)
	if err != nil {
		return fmt.Errorf("inserting note: %w", err)
	}
	row := caseNoteRow{ID: n.ID, CaseID: n.CaseID, By: n.By, At: n.At.UTC(), Sealed: sealed}
	_, err = t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting note")
}

// sealNew seals for a subject that may have no data key yet.
func (t *tx) sealNew(ctx context.Context, s Subject, table, row string, v any) ([]byte, error) {
	if err := t.db.seal.Create(ctx, s); err != nil {
		return nil, err
	}
	return t.db.seal.SealJSON(ctx, s, table, "sealed", row, v)
}

// CaseNotes lists the newest notes on a case, oldest first.
func (r reader) CaseNotes(ctx context.Context, c poa.Case, limit int) ([]poa.CaseNote, error) {
	var rows []caseNoteRow
	if err := r.q.NewSelect().Model(&rows).Where("n.case_id = ?", c.ID).OrderExpr("n.at DESC, n.id DESC").Limit(int64(limit)).Scan(ctx); err != nil {
		return nil, failed(err, "reading notes")
	}
	slices.Reverse(rows)
	notes := make([]poa.CaseNote, len(rows))
	for i, row := range rows {
		notes[i] = poa.CaseNote{ID: row.ID, CaseID: row.CaseID, By: row.By, At: row.At.UTC()}
		if err := r.openUnlessErased(ctx, caseSubject(c), "case_notes", row.ID, row.Sealed, &notes[i].Text); err != nil {
			return nil, err
		}
	}
	return notes, nil
}

// CaseHistory lists the newest audit events of a case and its subject since it
// was opened, oldest first.
func (r reader) CaseHistory(ctx context.Context, c poa.Case, limit int) ([]poa.AuditEvent, error) {
	var rows []auditRow
	q := r.q.NewSelect().Model(&rows).Where("e.subject_id IN (?)", bun.List([]string{c.ID, c.SubjectID})).Where("e.at >= ?", c.OpenedAt.UTC())
	if !c.ClosedAt.IsZero() {
		q = q.Where("(e.at <= ? OR e.subject_id = ?)", c.ClosedAt.UTC(), c.ID)
	}
	if err := q.OrderExpr("e.at DESC, e.id DESC").Limit(int64(limit)).Scan(ctx); err != nil {
		return nil, failed(err, "reading history of case")
	}
	slices.Reverse(rows)
	events := make([]poa.AuditEvent, len(rows))
	for i, row := range rows {
		var err error
		if events[i], err = toAuditEvent(ctx, row); err != nil {
			return nil, err
		}
	}
	return events, nil
}
