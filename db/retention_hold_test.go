// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ininjo/db/dbtest"
	"ininjo/poa"
)

// way is how rows of a table are tied to a subject that can be held: the chain of
// tables from the row's up to the one that names the subject, and its column there.
type way struct {
	chain  []poa.RetainedTable
	kind   poa.SubjectKind
	column string
}

// waysOf walks up from a table.
func waysOf(table poa.RetainedTable, below ...poa.RetainedTable) []way {
	chain := append(slices.Clone(below), table)
	var ways []way
	if table.Party != "" {
		ways = append(ways, way{chain, poa.SubjectParty, table.Party})
	}
	if table.Delegation != "" {
		ways = append(ways, way{chain, poa.SubjectDelegation, table.Delegation})
	}
	for _, parent := range poa.RetainedTables() {
		if parent.Table == table.Parent {
			ways = append(ways, waysOf(parent, chain...)...)
		}
	}
	return ways
}

func (w way) String() string {
	var names []string
	for _, table := range w.chain {
		names = append(names, table.Table)
	}
	return strings.Join(names, " of ") + " by " + w.column
}

// unbound makes tables take rows that hold nothing but what ties them.
const unbound = `DO $$ DECLARE c record; BEGIN
	FOR c IN SELECT conrelid::regclass AS tab, conname FROM pg_constraint WHERE contype IN ('c', 'f') AND connamespace = 'public'::regnamespace AND coninhcount = 0 LOOP
		EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I CASCADE', c.tab, c.conname);
	END LOOP;
	FOR c IN SELECT a.attrelid::regclass AS tab, a.attname FROM pg_attribute a JOIN pg_class k ON k.oid = a.attrelid AND k.relkind = 'r' AND k.relnamespace = 'public'::regnamespace
		WHERE a.attnum > 0 AND a.attnotnull AND NOT a.attisdropped AND a.attidentity = '' AND NOT k.relispartition
		AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY (i.indkey)) LOOP
		EXECUTE format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL', c.tab, c.attname);
	END LOOP; END $$`

// TestAHoldKeepsWhatIsTiedByAnyWay walks the table of rules: of each table that is
// swept and each way in which its rows are tied to a party or a delegation, a row of
// a held subject stays and one of another subject goes.
func TestAHoldKeepsWhatIsTiedByAnyWay(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	d.Exec(t, unbound, "INSERT INTO retention_holds (id, subject_kind, subject_id, sealed, set_by, set_at) VALUES ('hld_1', 'PARTY', 'held', '', 'stf_1', now()), ('hld_2', 'DELEGATION', 'held', '', 'stf_1', now())")
	keys := map[string][]string{} // the other columns of primary keys, which may not be null
	for _, column := range catalog(t, d, `SELECT i.indrelid::regclass || '.' || a.attname || '.' || format_type(a.atttypid, NULL) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
		JOIN pg_class k ON k.oid = i.indrelid WHERE i.indisprimary AND a.attidentity = '' AND k.relnamespace = 'public'::regnamespace`) {
		table, rest, _ := strings.Cut(column, ".")
		keys[table] = append(keys[table], rest)
	}
	eraser := d.Eraser(t)
	rules, ways, above := map[poa.RecordKind]poa.RetentionRule{}, 0, 0
	for _, rule := range poa.RetentionRules() {
		rules[rule.Kind] = rule
	}
	for _, table := range poa.RetainedTables() {
		if table.Age == "" || rules[table.Kind].End != poa.EndDelete {
			continue
		}
		for n, w := range waysOf(table) {
			ways++
			if len(w.chain) > 1 {
				above++
			}
			name := fmt.Sprintf("%s %d ", table.Table, n)
			d.Exec(t, append(w.rows(keys, name+"held", "held"), w.rows(keys, name+"free", "free")...)...)
			before := d.Clock.Now().AddDate(-10, 0, 0)
			if err := eraser.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error {
				_, _, err := tx.SweepRows(ctx, table, before, d.Clock.Now(), 100)
				return err
			}); err != nil {
				t.Fatalf("%s: %v", w, err)
			}
			left := func() string { return d.Text(t, "SELECT count(*)::text FROM "+table.Table) }
			if got := left(); got != "1" {
				t.Errorf("%s: %s rows are left, want the held one", w, got)
			}
			for _, each := range w.chain {
				d.Exec(t, "DELETE FROM "+each.Table)
			}
		}
	}
	if ways < 15 || above < 3 {
		t.Errorf("only %d ways were tried, %d by way of another row", ways, above)
	}
}

// rows are the statements that insert a row of the way's table, old enough to go,
// with those that it belongs to.
func (w way) rows(keys map[string][]string, id, subject string) []string {
	var statements []string
	for i, table := range w.chain {
		values := map[string]string{}
		for _, column := range keys[table.Table] {
			name, kind, _ := strings.Cut(column, ".")
			values[name] = map[string]string{"bytea": "convert_to('" + id + "', 'UTF8')", "timestamp with time zone": "now()", "date": "'2001-01-01'", "boolean": "true", "uuid": "md5('" + id + "')::uuid"}[kind]
			if values[name] == "" {
				values[name] = "'" + id + "'"
			}
			if strings.HasPrefix(kind, "int") || strings.HasPrefix(kind, "bigint") || kind == "smallint" {
				values[name] = "1"
			}
		}
		if table.Age != "" {
			values[table.Age] = "'" + time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC).Format(time.DateOnly) + "'"
		}
		if i+1 < len(w.chain) {
			values[table.Ref] = "'" + id + "'"
		} else {
			values[w.column] = "'" + subject + "'"
		}
		if i > 0 {
			values["id"] = "'" + id + "'"
		}
		var columns, texts []string
		for column, value := range values {
			columns, texts = append(columns, column), append(texts, value)
		}
		statements = append(statements, fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table.Table, strings.Join(columns, ", "), strings.Join(texts, ", ")))
	}
	return statements
}
