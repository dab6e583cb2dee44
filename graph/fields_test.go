// SPDX-License-Identifier: Apache-2.0

package graph_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"ininjo/graph"
)

// words are texts that tell whose data an answer holds.
var words = map[string][]string{
	"delegator": {"山田", "やまだ", "佐藤", "電子入札"},
	"other":     {"ほか商店", "高橋"},
	"recipient": {"見本銀行", "partner.example", "基幹システム", "あらた", "議事録"},
}

// seesDataOf says whose data may stand in an answer to whom, in whatever field
// (design.md, rule 11). Who is left out sees nobody's.
var seesDataOf = map[string][]string{
	"delegator": {"delegator"},
	"delegate":  {"delegator"},
	"other":     {"other"},
	"recipient": {"recipient"},
	"reading":   {"recipient"},
	"owner":     {"delegator", "other", "recipient"},
	"manager":   {"delegator", "other", "recipient"},
	"reception": {"delegator", "other", "recipient"},
}

// TestEveryFieldOfEveryType asks for every field of every type that a query can
// reach, as everybody. The schema itself says what to ask: a new field is asked
// for as soon as it is there.
func TestEveryFieldOfEveryType(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.play("testdata/accepted.txtar", false)
	s.enrolOther()
	s.askForChange()
	known := loadSchema(t)
	tokens := s.tokens()
	seen := map[string]map[string]bool{}
	for _, who := range everybody {
		seen[who] = map[string]bool{}
		for _, each := range known.questions(t) {
			_, body := s.post(tokenOf(tokens, who), "ja", map[string]string{"query": s.fill(each)})
			if code := codeOf(t, body); code == "INTERNAL" || code == "BAD_USER_INPUT" || code == "COMPLEXITY_LIMIT_EXCEEDED" {
				t.Errorf("%s asks %s: %s", who, each, body)
			}
			for owner, texts := range words {
				holds := slices.ContainsFunc(texts, func(word string) bool { return strings.Contains(string(body), word) })
				seen[who][owner] = seen[who][owner] || holds
				if holds && !slices.Contains(seesDataOf[who], owner) {
					t.Errorf("%s sees data of %s: %s: %.600s", who, owner, each, body)
				}
			}
		}
	}
	for who, owners := range seesDataOf {
		for _, owner := range owners {
			if !seen[who][owner] {
				t.Errorf("%s was shown nothing of %s: the questions do not reach it", who, owner)
			}
		}
	}
	for _, lost := range known.unreached() {
		t.Errorf("no question reaches %s", lost)
	}
}

func (s *script) tokens() map[string]string {
	return map[string]string{"anyone": "", "validity": s.kept["token"], "reading": s.kept["reading"], "delegate": s.kept["linkA"]}
}

func tokenOf(tokens map[string]string, who string) string {
	if token, special := tokens[who]; special {
		return token
	}
	return who
}

// known is the schema with what was asked of it.
type known struct {
	*ast.Schema
	asked map[string]bool
}

func loadSchema(t *testing.T) *known {
	t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema", Input: graph.SDL()})
	must(t, err)
	return &known{schema, map[string]bool{}}
}

// questions are queries that together ask for every field: for each field of
// Query, with the arguments of the table of views, each type once, with all its
// fields that are no objects.
func (k *known) questions(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, name := range slices.Sorted(maps.Keys(views)) {
		row := views[name]
		call, _, _ := strings.Cut(row.query, " {")
		if call == name {
			call += k.arguments(k.Query.Fields.ForName(name).Arguments)
		}
		field := k.Query.Fields.ForName(name)
		if field == nil {
			t.Fatalf("the schema has no field %s", name)
		}
		k.asked["Query."+name] = true
		if k.plain(field) {
			all = append(all, "{ "+call+" }")
			continue
		}
		k.ask(&all, "{ "+call, " }", field.Type.Name(), nil)
	}
	return all
}

// plain tells whether a field is asked for without a selection.
func (k *known) plain(field *ast.FieldDefinition) bool {
	kind := k.Types[field.Type.Name()].Kind
	return kind == ast.Scalar || kind == ast.Enum
}

// ask adds a question for the plain fields of a type and goes on to the types
// of the others, each once on a way.
func (k *known) ask(all *[]string, before, after, name string, way []string) {
	definition := k.Types[name]
	if slices.Contains(way, name) || len(way) > 6 {
		return
	}
	way = append(slices.Clone(way), name)
	if definition.Kind == ast.Interface || definition.Kind == ast.Union {
		for _, each := range k.GetPossibleTypes(definition) {
			k.ask(all, before+" { ... on "+each.Name, " }"+after, each.Name, way)
		}
		return
	}
	plain := []string{"__typename"}
	for _, field := range definition.Fields {
		if strings.HasPrefix(field.Name, "__") {
			continue
		}
		k.asked[name+"."+field.Name] = true
		if k.plain(field) {
			plain = append(plain, field.Name+k.arguments(field.Arguments))
		} else {
			k.ask(all, before+" { "+field.Name+k.arguments(field.Arguments), " }"+after, field.Type.Name(), way)
		}
	}
	*all = append(*all, before+" { "+strings.Join(plain, " ")+" }"+after)
}

// arguments fills in those that must be given, and keeps lists short.
func (k *known) arguments(list ast.ArgumentDefinitionList) string {
	var given []string
	for _, each := range list {
		if each.Type.NonNull && each.DefaultValue == nil || each.Name == "first" {
			given = append(given, each.Name+": "+k.literal(each.Name, each.Type))
		}
	}
	if len(given) == 0 {
		return ""
	}
	return "(" + strings.Join(given, ", ") + ")"
}

// literal is some value of a type, a known one where the name tells what it is.
func (k *known) literal(name string, of *ast.Type) string {
	if of.Elem != nil {
		return "[" + k.literal(name, of.Elem) + "]"
	}
	definition := k.Types[of.NamedType]
	switch {
	case definition.Kind == ast.Enum:
		return definition.EnumValues[0].Name
	case definition.Kind == ast.InputObject:
		var fields []string
		for _, each := range definition.Fields {
			if each.Type.NonNull && each.DefaultValue == nil {
				fields = append(fields, each.Name+": "+k.literal(each.Name, each.Type))
			}
		}
		return "{" + strings.Join(fields, ", ") + "}"
	}
	if known, ok := things[name]; ok {
		return `"` + known + `"`
	}
	switch of.NamedType {
	case "Base64":
		return `"eA=="`
	case "Int", "Float":
		return "1"
	case "Boolean":
		return "true"
	case "Date":
		return `"2030-01-01"`
	case "DateTime":
		return `"2030-01-01T00:00:00Z"`
	}
	return `"x"`
}

// things are what arguments of a name stand for.
var things = map[string]string{"delegationId": "${first}", "delegationIds": "${first}", "replacesId": "${first}", "delegatorId": "${delegator}", "endpointId": "${endpoint}", "tokenId": "${tokenId}", "termsId": "${terms}", "changeId": "${change}", "questionId": "${question}",
	"corporateNumber": "2040001999902", "email": "somebody@example.jp", "url": "https://partner.example/x"}

// unreached are fields of objects that neither a query nor an act's answer
// reaches.
func (k *known) unreached() []string {
	queue := []string{k.Mutation.Name, k.Subscription.Name} // TestSubscriptions asks the latter
	for i := 0; i < len(queue); i++ {
		for _, field := range k.Types[queue[i]].Fields {
			k.asked[queue[i]+"."+field.Name] = true
			next := k.Types[field.Type.Name()]
			for _, each := range append(k.GetPossibleTypes(next), next) {
				if (each.Kind == ast.Object || each.Kind == ast.Interface) && !slices.Contains(queue, each.Name) && !strings.HasPrefix(each.Name, "__") {
					queue = append(queue, each.Name)
				}
			}
		}
	}
	var lost []string
	for name, definition := range k.Types {
		if definition.Kind != ast.Object || definition.BuiltIn {
			continue
		}
		for _, field := range definition.Fields {
			if !strings.HasPrefix(field.Name, "__") && !k.asked[name+"."+field.Name] {
				lost = append(lost, fmt.Sprintf("%s.%s", name, field.Name))
			}
		}
	}
	slices.Sort(lost)
	return lost
}
