// SPDX-License-Identifier: Apache-2.0

package measure_test

import (
	"fmt"
	"math"
	"os"
	"slices"
	"testing"
	"time"
)

// BenchmarkSustained asks at 80 % of the most for as long as ININJO_BENCH_SPAN
// says, and tells by thirds how the tail and the memory went, and by thirtieths the
// tail beside how long an access to memory took and a commit waited for the disk. Questions are due at instants of
// their own, so slow answers do not make for fewer. The floor is asked for a third of
// that time at 80 % of its own most: what its tail does is the machine's.
func BenchmarkSustained(b *testing.B) {
	w := openWorld(b, setting(b, "ININJO_BENCH_DELEGATIONS", 10_000))
	ours := w.ininjo(b, "GOGC="+gogc())
	q := w.status(ours, "the status")
	const connections = 32
	w.growLog(b)
	accesses, commits := watchMemory(b), watchSyncs(b, w)
	length, before := span(b, "ININJO_BENCH_SPAN", time.Minute), readTimes()
	third := func(name string, q question, wanted float64, state func() string) (string, []part) {
		since := readTimes()
		got := (&runner{question: q, asked: w.asked, connections: connections, warm: time.Second, span: length / 3, window: length / 30}).runAt(b, wanted)
		line := fmt.Sprintf("| %s | %.0f of %.0f (%.1f %%) | %.2f ms | %.2f ms | %.0f ms | %s | %.1f %% | %d |", name, got.rate(), wanted, got.rate()/wanted*100,
			got.at(0.5).Seconds()*1000, got.at(0.99).Seconds()*1000, got.at(1).Seconds()*1000, state(), since.taken(), got.wrong)
		progress("%s", line)
		if got.wrong > 0 {
			b.Errorf("%s: %d went wrong, the first: %v", name, got.wrong, got.first)
		}
		if got.rate() < wanted*reached {
			b.Errorf("%s: %.0f a second of %.0f wanted", name, got.rate(), wanted)
		}
		return line, partsOf(got, length/30, &accesses.readings, &commits.readings)
	}
	floor := w.floor(b, "GOGC="+gogc())
	floored := w.ofFloor(floor, "the floor")
	base := w.most(b, floored, connections)
	floorLine, floorParts := third("the floor", floored, base.rate()*sustained, func() string { return "" })
	floor.halt(b, true)
	most := w.most(b, q, connections)
	lines := []string{"| third | answers a second, of those wanted | p50 | p99 | slowest | memory at its end; not sealed, not indexed for | taken by other guests | errors |", "|---|---|---|---|---|---|---|---|", floorLine}
	parts := []part{}
	progress("at most %.0f/s, %.2f of the floor's, %.0f/s in the slowest %v; now %v at %.0f/s", most.rate(), most.rate()/base.rate(), most.slowest(steadyFor), steadyFor, length, most.rate()*sustained)
	for n := range 3 {
		line, more := third(fmt.Sprint(n+1), q, most.rate()*sustained, func() string { return w.behind(b, ours) })
		lines, parts = append(lines, line), append(parts, more...)
	}
	fmt.Fprintf(os.Stdout, "\n")
	for _, line := range lines {
		fmt.Fprintln(os.Stdout, line)
	}
	fmt.Fprintf(os.Stdout, "\n%s, %d connections, %v at %.0f %% of %.0f/s, each question's time from the instant at which it was due. That is what was kept up in three minutes (%.0f/s in their slowest %v), %.2f of the floor's %.0f/s (%.0f/s) in the minutes before. GOGC=%s, %s, %s, %s.\n",
		q.name, connections, length, sustained*100, most.rate(), most.slowest(steadyFor), steadyFor, most.rate()/base.rate(), base.rate(), base.slowest(steadyFor), gogc(), w.disk(b), machine(before), clock.Now().Format(time.DateOnly))
	tell("the floor", floorParts)
	tell("the program", parts)
}

// behind is the program's memory, and for how long inquiries wait for what follows.
func (w *world) behind(b *testing.B, ours *contestant) string {
	now, _ := memory(b, ours.cmd.Process.Pid)
	unsealed := w.count(b, "SELECT coalesce(extract(epoch FROM now() - inquiries_through)::int, -1) FROM log_head")
	unindexed := w.count(b, "SELECT extract(epoch FROM now() - until)::int FROM inquiry_index_mark")
	return fmt.Sprintf("%d MB; %d s, %d s", now>>20, unsealed, unindexed)
}

const (
	// sustained is the share of the most that BenchmarkSustained asks for, and
	// reached what of it must be answered, or it was another bench.
	sustained = 0.8
	reached   = 0.97
	// steadyFor is the length of the parts of which the slowest is told: the machine's
	// speed changes in stretches of half a minute.
	steadyFor = 10 * time.Second
)

// slowest is the lowest rate of a load's windows.
func (l load) slowest(window time.Duration) float64 {
	lowest := math.Inf(1)
	for _, each := range l.windows {
		lowest = min(lowest, float64(len(each.took))/window.Seconds())
	}
	return lowest
}

// growLog has PostgreSQL's write-ahead log as large as it is after a day of such a
// load, when its files are used again and again. A further one is 16 MB of zeros,
// written by whoever needs it while all commits wait: in the first minutes only.
func (w *world) growLog(b *testing.B) {
	const files = 440 // of the 512 of max_wal_size
	for range files {
		if w.count(b, "SELECT count(*)::int FROM pg_ls_waldir()") >= files {
			break
		}
		w.exec(b, "SELECT pg_logical_emit_message(true, '', '')", "SELECT pg_switch_wal()")
	}
	w.exec(b, "CHECKPOINT")
}

// most is what is answered at a pace that nothing reaches, in three minutes once
// what follows answers has set in for all of them: their index comes after half a
// minute, the log's tree after one. Without that, a fifth more is answered than can
// be kept up, and in a single minute a tenth more or less, as others use the host's
// memory. It is measured as it is asked for, since a pace takes the load's own time.
func (w *world) most(b *testing.B, q question, connections int) load {
	closed := (&runner{question: q, asked: w.asked, connections: connections, warm: catchingUp, span: 5 * time.Second}).run(b)
	progress("%.0f/s in a closed loop; now four and a half minutes for the most", closed.rate())
	most := (&runner{question: q, asked: w.asked, connections: connections, warm: 90 * time.Second, span: 3 * time.Minute, window: steadyFor}).flood(b, 1.5*closed.rate())
	if most.wrong > 0 {
		b.Fatalf("%d went wrong, the first: %v", most.wrong, most.first)
	}
	return most
}

// part is one of the thirty parts of a sustained load: its tail, and how long an
// access to memory took meanwhile, in nanoseconds, and a commit's wait for the disk,
// in milliseconds.
type part struct {
	p99          time.Duration
	access, sync float64
}

func partsOf(got load, window time.Duration, accesses, commits *readings) (parts []part) {
	for i, each := range got.windows {
		from := got.began + int64(i)*int64(window)
		to := from + int64(window)
		parts = append(parts, part{each.at(0.99), accesses.between(from, to), commits.between(from, to)})
	}
	return parts
}

// tell prints the parts in the order of time, and how their tail goes with memory and
// the disk.
func tell(whose string, parts []part) {
	var tails, accesses, commits []float64
	for _, p := range parts {
		tails, accesses, commits = append(tails, p.p99.Seconds()*1000), append(accesses, p.access), append(commits, p.sync)
	}
	fmt.Fprintf(os.Stdout, "\np99 of %s, by thirtieths, in ms: %.0f, median %.0f\nan access to memory in ns: %.0f, median %.0f, rank correlation %.2f\na sync of a commit in ms: %.2f, median %.2f, rank correlation %.2f\n",
		whose, tails, medianOf(tails), accesses, medianOf(accesses), rankCorrelation(tails, accesses), commits, medianOf(commits), rankCorrelation(tails, commits))
}

// rankCorrelation is Spearman's: 1 where both grow together, -1 where one falls as
// the other grows.
func rankCorrelation(a, b []float64) float64 {
	ranks := func(values []float64) []int {
		sorted := slices.Sorted(slices.Values(values))
		places := make([]int, len(values))
		for i, v := range values {
			places[i], _ = slices.BinarySearch(sorted, v)
		}
		return places
	}
	n, squares, ra, rb := float64(len(a)), 0.0, ranks(a), ranks(b)
	for i := range ra {
		squares += float64((ra[i] - rb[i]) * (ra[i] - rb[i]))
	}
	return 1 - 6*squares/(n*(n*n-1))
}

func TestRankCorrelation(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		a, b []float64
		want float64
	}{
		{"grow together", []float64{1, 2, 30, 4}, []float64{10, 20, 99, 40}, 1},
		{"against each other", []float64{1, 2, 3}, []float64{9, 8, 7}, -1},
		{"hardly together", []float64{1, 2, 3, 4, 5}, []float64{3, 1, 5, 2, 4}, 0.3},
	} {
		if got := rankCorrelation(c.a, c.b); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// BenchmarkSize compares a large database with a small one, in turns.
func BenchmarkSize(b *testing.B) {
	rounds := setting(b, "ININJO_BENCH_ROUNDS", 5)
	type side struct {
		*contest
		program *contestant
	}
	var sides []side
	for _, delegations := range []int{10_000, setting(b, "ININJO_BENCH_DELEGATIONS", 10_000_000)} {
		w := openWorld(b, delegations)
		c := &contest{world: w, warm: catchingUp, span: span(b, "ININJO_BENCH_SPAN", 5*time.Second)}
		ours := w.ininjo(b, "GOGC="+gogc())
		q := w.status(ours, fmt.Sprintf("%d delegations", delegations))
		c.add(q, ours, 32, 1, nil)
		sides = append(sides, side{c, ours})
	}
	before := readTimes()
	for n := range rounds {
		progress("round %d of %d", n+1, rounds)
		for _, each := range sides {
			each.goround(b)
		}
	}
	fmt.Fprintf(os.Stdout, "\n| database | answers a second | p50 | p99 | memory of the program: now, at most |\n|---|---|---|---|---|\n")
	for _, each := range sides {
		now, peak := memory(b, each.program.cmd.Process.Pid)
		c := each.cells[0]
		fmt.Fprintf(os.Stdout, "| %s | %.0f | %.2f ms | %.2f ms | %d, %d MB |\n", c.name, c.rate(), c.p50().Seconds()*1000, c.p99().Seconds()*1000, now>>20, peak>>20)
	}
	small, large := sides[0].cells[0], sides[1].cells[0]
	fmt.Fprintf(os.Stdout, "\np99 of the large to that of the small: %.2f (aim 1.3). GOGC=%s, %s, %s.\n", large.p99().Seconds()/small.p99().Seconds(), gogc(), machine(before), clock.Now().Format(time.DateOnly))
}
