// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"ininjo/poa"
	"ininjo/poa/locale"
)

var update = flag.Bool("update", false, "write printed documentation anew")

// TestRetentionTable holds the printed table of periods against the one that the
// program lives by.
func TestRetentionTable(t *testing.T) {
	t.Parallel()
	const path, begin, end = "../docs/retention.md", "<!-- table -->\n", "<!-- end of table -->"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(page), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatal("the page has no place for the table")
	}
	want := before + begin + retentionTable() + end + after
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(page) != want {
		t.Errorf("docs/retention.md is not what poa/retention_rules.go says: go test ./server -run TestRetentionTable -update")
	}
}

func retentionTable() string {
	var b strings.Builder
	b.WriteString("| kind of record | tables | ground | counts from | period | at its end |\n|---|---|---|---|---|---|\n")
	say := func(key string, n int) string { return locale.Text("en", key, map[string]string{"n": fmt.Sprint(n)}) }
	for _, rule := range poa.RetentionRules() {
		period := say("period.none", 0)
		switch p := rule.Period; {
		case p.Years > 0:
			period = say("period.years", p.Years)
		case p.Months > 0:
			period = say("period.months", p.Months)
		case p.Days > 0:
			period = say("period.days", p.Days)
		case rule.End == poa.EndKeep:
			period = say("period.open", 0)
		}
		var tables []string
		for _, table := range poa.TablesOf(rule.Kind) {
			tables = append(tables, "`"+table+"`")
		}
		fmt.Fprintf(&b, "| %s (%s) | %s | %s | %s | %s | %s |\n", locale.Text("ja", "record."+string(rule.Kind), nil), say("record."+string(rule.Kind), 0), strings.Join(tables, " "),
			rule.Ground, say("start."+string(rule.Start), 0), period, say("end."+string(rule.End), 0))
	}
	return b.String()
}
