// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ininjo/poa"
	"ininjo/poa/statuslist"
)

// fillLists makes 10,000,000 accepted entries, 1 % of them revoked: per list so
// many, in a row from 0 or strewn over the list as the service draws them.
const fillLists = `
	DROP INDEX status_list_standings_begin, status_list_standings_end;
	ALTER TABLE status_list_standings DROP CONSTRAINT status_list_standings_pkey;
	TRUNCATE status_list_standings, status_list_changes;
	DELETE FROM status_list_publications;
	INSERT INTO status_lists (list) SELECT generate_series(1, (10000000 - 1) / %[1]d) ON CONFLICT DO NOTHING;
	INSERT INTO status_list_standings (list, index, begins_at, ends_at)
	SELECT i / %[1]d, %[2]s, '2026-01-01', CASE WHEN hashint4(i) %% 100 = 0 THEN '2026-05-01' ELSE '2027-06-01' END::timestamptz
	FROM generate_series(0, 10000000 - 1) AS i, LATERAL (SELECT (i %% %[1]d * 668265261::bigint) %% 1048576 AS x) AS mixed;
	ALTER TABLE status_list_standings ADD CONSTRAINT status_list_standings_pkey PRIMARY KEY (list, index);
	CREATE INDEX status_list_standings_begin ON status_list_standings (list, begins_at);
	CREATE INDEX status_list_standings_end ON status_list_standings (list, ends_at)`

// BenchmarkStatusLists builds the lists of 10,000,000 delegations: every entry read
// from the database, compressed, signed and published; and carried on where 1 % of
// them changed.
func BenchmarkStatusLists(b *testing.B) {
	for _, c := range []struct {
		name   string
		each   int
		strewn bool
	}{{"ten lists of 1,000,000", 1_000_000, false}, {"as they are drawn, 75 % of each", 786_432, true}} {
		b.Run(c.name, func(b *testing.B) {
			w := newWorld(b)
			index := fmt.Sprintf("i %% %d", c.each)
			if c.strewn { // each index once, in no order
				index = "((x # (x >> 10)) * 374761393::bigint) % 1048576"
			}
			w.Exec(b, fmt.Sprintf(fillLists, c.each, index))
			w.Exec(b, "VACUUM ANALYZE status_list_standings", "CHECKPOINT")
			lists := poa.NewStatusLists(w.Clock, w.DB, w.DB, poa.DefaultPolicy("https://ininjo.example"))
			lists.SignWith(newSigner(b))
			publish := func(b *testing.B, wanted int) {
				if n, err := lists.Publish(b.Context()); err != nil || n != wanted {
					b.Fatalf("published %d, %v", n, err)
				}
			}
			numbers, err := w.DB.StatusLists(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			b.Run("whole", func(b *testing.B) {
				used := 0.0
				for b.Loop() {
					b.StopTimer()
					w.Exec(b, "UPDATE status_list_publications SET whole = true")
					w.Clock.Advance(time.Minute)
					before := w.processorSeconds(b)
					b.StartTimer()
					publish(b, len(numbers))
					b.StopTimer()
					used += w.processorSeconds(b) - before
					b.StartTimer()
				}
				b.ReportMetric(used/float64(b.N), "cpu-s/op")
			})
			drawn := statuslist.Size
			if !c.strewn {
				drawn = c.each
			}
			reportSizes(b, w, numbers, drawn)
			b.Run("1 % changed", func(b *testing.B) {
				for b.Loop() {
					b.StopTimer()
					w.Exec(b, fmt.Sprintf("INSERT INTO status_list_changes (list, index) SELECT list, index FROM status_list_standings WHERE index %% 100 = %d", b.N%100))
					w.Clock.Advance(time.Minute)
					b.StartTimer()
					publish(b, len(numbers))
				}
			})
		})
	}
}

// processorSeconds is what this process and the database's sessions have used of
// the processor: beside other work the only measure that says something.
func (w *world) processorSeconds(b *testing.B) float64 {
	b.Helper()
	rows, err := w.DB.Pool().Query(b.Context(), "SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
	if err != nil {
		b.Fatal(err)
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		b.Fatal(err)
	}
	ticks := 0.0
	for _, pid := range append(pids, os.Getpid()) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return 0 // no Linux
		}
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		for _, field := range fields[11:13] { // utime and stime
			n, err := strconv.ParseFloat(field, 64)
			if err != nil {
				b.Fatal(err)
			}
			ticks += n
		}
	}
	return ticks / 100
}

// reportSizes prints what the lists take, beside what no coding of the entries
// that were drawn can do without.
func reportSizes(b *testing.B, w *world, numbers []int, drawn int) {
	b.Helper()
	compressed, tokens, bound := 0, 0, 0.0
	for _, n := range numbers {
		published, err := w.DB.StatusListToken(context.Background(), n, 1)
		if err != nil {
			b.Fatal(err)
		}
		list, err := statuslist.Own(published.Token)
		if err != nil {
			b.Fatal(err)
		}
		var counts [4]int
		for i := range drawn {
			counts[list.Entries.At(i)]++
		}
		for _, n := range counts {
			if n > 0 {
				bound -= float64(n) * math.Log2(float64(n)/float64(drawn)) / 8
			}
		}
		size, err := list.Entries.Compressed()
		if err != nil {
			b.Fatal(err)
		}
		compressed, tokens = compressed+size, tokens+len(published.Token)
	}
	b.Logf("%d lists: %d bytes compressed, %d bytes as signed tokens; the entries hold %.0f bytes of information", len(numbers), compressed, tokens, bound)
}
