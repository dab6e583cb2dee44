// SPDX-License-Identifier: Apache-2.0

package measure_test

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// syncs reads how long the database's commits wait for the disk: an answer leaves
// after its commit, and while one waits the next ones gather.
type syncs struct {
	conn *pgx.Conn
	// made and took are how many there were at the last look, and how long all of
	// them took, in milliseconds.
	made, took float64
	readings
}

// watchSyncs looks every second, until the bench ends.
func watchSyncs(tb testing.TB, w *world) *syncs {
	tb.Helper()
	w.exec(tb, "ALTER SYSTEM SET track_wal_io_timing = on", "SELECT pg_reload_conf()")
	conn, err := pgx.Connect(context.Background(), w.url())
	must(tb, err)
	tb.Cleanup(func() {
		_ = conn.Close(context.Background())
		w.exec(tb, "ALTER SYSTEM RESET track_wal_io_timing") // the folder stays, for benches without it
	})
	s := &syncs{conn: conn}
	watch(tb, time.Second, func() {
		var made, took float64
		if err := s.conn.QueryRow(context.Background(), "SELECT wal_sync, wal_sync_time FROM pg_stat_wal").Scan(&made, &took); err != nil {
			tb.Errorf("reading what syncs took: %v", err)
			return
		}
		s.saw(made, took)
	})
	return s
}

// saw keeps what a sync took since the last look, in milliseconds.
func (s *syncs) saw(made, took float64) {
	if s.made > 0 && made > s.made {
		s.add((took - s.took) / (made - s.made))
	}
	s.made, s.took = made, took
}

func TestSyncs(t *testing.T) {
	t.Parallel()
	s, from := &syncs{}, nanos()
	for _, at := range [][2]float64{{1000, 500}, {1010, 502}, {1010, 502}, {1020, 512}, {1030, 513}} {
		s.saw(at[0], at[1])
	}
	if got := s.between(from, nanos()+1); got != 0.2 {
		t.Errorf("the median of 0.2, 1 and 0.1 ms is told as %v", got)
	}
}

// commitDelay is how long each commit of the bench's database waits besides its disk:
// with a folder in memory, a disk that is as fast at any time. That is no disk whose
// rows last; it tells what of a tail is the disk's.
func commitDelay(tb testing.TB) time.Duration {
	tb.Helper()
	return span(tb, "ININJO_BENCH_COMMIT", 0).Truncate(time.Microsecond)
}

// delayed are the settings of a database, with a commit's delay where one is wanted.
func delayed(delay time.Duration, settings map[string]string) map[string]string {
	if delay == 0 {
		return settings
	}
	all := maps.Clone(settings)
	all["commit_delay"], all["commit_siblings"] = strconv.FormatInt(delay.Microseconds(), 10), "0"
	return all
}

// disk tells what a commit waits for: no run in memory is taken for one on a disk.
func (w *world) disk(tb testing.TB) string {
	tb.Helper()
	median, p99 := syncLatency(tb, w.dir)
	told := fmt.Sprintf("fdatasync of a page: p50 %.3f ms, p99 %.3f ms", median.Seconds()*1000, p99.Seconds()*1000)
	if delay := commitDelay(tb); delay > 0 {
		told += fmt.Sprintf(", and each commit waits %v more", delay)
	}
	return told
}
