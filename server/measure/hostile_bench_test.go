// SPDX-License-Identifier: Apache-2.0

package measure_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// attack is what hostile callers do beside honest ones.
type attack struct {
	name string
	// wire is a request that must be refused, or that is used as act says.
	wire []byte
	act  string
	// told are the words of which one is told to each.
	told []string
}

const (
	// hostile ones and their pace: 20 requests a second in all.
	hostile    = 4
	attackPace = 200 * time.Millisecond
	idlers     = 10_000
)

// requestOf is a POST to GraphQL with a token.
func (w *world) requestOf(c *contestant, body string) []byte {
	return ask("", c.base, "/graphql", w.token, body).wire
}

func repeated(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func (w *world) attacks(c *contestant) []*attack {
	list := `{"ids":["` + strings.Repeat(`x","`, 999_999) + `x"]}`
	tooLarge, badInput := []string{"413 TOO_LARGE"}, []string{"200 BAD_USER_INPUT"}
	slow := strings.Repeat(" ", 10_000)
	return []*attack{
		{name: "7,000 aliases", wire: w.requestOf(c, body("{"+repeated(7000, " a%d: __typename")+"}", nil)), told: tooLarge},
		{name: "2,000 aliases", wire: w.requestOf(c, body("{"+repeated(2000, " a%d: __typename")+"}", nil)), told: badInput},
		{name: "depth 1,000", wire: w.requestOf(c, body(strings.Repeat("{ viewer ", 1000)+strings.Repeat("}", 1000), nil)), told: badInput},
		{name: "a query of 10 MB", wire: w.requestOf(c, body("{ __typename "+strings.Repeat("#", 10<<20)+"\n}", nil)), told: tooLarge},
		{name: "a list of a million elements", wire: w.requestOf(c, `{"query":"query($ids: [ID!]!) { validities(delegationIds: $ids) { status } }","variables":`+list+`}`), told: tooLarge},
		// With a token a body is waited for where validity is answered directly, before net/http has it.
		{name: "a body that trickles, with a token", wire: w.requestOf(c, slow), act: actTrickle, told: []string{"408 BAD_USER_INPUT"}},
		{name: "a body that trickles, without", wire: ask("", c.base, "/graphql", "", slow).wire, act: actTrickle, told: []string{"408 BAD_USER_INPUT", "429 RATE_LIMITED"}},
		{name: "10,000 idle connections", act: actIdle, told: []string{"408", unsaid, undisturbed}},
		{name: "10,000 connections, idle after a question", wire: w.status(c, "").about(w.ids[0]), act: actIdle, told: []string{"408", undisturbed}},
	}
}

// BenchmarkHostile measures how fast hostile requests are refused, and what the
// attack does to the tail of honest callers, who ask at a third of what the
// program could answer.
func BenchmarkHostile(b *testing.B) {
	w := openWorld(b, setting(b, "ININJO_BENCH_DELEGATIONS", 10_000))
	ours := w.ininjo(b, "GOGC="+gogc())
	q, before := w.status(ours, "honest"), readTimes()
	lines := []string{"| attack | refused: median, slowest | told | honest p99 without, beside it | ratio (aim 2) |", "|---|---|---|---|---|"}
	const honest = 16
	most := (&runner{question: q, asked: w.asked, connections: honest, warm: catchingUp, span: 5 * time.Second}).run(b)
	pace := time.Duration(float64(honest) / (most.rate() / 3) * float64(time.Second))
	length := span(b, "ININJO_BENCH_SPAN", 8*time.Second)
	for _, each := range w.attacks(ours) {
		if only := os.Getenv("ININJO_BENCH_ATTACK"); !strings.Contains(each.name, only) {
			continue
		}
		without := w.honest(b, q, honest, pace, length, nil)
		s := raise(b, each, q.addr)
		beside := w.honest(b, q, honest, pace, length, func() { s.begin(b) })
		o := s.end(b)
		o.judge(b, each)
		lines = append(lines, fmt.Sprintf("| %s | %s | %s | %.2f, %.2f ms | %.2f |", each.name, o.speed(), o.words(), without.at(.99).Seconds()*1000, beside.at(.99).Seconds()*1000,
			beside.at(.99).Seconds()/max(without.at(.99).Seconds(), 1e-6)))
		progress("%s; honest questions a second: %.0f, %.0f", lines[len(lines)-1], without.rate(), beside.rate())
	}
	_, peak := memory(b, ours.cmd.Process.Pid)
	fmt.Fprintf(os.Stdout, "\n%s\n\nHonest callers: %d connections, at the pace of %.0f questions a second of %.0f that it could answer. Attackers: %d with %.0f requests a second, a process of their own on idle priority. Memory at most %d MB. GOGC=%s, %s, %s.\n",
		strings.Join(lines, "\n"), honest, most.rate()/3, most.rate(), hostile, float64(hostile)/attackPace.Seconds(), peak>>20, gogc(), machine(before), clock.Now().Format(time.DateOnly))
}

// honest asks at a pace and wants every answer right. What is to disturb it begins
// when it is measured, so that its beginning counts.
func (w *world) honest(b *testing.B, q question, connections int, pace, length time.Duration, disturb func()) load {
	b.Helper()
	got := (&runner{question: q, asked: w.asked, connections: connections, pace: pace, warm: catchingUp, span: length, begun: disturb}).run(b)
	if got.wrong > 0 || len(got.took) == 0 {
		b.Errorf("honest callers: %d went wrong, the first: %v", got.wrong, got.first)
	}
	return got
}

// judge wants each to have been told what it should.
func (o outcome) judge(b *testing.B, a *attack) {
	b.Helper()
	if len(o.Heard) == 0 {
		b.Errorf("%s: nobody attacked", a.name)
	}
	for told, n := range o.Heard {
		if !slices.Contains(a.told, told) {
			b.Errorf("%s: %d were told %q, want one of %q", a.name, n, told, a.told)
		}
	}
}

func (o outcome) speed() string {
	if len(o.Took) == 0 {
		return "–"
	}
	slices.Sort(o.Took)
	return fmt.Sprintf("%.0f, %.0f ms", o.Took[len(o.Took)/2].Seconds()*1000, o.Took[len(o.Took)-1].Seconds()*1000)
}

func (o outcome) words() string {
	var words []string
	for told, n := range o.Heard {
		words = append(words, fmt.Sprintf("%s (%d)", told, n))
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}
