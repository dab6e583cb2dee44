// SPDX-License-Identifier: Apache-2.0

package measure_test

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"testing"
	"time"
)

// cell is one contestant asked one question over so many connections.
type cell struct {
	question
	*contestant
	connections int
	// floor is the cell that this one is compared with; nil for a floor.
	floor *cell
	// each is how many delegations one question names.
	each   int
	rounds []round
}

// round is what one round of a cell gave.
type round struct {
	rate, ratio float64 // questions a second, and as a ratio to the floor's
	p50, p99    time.Duration
	// server and database are CPU for each question.
	server, database time.Duration
}

// contest alternates cells on one database.
type contest struct {
	*world
	cells []*cell
	warm  time.Duration
	span  time.Duration
}

func (c *contest) add(q question, of *contestant, connections, each int, floor *cell) *cell {
	added := &cell{question: q, contestant: of, connections: connections, each: each, floor: floor}
	c.cells = append(c.cells, added)
	return added
}

// only leaves the floors and the cells that the expression matches.
func (c *contest) only(wanted *regexp.Regexp) {
	c.cells = slices.DeleteFunc(c.cells, func(each *cell) bool { return each.floor != nil && !wanted.MatchString(each.title()) })
}

// goround lets every cell have its turn. Whoever is not asked stands still, and
// the database begins each turn with nothing to write back.
func (c *contest) goround(tb testing.TB) {
	tb.Helper()
	for _, each := range c.cells {
		each.halt(tb, true)
	}
	for _, each := range c.cells {
		c.exec(tb, "CHECKPOINT")
		each.halt(tb, false)
		var server, database time.Duration
		r := &runner{question: each.question, asked: c.asked, connections: each.connections, warm: c.warm, span: c.span}
		r.begun = func() { server, database = used(each.cmd.Process.Pid), usedByAll(c.postgres) }
		r.ended = func() {
			server, database = used(each.cmd.Process.Pid)-server, usedByAll(c.postgres)-database
		}
		got := r.run(tb)
		each.halt(tb, true)
		if got.wrong > 0 || len(got.took) == 0 {
			tb.Fatalf("%s over %d connections: %d of %d went wrong, the first: %v", each.name, each.connections, got.wrong, len(got.took), got.first)
		}
		n := time.Duration(len(got.took))
		one := round{rate: got.rate(), p50: got.at(0.5), p99: got.at(0.99), server: server / n, database: database / n}
		if each.floor != nil {
			one.ratio = one.rate / each.floor.rounds[len(each.rounds)].rate
		}
		each.rounds = append(each.rounds, one)
		progress("%-45s %4d connections %8.0f/s  p99 %6.2f ms", each.name, each.connections, one.rate, one.p99.Seconds()*1000)
		if each.each > 1 || each.connections > 32 && each.floor != nil {
			each.halt(tb, false)
			c.follow(tb)
			each.halt(tb, true)
		}
	}
	for _, each := range c.cells {
		each.halt(tb, false)
	}
}

// follow waits until what follows all answers so far is done, so that no turn pays
// for what a batch or many connections asked in another: the log's tree and the
// index of inquiries.
func (c *contest) follow(tb testing.TB) {
	tb.Helper()
	const left = "SELECT count(*) FROM log_head, inquiry_index_mark WHERE least(inquiries_through, until) < (SELECT max(answered_at) FROM inquiries)"
	end := clock.Now().Add(5 * time.Minute)
	for c.count(tb, left) > 0 {
		if clock.Now().After(end) {
			tb.Fatal("sealing and indexing do not come to their end")
		}
		<-time.After(time.Second)
	}
}

// catchingUp is how long each turn begins unmeasured: whoever stood still while
// others were measured does first what his timers put off meanwhile.
const catchingUp = 4 * time.Second

// gogc is that of the floor and of the program.
func gogc() string {
	if value := os.Getenv("ININJO_BENCH_GOGC"); value != "" {
		return value
	}
	return "400"
}

// BenchmarkValidity measures the answer to whether a delegation is valid: the
// floor, this program with its token check and durable audit, and PostGraphile,
// in turns on one database. Load, servers and PostgreSQL share the machine.
func BenchmarkValidity(b *testing.B) {
	rounds, delegations := setting(b, "ININJO_BENCH_ROUNDS", 5), setting(b, "ININJO_BENCH_DELEGATIONS", 10_000)
	w := openWorld(b, delegations)
	before := readTimes()
	c := &contest{world: w, warm: catchingUp, span: span(b, "ININJO_BENCH_SPAN", 5*time.Second)}
	floor, ours := w.floor(b, "GOGC="+gogc()), w.ininjo(b, "GOGC="+gogc())
	notes := []string{}
	for _, connections := range []int{32, 256} {
		base := c.add(w.ofFloor(floor, "floor"), floor, connections, 1, nil)
		if q, known := w.trusted(ours, "trusted document"); known {
			c.add(q, ours, connections, 1, base)
		} else if connections == 32 {
			notes = append(notes, "Trusted documents: not in this program.")
		}
		c.add(w.free(ours, "free query", documentStatus), ours, connections, 1, base)
		if connections > 32 {
			continue
		}
		c.add(w.written(ours, "free query, ID in its text"), ours, connections, 1, base)
		c.add(w.free(ours, "with receipt", documentReceipt), ours, connections, 1, base)
		c.add(w.many(ours, "batch of 100"), ours, connections, batch, base)
		if other, missing := w.postgraphile(b); missing == "" {
			c.add(w.ofPostgraphile(other, "PostGraphile 5, no sign-in, no audit"), other, connections, 1, base)
		} else {
			notes = append(notes, "PostGraphile: not at hand ("+missing+").")
		}
	}
	c.only(regexp.MustCompile(os.Getenv("ININJO_BENCH_QUESTION")))
	for _, each := range c.cells {
		if !w.answers(each.question) {
			b.Fatalf("%s is not answered", each.name)
		}
	}
	for n := range rounds {
		progress("round %d of %d", n+1, rounds)
		c.goround(b)
	}
	notes = append(notes, fmt.Sprintf("%s. %d delegations, %d rounds of %v, GOGC=%s, %s, %s, %s.",
		w.disk(b), delegations, rounds, c.span, gogc(), machine(before), runtime.Version(), clock.Now().Format(time.DateOnly)))
	now, most := memory(b, ours.cmd.Process.Pid)
	notes = append(notes, fmt.Sprintf("Memory of the program: %d MB at the end, %d MB at most.", now>>20, most>>20))
	if wanted, kept := c.asksOfOurs(), w.count(b, "SELECT count(*) FROM inquiries"); kept < wanted {
		b.Errorf("%d delegations were answered about, %d answers are audited", wanted, kept)
	}
	c.print(b, notes)
}

// asksOfOurs is how many delegations the program answered about while it was measured.
func (c *contest) asksOfOurs() (n int) {
	for _, each := range c.cells {
		for _, one := range each.rounds {
			if each.floor != nil && each.valid == `"status":"VALID"` {
				n += int(one.rate * c.span.Seconds() * float64(each.each))
			}
		}
	}
	return n
}
