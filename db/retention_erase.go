// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

// EraseRows records that the subject's key is destroyed and deletes the rows
// that go with it, by the table of rules. It returns how many went.
func (t *tx) EraseRows(ctx context.Context, ref poa.SubjectRef, at time.Time) (int64, error) {
	if ref.Kind == poa.SubjectArchive {
		return 0, t.EndArchive(ctx, ref.ID, at)
	}
	key := subjectKey(ref)
	_, err := t.q.NewRaw("INSERT INTO destroyed_keys (class, subject_id, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", string(key.Class), key.ID, at.UTC()).Exec(ctx)
	if err != nil {
		return 0, failed(err, "recording a destroyed key")
	}
	return t.deleteRowsOf(ctx, ref)
}

// deleteRowsOf deletes every row that the rules tie to the subject.
func (t *tx) deleteRowsOf(ctx context.Context, ref poa.SubjectRef) (int64, error) {
	var total int64
	for _, table := range poa.RetainedTables() {
		column := map[poa.SubjectKind]string{poa.SubjectParty: table.Party, poa.SubjectDelegation: table.Delegation, poa.SubjectStaff: table.Staff}[ref.Kind]
		if column == "" {
			continue
		}
		n, err := t.deleteTree(ctx, table.Table, "? = ?", bun.Ident(column), ref.ID)
		if err != nil {
			return total, err
		}
		total += n
	}
	return total, nil
}

// deleteTree deletes the rows of a table that a condition finds, after the rows
// of other tables that belong to them.
func (t *tx) deleteTree(ctx context.Context, table, condition string, args ...any) (int64, error) {
	var total int64
	for _, child := range poa.RetainedTables() {
		if child.Parent != table {
			continue
		}
		inner := append([]any{bun.Ident(child.Ref), bun.Ident(table)}, args...)
		n, err := t.deleteTree(ctx, child.Table, "? IN (SELECT id FROM ? WHERE "+condition+")", inner...)
		if err != nil {
			return total, err
		}
		total += n
	}
	res, err := t.q.NewRaw("DELETE FROM ? WHERE "+condition, append([]any{bun.Ident(table)}, args...)...).Exec(ctx)
	if err != nil {
		return total, failed(err, "deleting rows of "+table)
	}
	n, err := res.RowsAffected()
	return total + n, failed(err, "deleting rows of "+table)
}

// SweepRows deletes at most limit rows of a table whose age lies before the
// instant, with what belongs to them, and none that a hold keeps.
func (t *tx) SweepRows(ctx context.Context, table poa.RetainedTable, before time.Time, limit int) (int, error) {
	condition, args := "? < ?", []any{bun.Ident(table.Age), before.UTC()}
	for kind, column := range map[poa.SubjectKind]string{poa.SubjectParty: table.Party, poa.SubjectDelegation: table.Delegation} {
		if column != "" {
			condition += " AND NOT EXISTS (SELECT FROM retention_held AS held WHERE held.subject_kind = ? AND held.subject_id = ?)"
			args = append(args, string(kind), bun.Ident(table.Table+"."+column))
		}
	}
	var rows []string
	q := t.q.NewRaw("SELECT ctid::text FROM ? WHERE "+condition+" LIMIT ?", append(append([]any{bun.Ident(table.Table)}, args...), limit)...)
	if err := q.Scan(ctx, &rows); err != nil {
		return 0, failed(err, "finding rows of "+table.Table)
	}
	if len(rows) == 0 {
		return 0, nil
	}
	// The condition stands once more: a row that moved meanwhile is another.
	n, err := t.deleteTree(ctx, table.Table, "? = ANY (ARRAY[?]::tid[]) AND "+condition, append([]any{bun.Ident(table.Table + ".ctid"), bun.List(rows)}, args...)...)
	if err != nil {
		return 0, fmt.Errorf("sweeping: %w", err)
	}
	return int(min(n, int64(len(rows)))), nil
}
