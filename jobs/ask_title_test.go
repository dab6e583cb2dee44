// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"ininjo/db/dbtest"
	"ininjo/jobs"
	"ininjo/poa"
)

// seedDue inserts n accepted delegations with qualifications, all of them due at
// once: what a stop of weeks leaves behind.
func seedDue(tb testing.TB, d *dbtest.Database, n int) {
	tb.Helper()
	at := d.Clock.Now().Format(time.RFC3339)
	id := "regexp_replace(lpad(i::text, 25, '0'), '(.{5})(?=.)', '\\1-', 'g')"
	rows := fmt.Sprintf("generate_series(1, %d) AS i", n)
	q := "(ARRAY['" + strings.Join(words(poa.Qualifications), "','") + "'])[1 + i % 8]"
	digest := "sha256(i::text::bytea)"
	d.Exec(tb,
		"INSERT INTO parties (id, role, kind, state, number, sealed, language, applied_at, decided_at, name_shown) VALUES ('dgr_1', 'DELEGATOR', 'CORPORATION', 'ACTIVE', 'A-1', '', 'ja', '"+at+"', '"+at+"', false)",
		"INSERT INTO status_list_entries (list, index) SELECT 0, i FROM "+rows,
		"INSERT INTO delegations (id, delegator_id, state, sealed, qualification, valid_from, valid_through, status_list, status_index, version, drafted_at, draft_sha256, acknowledgement_number, submitted_at, signature_verified_at, file_sha256, content_sha256, delegate_certificate_sha256, delegate_certified_at, accepted_at) "+
			"SELECT "+id+", 'dgr_1', 'ACCEPTED', '', "+q+", '2026-06-01', '2027-05-31', 0, i, 1, '"+at+"', "+digest+", i::text, '"+at+"', '"+at+"', "+digest+", "+digest+", "+digest+", '"+at+"', '"+at+"' FROM "+rows,
		"INSERT INTO projections (delegation_id, accepted_at, valid_from, valid_through, version, file_sha256, content_sha256, delegate_certificate_sha256, signature_verified_at, qualification) "+
			"SELECT id, accepted_at, valid_from, valid_through, 1, file_sha256, content_sha256, delegate_certificate_sha256, accepted_at, qualification FROM delegations",
		"INSERT INTO titles (delegation_id, qualification, state, round, opened_at, ask_at, engaged, verified_at, due_at) "+
			"SELECT id, qualification, 'CONFIRMED', 1, '"+at+"', '"+at+"', true, '"+at+"', '"+at+"' FROM delegations",
		"INSERT INTO title_rounds SELECT delegation_id, 1, opened_at, ask_at FROM titles", "ANALYZE")
}

func words(list []poa.Qualification) []string {
	var all []string
	for _, q := range list {
		all = append(all, string(q))
	}
	return all
}

func openAll(tb testing.TB, titles *poa.Titles) int {
	tb.Helper()
	total := 0
	for {
		n, err := titles.OpenDue(tb.Context())
		if err != nil {
			tb.Fatal(err)
		}
		if n == 0 {
			return total
		}
		total += n
	}
}

// BenchmarkDueTitles enqueues 200,000 delegates that are due at once, each in
// its place within its body's rate (issue 3: in under 10 s).
func BenchmarkDueTitles(b *testing.B) {
	const due = 200_000
	inserter, err := jobs.NewInserter(jobs.Config{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.StopTimer()
		d := dbtest.New(b, dbtest.WithEnqueuer(inserter.Enqueue))
		seedDue(b, d, due)
		titles := poa.NewTitles(d.Clock, d.DB, poa.DefaultPolicy("https://ininjo.example"))
		d.Clock.Advance(time.Hour)
		b.StartTimer()
		if n := openAll(b, titles); n != due {
			b.Fatalf("%d rounds were opened", n)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/200000")
}

// TestDueTitles works off what is due: cases are opened in their time, once,
// though several processes sweep at once.
func TestDueTitles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const due = 24
	delegator, at := w.party(t, poa.PartyDelegator, "ja"), w.Clock.Now().Format(time.RFC3339)
	for range due {
		w.delegation(t, delegator)
	}
	w.Exec(t, "INSERT INTO titles (delegation_id, qualification, state, round, opened_at, ask_at, engaged, verified_at, due_at) SELECT id, qualification, 'CONFIRMED', 1, '"+at+"', '"+at+"', true, '"+at+"', '"+at+"' FROM delegations",
		"INSERT INTO title_rounds SELECT delegation_id, 1, opened_at, ask_at FROM titles")
	w.Clock.Advance(time.Hour)
	var done []chan error
	for range 3 {
		titles, finished := poa.NewTitles(w.Clock, w.Open(t), poa.DefaultPolicy("https://ininjo.example")), make(chan error, 1)
		done = append(done, finished)
		go func() { _, err := titles.OpenDue(context.WithoutCancel(t.Context())); finished <- err }()
	}
	for _, finished := range done {
		if err := <-finished; err != nil {
			t.Error(err)
		}
	}
	count := func(sql string) int {
		n, err := strconv.Atoi(w.Text(t, "SELECT count(*)::text FROM "+sql))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if jobs, rounds := count("river.river_job WHERE kind = 'ask_title'"), count("title_rounds WHERE round = 2"); jobs != due || rounds != due {
		t.Errorf("%d jobs for %d rounds", jobs, rounds)
	}
	faster := `(SELECT ask_at - lag(ask_at) OVER (PARTITION BY qualification ORDER BY ask_at) AS gap FROM titles) g WHERE gap < interval '1 day' / 200 - interval '1 millisecond'`
	if n := count(faster); n != 0 {
		t.Errorf("%d are asked sooner than their body's rate allows", n)
	}
	if n := count("titles WHERE ask_at > now() + interval '100 years'"); n != 0 {
		t.Errorf("%d are never asked", n)
	}
	w.Exec(t, "UPDATE river.river_job SET scheduled_at = now(), state = 'available' WHERE kind = 'ask_title'") // their time has come
	w.start(t)
	waiting := time.After(patience)
	for count("cases WHERE kind = 'TITLE'") < due {
		select {
		case <-waiting:
			t.Fatalf("%d cases are open, want %d", count("cases WHERE kind = 'TITLE'"), due)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
