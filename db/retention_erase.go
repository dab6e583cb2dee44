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
// instant, with what belongs to them, and none that a hold keeps. It returns how
// many went, and the keys of their own that are now in the list.
func (t *tx) SweepRows(ctx context.Context, table poa.RetainedTable, before, now time.Time, limit int) (int, []poa.DestroyedKey, error) {
	condition, args := sweepable(table, before)
	var rows []string
	q := t.q.NewRaw("SELECT ctid::text FROM ? WHERE "+condition+" LIMIT ?", append(append([]any{bun.Ident(table.Table)}, args...), limit)...)
	if err := q.Scan(ctx, &rows); err != nil {
		return 0, nil, failed(err, "finding rows of "+table.Table)
	}
	if len(rows) == 0 {
		return 0, nil, nil
	}
	// The condition stands once more: a row that moved meanwhile is another.
	condition, args = "? = ANY (ARRAY[?]::tid[]) AND "+condition, append([]any{bun.Ident(table.Table + ".ctid"), bun.List(rows)}, args...)
	keys, err := t.listOwnKeys(ctx, table, now, condition, args)
	if err != nil {
		return 0, nil, err
	}
	n, err := t.deleteTree(ctx, table.Table, condition, args...)
	if err != nil {
		return 0, nil, fmt.Errorf("sweeping: %w", err)
	}
	return int(min(n, int64(len(rows)))), keys, nil
}

// sweepable is the condition of rows whose period is over and that no hold keeps.
func sweepable(table poa.RetainedTable, before time.Time) (string, []any) {
	condition, args := "? < ?", []any{bun.Ident(table.Age), before.UTC()}
	for _, kept := range heldBy(table, table.Table) {
		condition, args = condition+" AND NOT "+kept.sql, append(args, kept.args...)
	}
	return condition, args
}

// kept is a condition under which a hold keeps a row.
type kept struct {
	sql  string
	args []any
}

// heldBy lists the ways in which a hold keeps a row of the table, which the
// statement knows by a name: by the party or delegation in it, and by way of the
// row that it belongs to, however far up.
func heldBy(table poa.RetainedTable, name string) []kept {
	var ways []kept
	for kind, column := range map[poa.SubjectKind]string{poa.SubjectParty: table.Party, poa.SubjectDelegation: table.Delegation} {
		if column != "" {
			ways = append(ways, kept{"EXISTS (SELECT FROM retention_held AS held WHERE held.subject_kind = ? AND held.subject_id = ?)",
				[]any{string(kind), bun.Ident(name + "." + column)}})
		}
	}
	if table.Parent == "" {
		return ways
	}
	all := poa.RetainedTables()
	parent := all[slices.IndexFunc(all, func(t poa.RetainedTable) bool { return t.Table == table.Parent })]
	above := "above_" + name
	for _, way := range heldBy(parent, above) {
		ways = append(ways, kept{"EXISTS (SELECT FROM ? AS ? WHERE ? = ? AND " + way.sql + ")",
			append([]any{bun.Ident(parent.Table), bun.Ident(above), bun.Ident(above + ".id"), bun.Ident(name + "." + table.Ref)}, way.args...)})
	}
	return ways
}

// listOwnKeys records that the keys which seal these rows alone are destroyed.
func (t *tx) listOwnKeys(ctx context.Context, table poa.RetainedTable, now time.Time, condition string, args []any) ([]poa.DestroyedKey, error) {
	if table.OwnKey == "" {
		return nil, nil
	}
	if table.Party != "" {
		condition, args = condition+" AND ? IS NULL", append(args, bun.Ident(table.Party))
	}
	var ids []string
	q := t.q.NewRaw(`INSERT INTO destroyed_keys (class, subject_id, at) SELECT ?, id, ? FROM ? WHERE `+condition+` ON CONFLICT DO NOTHING RETURNING subject_id`,
		append([]any{table.OwnKey, now.UTC(), bun.Ident(table.Table)}, args...)...)
	if err := q.Scan(ctx, &ids); err != nil {
		return nil, failed(err, "recording destroyed keys")
	}
	keys := make([]poa.DestroyedKey, len(ids))
	for i, id := range ids {
		keys[i] = poa.DestroyedKey{Class: table.OwnKey, ID: id, At: now}
	}
	return keys, nil
}
