// SPDX-License-Identifier: Apache-2.0

package graph_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	gql "github.com/vektah/gqlparser/v2/ast"

	"ininjo/graph"
	"ininjo/poa"
)

// TestEveryCodeIsInTheContract reads the codes out of poa's source: a code that
// the enumeration lacks is an answer that typed clients cannot read. Those that
// end a request stand in extensions.code, whose list is design.md's; of them what
// was not found is told as a fault of a field, too.
func TestEveryCodeIsInTheContract(t *testing.T) {
	t.Parallel()
	contract := gqlparser.MustLoadSchema(&gql.Source{Name: "schema", Input: graph.SDL()}).Types["ErrorCode"].EnumValues
	ends, faults := codesOfPOA(t)
	if len(ends) != 12 || len(faults) < 140 {
		t.Errorf("only %d and %d codes were read", len(ends), len(faults))
	}
	known := map[string]bool{string(poa.CodeNotFound): true}
	for _, code := range faults {
		known[code] = true
		if contract.ForName(code) == nil {
			t.Errorf("%s is not in the schema", code)
		}
	}
	for _, value := range contract {
		if !known[value.Name] {
			t.Errorf("%s is in the schema and nowhere else", value.Name)
		}
	}
}

// codesOfPOA are the constants of the type Code: those of the list of codes that
// end a request, and all others.
func codesOfPOA(t *testing.T) (ends, faults []string) {
	t.Helper()
	files, err := filepath.Glob("../poa/*.go")
	must(t, err)
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		must(t, err)
		for _, each := range file.Decls {
			list, ok := each.(*ast.GenDecl)
			if !ok || list.Tok != token.CONST {
				continue
			}
			codes := codesIn(t, list)
			if strings.HasPrefix(list.Doc.Text(), "Codes that end a request") {
				ends = append(ends, codes...)
			} else {
				faults = append(faults, codes...)
			}
		}
	}
	return ends, faults
}

func codesIn(t *testing.T, list *ast.GenDecl) (codes []string) {
	t.Helper()
	for _, each := range list.Specs {
		spec, ok := each.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			continue
		}
		kind, ok := spec.Type.(*ast.Ident)
		value, isText := spec.Values[0].(*ast.BasicLit)
		if !ok || kind.Name != "Code" || !isText {
			continue
		}
		text, err := strconv.Unquote(value.Value)
		must(t, err)
		codes = append(codes, text)
	}
	return codes
}
