// SPDX-License-Identifier: Apache-2.0

package house_test

import (
	"bytes"
	"go/ast"
	"slices"
	"strings"
	"testing"
)

const (
	longestFile     = 500
	longestFunction = 80
	licence         = "// SPDX-License-Identifier: Apache-2.0\n"
)

// emptyNames say nothing of what a package is for.
var emptyNames = []string{"util", "utils", "common", "helper", "helpers", "model", "models", "misc", "shared"}

func TestFiles(t *testing.T) {
	t.Parallel()
	for _, each := range sources(t) {
		if each.generated {
			continue
		}
		if each.lines > longestFile {
			t.Errorf("%s has %d lines: split it by what its parts do, %d are the most", each.path, each.lines, longestFile)
		}
		if !bytes.HasPrefix(each.text, []byte(licence)) {
			t.Errorf("%s does not begin with %q", each.path, strings.TrimSpace(licence))
		}
	}
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	for _, each := range sources(t) {
		if each.generated {
			continue
		}
		for _, declared := range each.file.Decls {
			function, ok := declared.(*ast.FuncDecl)
			if !ok || function.Body == nil {
				continue
			}
			lines := each.positions.Position(function.End()).Line - each.positions.Position(function.Pos()).Line - 1
			if lines > longestFunction {
				t.Errorf("%s: %s has %d lines: %d are the most", each.at(function), function.Name.Name, lines, longestFunction)
			}
		}
	}
}

func TestPackages(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{}
	for _, each := range sources(t) {
		name := strings.TrimSuffix(each.file.Name.Name, "_test")
		if slices.Contains(emptyNames, name) {
			t.Errorf("%s is of package %s: name it after what it does", each.path, name)
		}
		documented[each.pkg] = documented[each.pkg] || !each.test && each.file.Doc != nil
	}
	for pkg, found := range documented {
		if !found {
			t.Errorf("package %s has no doc comment: doc.go says what it does and what it must never do", pkg)
		}
	}
}

func TestCalls(t *testing.T) {
	t.Parallel()
	for _, each := range sources(t) {
		if each.generated {
			continue
		}
		ast.Inspect(each.file, func(node ast.Node) bool {
			selected, ok := node.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			owner, ok := selected.X.(*ast.Ident)
			if !ok {
				return true
			}
			if fault := forbidden(each, owner.Name, selected.Sel.Name); fault != "" {
				t.Errorf("%s: %s.%s: %s", each.at(selected), owner.Name, selected.Sel.Name, fault)
			}
			return true
		})
	}
}

// forbidden says why a name of another package or of a test must not be used in a file, "" if it may.
func forbidden(each source, owner, name string) string {
	switch {
	case owner == "time" && slices.Contains([]string{"Now", "Since", "Until"}, name) && each.path != "poa/clock.go":
		return "time comes from a poa.Clock that was handed in"
	case each.test && slices.Contains([]string{"t", "tb", "b", "f"}, owner) && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, name):
		return "no test is skipped: what is missing is a failure that says what to install"
	case each.test && owner == "testing" && name == "Short":
		return "every test is run every time"
	case each.test && owner == "time" && name == "Sleep":
		return "tests wait for what they wait for, they do not sleep"
	}
	return ""
}
