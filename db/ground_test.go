// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"ininjo/db/dbtest"
)

// TestNothingInTheDatabaseSendsWhatIsAudited looks for triggers, functions and
// rules by which a row of the audit log could lead to a notice, a mail or a job
// (6.2.7): the tables of the log have none, and no function that reads the log
// touches what is sent.
func TestNothingInTheDatabaseSendsWhatIsAudited(t *testing.T) {
	t.Parallel()
	data := dbtest.New(t)
	const (
		log  = `(audit_events|inquiries)`
		sent = `(outbox|notices|deliveries|mails|river_job|pg_notify)`
	)
	for what, query := range map[string]string{
		"triggers on the log": `SELECT t.tgname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal AND c.relname ~ '^` + log + `'`,
		"rules on the log":    `SELECT r.rulename::text FROM pg_rules r WHERE r.tablename ~ '^` + log + `'`,
		"event triggers":      `SELECT evtname::text FROM pg_event_trigger`,
		"functions that read the log and send": `SELECT p.proname::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
			WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND p.prosrc ~ '` + log + `' AND p.prosrc ~ '` + sent + `'`,
		"triggers whose function reads the log": `SELECT t.tgname::text FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal AND p.prosrc ~ '` + log + `'`,
		"views over the log":                    `SELECT v.viewname::text FROM pg_views v WHERE v.schemaname NOT IN ('pg_catalog', 'information_schema') AND v.definition ~ '` + log + `'`,
	} {
		rows, err := data.DB.Pool().Query(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		found, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{}, append([]string{}, found...)); diff != "" {
			t.Errorf("%s:\n%s", what, diff)
		}
	}
}
