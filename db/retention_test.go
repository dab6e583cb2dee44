// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"ininjo/db/dbtest"
	"ininjo/poa"
)

// catalog reads texts of the catalog as superuser.
func catalog(t *testing.T, d *dbtest.Database, sql string, args ...any) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), d.SuperuserURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	rows, err := conn.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// TestEveryTableHasARetentionRule reads the schema: nobody adds a table without
// saying when its rows end.
func TestEveryTableHasARetentionRule(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	var ruled []string
	for _, table := range poa.RetainedTables() {
		if slices.Contains(ruled, table.Table) {
			t.Errorf("%s stands twice in poa/retention_tables.go", table.Table)
		}
		ruled = append(ruled, table.Table)
	}
	there := catalog(t, d, `SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = 'public' AND c.relname <> 'test_jobs' ORDER BY 1`)
	for _, table := range there {
		if !slices.Contains(ruled, table) {
			t.Errorf("the table %q has no rule of retention. Add to retainedTables in poa/retention_tables.go a line\n\t"+
				"{Table: %q, Kind: RecordXxx, Party|Delegation|Staff: \"the column with the subject's ID\" or Parent: \"accounts\", Ref: \"account_id\", Age: \"the column that its period counts from\"},\n"+
				"with a kind of poa/retention_rules.go (or a new rule there), and GRANT SELECT, DELETE ON %s TO ininjo_retention in its migration where rows are to go.", table, table, table)
		}
	}
	for _, table := range ruled {
		if !slices.Contains(there, table) {
			t.Errorf("poa/retention_tables.go names %q, which is no table", table)
		}
	}
}

// goesBefore tells that an erasure takes the rows of a table in any case before
// those of another one that it refers to.
func goesBefore(table, referred string) bool {
	all := poa.RetainedTables()
	at := func(name string) int {
		return slices.IndexFunc(all, func(r poa.RetainedTable) bool { return r.Table == name })
	}
	child, parent := all[max(at(table), 0)], all[max(at(referred), 0)]
	for up := child; up.Parent != ""; up = all[at(up.Parent)] {
		if up.Parent == referred {
			return true // by way of what it belongs to
		}
	}
	same := child.Party != "" && parent.Party != "" || child.Delegation != "" && parent.Delegation != ""
	return same && at(table) < at(referred) && parent.Age == ""
}

// TestTheRulesFitTheSchema holds columns and rights against the database.
func TestTheRulesFitTheSchema(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	columns := catalog(t, d, "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'")
	kinds := map[poa.RecordKind]poa.RetentionRule{}
	for _, rule := range poa.RetentionRules() {
		kinds[rule.Kind] = rule
	}
	for _, table := range poa.RetainedTables() {
		rule, known := kinds[table.Kind]
		if !known {
			t.Errorf("%s follows %s, which is no rule", table.Table, table.Kind)
		}
		goes := table.Party + table.Delegation + table.Staff + table.Parent
		if rule.End == poa.EndDelete {
			goes += table.Age
		}
		for _, column := range []string{table.Party, table.Delegation, table.Staff, table.Ref, table.Age} {
			if column != "" && !slices.Contains(columns, table.Table+"."+column) {
				t.Errorf("%s has no column %s", table.Table, column)
			}
		}
		if granted := catalog(t, d, "SELECT CASE WHEN has_table_privilege('ininjo_retention', $1::regclass, 'DELETE') AND has_table_privilege('ininjo_retention', $1::regclass, 'SELECT') THEN 'yes' ELSE 'no' END", table.Table); goes != "" && granted[0] != "yes" {
			t.Errorf("rows of %s are to go and the role of retention may not delete them: GRANT SELECT, DELETE ON %s TO ininjo_retention", table.Table, table.Table)
		}
		if rule.End == poa.EndDelete && table.Age == "" && table.Parent == "" {
			t.Errorf("%s is swept by %s and has no Age", table.Table, table.Kind)
		}
	}
	t.Run("whatever is sealed goes with its subject or ends by itself", func(t *testing.T) {
		for _, column := range columns {
			name, _, _ := strings.Cut(column, ".")
			table := slices.IndexFunc(poa.RetainedTables(), func(r poa.RetainedTable) bool { return r.Table == name })
			if !strings.HasSuffix(column, ".sealed") || table < 0 {
				continue
			}
			r := poa.RetainedTables()[table]
			if stays := []string{"parties", "delegations", "retention_holds", "retention_lifts"}; r.Party+r.Delegation+r.Staff+r.Parent+r.Age == "" && !slices.Contains(stays, name) {
				t.Errorf("%s is sealed and its rows never go", name)
			}
		}
	})
	t.Run("a child's reference to a table that loses rows is known", func(t *testing.T) {
		references := catalog(t, d, `SELECT c.conrelid::regclass::text || ' ' || a.attname || ' ' || c.confrelid::regclass::text FROM pg_constraint c
			JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND c.confdeltype = 'a'`)
		for _, reference := range references {
			part := strings.Fields(reference)
			losing := slices.ContainsFunc(poa.RetainedTables(), func(r poa.RetainedTable) bool {
				return r.Table == part[2] && (r.Party+r.Delegation+r.Staff+r.Parent != "" || r.Age != "" && kinds[r.Kind].End == poa.EndDelete)
			})
			known := slices.ContainsFunc(poa.RetainedTables(), func(r poa.RetainedTable) bool {
				return r.Table == part[0] && (r.Parent == part[2] && r.Ref == part[1] || part[0] == part[2])
			}) || goesBefore(part[0], part[2])
			if losing && !known {
				t.Errorf("%s.%s refers to %s, whose rows may go: give it Parent: %q, Ref: %q in poa/retention_tables.go", part[0], part[1], part[2], part[2], part[1])
			}
		}
	})
}
