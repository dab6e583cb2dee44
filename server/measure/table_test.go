// SPDX-License-Identifier: Apache-2.0

package measure_test

import (
	"fmt"
	"html"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// middle is the median of a property of the rounds.
func middle[T float64 | time.Duration](rounds []round, of func(round) T) T {
	values := make([]T, len(rounds))
	for i, each := range rounds {
		values[i] = of(each)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func (c *cell) rate() float64  { return middle(c.rounds, func(r round) float64 { return r.rate }) }
func (c *cell) ratio() float64 { return middle(c.rounds, func(r round) float64 { return r.ratio }) }
func (c *cell) p50() time.Duration {
	return middle(c.rounds, func(r round) time.Duration { return r.p50 })
}
func (c *cell) p99() time.Duration {
	return middle(c.rounds, func(r round) time.Duration { return r.p99 })
}

// beside is its rate as a ratio to another's: the median of those of the rounds, in
// each of which the two came one soon after the other.
func (c *cell) beside(other *cell) float64 {
	ratios := make([]float64, min(len(c.rounds), len(other.rounds)))
	for i := range ratios {
		ratios[i] = c.rounds[i].rate / other.rounds[i].rate
	}
	return medianOf(ratios)
}

// title names a cell with its connections.
func (c *cell) title() string { return fmt.Sprintf("%s, %d connections", c.name, c.connections) }

// lines are the table of the figures, in Markdown.
func (c *contest) lines() []string {
	lines := []string{"| what is asked | answers a second (median of rounds) | to the floor | p50 | p99 | p99 to the floor's | CPU for each: server, PostgreSQL |", "|---|---|---|---|---|---|---|"}
	for _, each := range c.cells {
		rate, ratio, tail := fmt.Sprintf("%.0f", each.rate()), "1", "1"
		if each.each > 1 {
			rate += fmt.Sprintf(" (%.0f delegations)", each.rate()*float64(each.each))
		}
		if each.floor != nil {
			ratio = fmt.Sprintf("%.2f", each.ratio())
			tail = fmt.Sprintf("%.2f", each.p99().Seconds()/each.floor.p99().Seconds())
		}
		lines = append(lines, fmt.Sprintf("| %s | %s | %s | %.2f ms | %.2f ms | %s | %d, %d µs |", each.title(), rate, ratio, each.p50().Seconds()*1000, each.p99().Seconds()*1000, tail,
			middle(each.rounds, func(r round) time.Duration { return r.server }).Microseconds(),
			middle(each.rounds, func(r round) time.Duration { return r.database }).Microseconds()))
	}
	return lines
}

// find is the cell of a title over 32 connections.
func (c *contest) find(name string) *cell {
	for _, each := range c.cells {
		if strings.HasPrefix(each.title(), name) && each.connections == 32 {
			return each
		}
	}
	return nil
}

// aims compares cells with one another, beside what issue 6 wants.
func (c *contest) aims() []string {
	lines := []string{}
	best := c.find("trusted")
	if best == nil {
		best = c.find("free query")
	}
	if best == nil {
		return lines
	}
	if other := c.find("PostGraphile"); other != nil {
		lines = append(lines, fmt.Sprintf("%s beside PostGraphile: %.1f times (aim 4).", best.name, best.beside(other)))
	}
	if signed, without := c.find("with receipt"), c.find("free query, 32"); signed != nil && without != nil {
		lines = append(lines, fmt.Sprintf("With receipt, of the rate of the free query without: %.2f (aim 0.65).", signed.beside(without)))
	}
	if many := c.find("batch"); many != nil {
		lines = append(lines, fmt.Sprintf("Batch of 100, for each ID, to the single rate of %s: %.1f times (aim 5).", best.name, many.beside(best)*batch))
	}
	return lines
}

// print shows the figures, and draws them where ININJO_BENCH_SVG names a file.
func (c *contest) print(tb testing.TB, notes []string) {
	tb.Helper()
	fmt.Fprintln(os.Stdout, "\n"+strings.Join(append(append(c.lines(), ""), append(c.aims(), notes...)...), "\n"))
	if path := os.Getenv("ININJO_BENCH_SVG"); path != "" {
		must(tb, os.WriteFile(path, []byte(c.chart()), 0o644))
		progress("drew %s", filepath.Base(path))
	}
}

// chart draws the rates as bars, each beside its figure and its ratio to the
// floor, in colours that hold on light and on dark ground.
func (c *contest) chart() string {
	const width, row, left, right = 760, 26, 300, 150
	most := 0.0
	for _, each := range c.cells {
		most = max(most, each.rate())
	}
	var b strings.Builder
	height := len(c.cells)*row + 40
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="13" role="img" aria-labelledby="title">`+"\n", width, height)
	fmt.Fprintf(&b, `<title id="title">Answers a second, %s</title>`+"\n", clock.Now().Format(time.DateOnly))
	fmt.Fprintf(&b, `<style>text { fill: #333 } @media (prefers-color-scheme: dark) { text { fill: #ddd } }</style>`+"\n")
	fmt.Fprintf(&b, `<text x="8" y="18" font-weight="bold">Answers a second, and as a ratio to the floor (median of %d rounds)</text>`+"\n", len(c.cells[0].rounds))
	for i, each := range c.cells {
		y := 32 + i*row
		colour, ratio := "#2b6cb0", fmt.Sprintf(" (%.2f)", each.ratio())
		switch {
		case each.floor == nil:
			colour, ratio = "#888888", ""
		case strings.HasPrefix(each.name, "PostGraphile"):
			colour = "#b7791f"
		}
		bar := max(1, int(each.rate()/most*float64(width-left-right)))
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text><rect x="%d" y="%d" width="%d" height="16" fill="%s"/><text x="%d" y="%d">%.0f%s</text>`+"\n",
			left-8, y+13, html.EscapeString(each.title()), left, y, bar, colour, left+bar+6, y+13, each.rate(), ratio)
	}
	b.WriteString("</svg>\n")
	return b.String()
}
