// SPDX-License-Identifier: Apache-2.0

package house_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	codeSpan = regexp.MustCompile("`([^`]+)`")
	testFunc = regexp.MustCompile(`(?m)^func (Test\w+|Fuzz\w+)\(`)
)

// TestClauses holds docs/clauses.md to the tree: every file and every test that
// it names is there, and a row without a test says which issue brings it, or
// that it is not the software's.
func TestClauses(t *testing.T) {
	t.Parallel()
	top := filepath.Join("..", "..")
	table, err := os.ReadFile(filepath.Join(top, "docs", "clauses.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests, rows := testNames(t, top), 0
	for line := range strings.Lines(string(table)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 4 || strings.HasPrefix(cells[0], "---") || strings.TrimSpace(cells[0]) == "clause" {
			continue
		}
		rows++
		clause := strings.TrimSpace(cells[0])
		for _, span := range codeSpan.FindAllStringSubmatch(cells[2], -1) {
			if _, err := os.Stat(filepath.Join(top, span[1])); err != nil {
				t.Errorf("%s: %s is not there", clause, span[1])
			}
		}
		named := codeSpan.FindAllStringSubmatch(cells[3], -1)
		for _, span := range named {
			if !tests[span[1]] {
				t.Errorf("%s: no test is called %s", clause, span[1])
			}
		}
		if rest := cells[3]; len(named) == 0 && !strings.Contains(rest, "issue ") && !strings.Contains(rest, "not the software's") {
			t.Errorf("%s: neither a test nor why there is none", clause)
		}
	}
	if rows < 40 {
		t.Errorf("only %d clauses are in the table", rows)
	}
}

func testNames(t *testing.T, top string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir(top, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() && e.Name() == "node_modules" {
			return skip(err)
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		for _, found := range testFunc.FindAllStringSubmatch(string(text), -1) {
			names[found[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func skip(err error) error {
	if err != nil {
		return err
	}
	return fs.SkipDir
}
