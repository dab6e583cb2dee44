// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/db"
	"ininjo/poa"
)

// askedIDs are the recipient's inquiries, read in pages of two, the newest first,
// and the same read backwards.
func (w *world) askedIDs(t *testing.T) (forwards, backwards []string) {
	t.Helper()
	read := func(p poa.Page) poa.List[poa.InquiryRecord] {
		list, err := w.DB.Inquiries(t.Context(), poa.InquiryFilter{RecipientID: w.recipient}, p)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	for p, more := (poa.Page{First: 2}), true; more; {
		list := read(p)
		for _, r := range list.Items {
			forwards = append(forwards, r.ID)
		}
		if more = list.HasNext; more {
			p.After = list.Cursors[len(list.Cursors)-1]
		}
	}
	for _, r := range read(poa.Page{Last: 100}).Items {
		backwards = append(backwards, r.ID)
	}
	return forwards, backwards
}

func TestIndexOfInquiries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.DB.MakePartitions(t.Context(), w.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	d := w.accepted(t, w.delegator, days(0, 5))
	var want []string
	ask := func(after time.Duration) {
		w.Clock.Advance(after)
		q := w.inquiry(d.ID)
		q.ID = poa.NewInquiryID(q.AnsweredAt)
		if _, err := w.DB.Ask(t.Context(), w.credential(), []poa.Inquiry{q}); err != nil {
			t.Fatal(err)
		}
		want = append([]string{q.ID}, want...)
	}
	check := func(when string, indexed int) {
		t.Helper()
		forwards, backwards := w.askedIDs(t)
		if diff := cmp.Diff(want, forwards); diff != "" {
			t.Errorf("%s: %s", when, diff)
		}
		if diff := cmp.Diff(want, backwards); diff != "" {
			t.Errorf("%s, backwards: %s", when, diff)
		}
		if n := w.count(t, "SELECT count(*) FROM inquiry_index WHERE recipient_id = $1", w.recipient); n != indexed {
			t.Errorf("%s: %d are indexed, want %d", when, n, indexed)
		}
	}
	index := func() {
		t.Helper()
		if err := w.DB.IndexInquiries(t.Context(), w.Clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	for _, after := range []time.Duration{0, time.Millisecond, time.Hour, time.Second, 20 * time.Second, 20 * time.Second} {
		ask(after)
	}
	check("before the job", 0)
	index()
	check("half a minute is left", 4)
	index()
	check("again", 4)
	ask(time.Second)
	w.Clock.Advance(time.Minute)
	index()
	check("all of it", 7)
	ask(0)
	check("and one more", 7)
	w.Clock.Advance(20 * 24 * time.Hour) // a silence
	ask(0)
	index()
	check("after a silence", 8)
}

// TestIndexGoesInSteps: what many asked in a short time is taken in by several
// transactions, each so short that answers are not held up.
func TestIndexGoesInSteps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.accepted(t, w.delegator, days(0, 5))
	const batches = 2*db.IndexRows/poa.MaxInquiries + 1
	for range batches {
		w.Clock.Advance(5 * time.Millisecond)
		inquiries := w.batch(d.ID)
		for i := range inquiries {
			inquiries[i].ID = poa.NewInquiryID(inquiries[i].AnsweredAt)
		}
		if _, err := w.DB.Ask(t.Context(), w.credential(), inquiries); err != nil {
			t.Fatal(err)
		}
	}
	w.Clock.Advance(time.Minute)
	if err := w.DB.IndexInquiries(t.Context(), w.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	if n := w.count(t, "SELECT count(*) FROM inquiry_index"); n != batches*poa.MaxInquiries {
		t.Errorf("%d are indexed, want %d", n, batches*poa.MaxInquiries)
	}
	if n := w.count(t, "SELECT max(n) FROM (SELECT count(*) AS n FROM inquiry_index GROUP BY xmin::text) s"); n > db.IndexRows {
		t.Errorf("%d in one transaction", n)
	}
	t.Run("more than that in one millisecond", func(t *testing.T) {
		const more = db.IndexRows + 100
		for range more / poa.MaxInquiries {
			w.askAt(t, d.ID, w.Clock.Now(), poa.MaxInquiries)
		}
		w.Clock.Advance(time.Minute)
		if err := w.DB.IndexInquiries(t.Context(), w.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		if n := w.count(t, "SELECT count(*) FROM inquiry_index"); n != batches*poa.MaxInquiries+more {
			t.Errorf("%d are indexed, want %d", n, batches*poa.MaxInquiries+more)
		}
	})
}

func TestHotTableHasItsPrimaryKeyAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.DB.MakePartitions(context.Background(), w.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	if n := w.count(t, `SELECT count(*) FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid WHERE c.relname LIKE 'inquiries%' AND NOT x.indisprimary`); n != 0 {
		t.Errorf("%d more indexes make every answer slower", n)
	}
}

// TestGrowingTablesAreVacuumedGently: at full speed it takes the processors from
// answers, and what a fifth of the table is takes longer each time.
func TestGrowingTablesAreVacuumedGently(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.DB.MakePartitions(t.Context(), w.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	const gently = `SELECT count(*) FROM pg_class WHERE (relname ~ '^(inquiries|audit_events)_(default|y[0-9m]+)$' OR relname IN ('inquiry_index', 'log_leaves', 'log_runs')
		OR oid = (SELECT reltoastrelid FROM pg_class WHERE relname = 'log_runs')) AND relkind IN ('r', 't')`
	all, set := w.count(t, gently), w.count(t, gently+` AND 'autovacuum_vacuum_cost_delay=10' = ANY (reloptions)`)
	if months := 2 * 4; all != set || all < 2+months+4 {
		t.Errorf("%d of %d tables", set, all)
	}
	const growing = `SELECT count(*) FROM pg_class WHERE (relname ~ '^inquiries_(default|y[0-9m]+)$' OR relname = 'inquiry_index'
		OR oid = (SELECT reltoastrelid FROM pg_class WHERE relname = 'log_runs')) AND relkind IN ('r', 't')`
	all, set = w.count(t, growing), w.count(t, growing+` AND reloptions @> ARRAY['autovacuum_vacuum_insert_scale_factor=0', 'autovacuum_vacuum_cost_limit=50']`)
	if months := 4; all != set || all < 1+months+2 {
		t.Errorf("%d of %d tables are vacuumed evenly", set, all)
	}
	if n := w.count(t, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'log_runs'::regclass AND attname IN ('entry_ids', 'leaves') AND attstattarget = 0"); n != 2 {
		t.Errorf("statistics are made of %d columns that hold a thousand leaves each", 2-n)
	}
}

func TestIndexOfMonthsThatAreGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.DB.MakePartitions(t.Context(), w.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	index := func(want string) {
		t.Helper()
		if err := w.DB.IndexInquiries(t.Context(), w.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		if n := w.count(t, "SELECT count(*) FROM inquiry_index WHERE inquiry_id = ANY (string_to_array($1, ' '))", want); n != len(strings.Fields(want)) || w.count(t, "SELECT count(*) FROM inquiry_index") != n {
			t.Errorf("%d of %s are left", n, want)
		}
	}
	gone := func(id, at string) {
		w.Exec(t, fmt.Sprintf("INSERT INTO inquiry_index VALUES ('%s', '%s', '%s')", w.recipient, at, id))
	}
	gone("inq_gone", "2020-01-01")
	gone("inq_there", "2026-06-01")
	index("inq_there")
	gone("inq_again", "2020-01-01") // nothing writes so: the whole index is looked at once for each first month
	index("inq_there inq_again")
	w.Exec(t, "DROP TABLE inquiries_y2026m06")
	index("")
}
