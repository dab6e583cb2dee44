// SPDX-License-Identifier: Apache-2.0

package graph_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"ininjo/graph"
)

// TestCodesOfFilingsAreInTheContract reads the codes out of poa's source: a code
// that the enumeration lacks is an answer that typed clients cannot read.
func TestCodesOfFilingsAreInTheContract(t *testing.T) {
	t.Parallel()
	schema := gqlparser.MustLoadSchema(&ast.Source{Name: "schema", Input: graph.SDL()})
	contract := schema.Types["ErrorCode"].EnumValues
	found := 0
	for _, file := range []string{"../poa/codes_filing.go", "../poa/title.go"} {
		text, err := os.ReadFile(file)
		must(t, err)
		for _, code := range regexp.MustCompile(`Code = "([A-Z0-9_]+)"`).FindAllStringSubmatch(string(text), -1) {
			found++
			if contract.ForName(code[1]) == nil {
				t.Errorf("%s is not in the schema", code[1])
			}
		}
	}
	if found < 40 {
		t.Errorf("only %d codes were read", found)
	}
}
