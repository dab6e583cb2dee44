// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"bytes"
	"maps"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"ininjo/poa"
)

// plan is a document that asks nothing but validity, made ready once: where its
// arguments come from and what of each answer is written. What it answers is
// byte for byte what the executor would; what it cannot, it leaves to it.
type plan struct {
	// name is the operation's.
	name string
	// root is the root field, opening what stands before its value in the answer.
	root      graphql.CollectedField
	opening   string
	many      bool
	arguments map[string]string // by argument, the name of its variable
	variables map[string]planVariable
	selection []planField
	// cost is the complexity of one answer.
	cost int
}

type planVariable struct{ list, required bool }

// planField is a field of an answer, or of its qualification.
type planField struct {
	// key is the field's name in the answer with quotes and colon.
	key   string
	name  string
	field graphql.CollectedField
	inner []planField
	// typeName is what __typename answers.
	typeName string
}

// planned are the variables' types that plans read: nothing is coerced.
var planned = map[string]planVariable{
	"ID": {}, "String": {}, "DateTime": {}, "ID!": {required: true}, "String!": {required: true}, "[ID!]!": {list: true, required: true},
}

// newPlan makes a document ready, nil where it is none of those that plans answer.
// What the schema says of it is for who validates it.
func newPlan(document *ast.QueryDocument, limits Limits) *plan {
	if document == nil || len(document.Operations) != 1 || len(document.Fragments) > 0 {
		return nil
	}
	operation := document.Operations[0]
	if operation.Operation != ast.Query || len(operation.Directives) > 0 || len(operation.VariableDefinitions) == 0 || len(operation.SelectionSet) != 1 {
		return nil
	}
	root, ok := operation.SelectionSet[0].(*ast.Field)
	if !ok || len(root.Directives) > 0 || root.Name != "validity" && root.Name != "validities" {
		return nil
	}
	p := &plan{name: operation.Name, root: collected(root), opening: `{"data":{"` + root.Alias + `":`, many: root.Name == "validities",
		arguments: map[string]string{}, variables: map[string]planVariable{}}
	if !p.bind(operation, root) {
		return nil
	}
	if p.selection, ok = p.fields(root.SelectionSet, "Validity", validityFields); !ok {
		return nil
	}
	c := count{limits: limits}
	if c.selections(operation.SelectionSet, 1); c.over {
		return nil
	}
	return p
}

// bind wants every argument to be a variable of a type that is read as it is.
func (p *plan) bind(operation *ast.OperationDefinition, root *ast.Field) bool {
	for _, v := range operation.VariableDefinitions {
		kind, known := planned[v.Type.String()]
		if !known || v.DefaultValue != nil || len(v.Directives) > 0 {
			return false
		}
		p.variables[v.Variable] = kind
	}
	for _, a := range root.Arguments {
		if a.Value.Kind != ast.Variable {
			return false
		}
		p.arguments[a.Name] = a.Value.Raw
	}
	return true
}

// validityFields are the fields of an answer and what they cost; those of the
// qualification stand behind it.
var validityFields = map[string]int{
	"__typename": 1, "delegationId": 1, "status": 1, "reason": 1, "asOf": 1, "knownAt": 1, "answeredAt": 1, "inquiryId": 1, "documentMatches": 1,
	"delegateMatches": 1, "validFrom": 1, "validThrough": 1, "version": 1, "signatureVerifiedAt": 1, "qualification": 1, "receipt": receiptCost,
}

var qualificationFields = map[string]int{"__typename": 1, "qualification": 1, "standing": 1, "verifiedAt": 1}

func collected(f *ast.Field) graphql.CollectedField {
	return graphql.CollectedField{Field: f, Selections: f.SelectionSet}
}

// fields takes plain fields, each under a name of its own. Of many
// answers no receipts: the executor signs side by side.
func (p *plan) fields(set ast.SelectionSet, typeName string, known map[string]int) ([]planField, bool) {
	var fields []planField
	seen := map[string]bool{}
	for _, selection := range set {
		f, ok := selection.(*ast.Field)
		if !ok || len(f.Directives) > 0 || len(f.Arguments) > 0 || known[f.Name] == 0 || seen[f.Alias] || f.Name == "receipt" && p.many {
			return nil, false
		}
		seen[f.Alias] = true
		p.cost += known[f.Name]
		field := planField{key: `"` + f.Alias + `":`, name: f.Name, field: collected(f), typeName: typeName}
		if len(f.SelectionSet) > 0 {
			if field.inner, ok = p.fields(f.SelectionSet, "QualificationStanding", qualificationFields); !ok {
				return nil, false
			}
		}
		fields = append(fields, field)
	}
	return fields, true
}

// questions are what a request asks by the plan; false where its variables want
// more than to be read as they are, or the answers might be too many.
func (p *plan) questions(in *leanRequest, limits Limits) ([]poa.Question, bool) {
	if len(in.operation) > 0 && string(in.operation) != p.name {
		return nil, false
	}
	for name, want := range p.variables {
		v := in.variable(name)
		if v == nil || v.kind == leanNull {
			if want.required {
				return nil, false
			}
		} else if (v.kind == leanList) != want.list {
			return nil, false
		}
	}
	for i := range in.variables {
		if _, declared := p.variables[string(in.variables[i].name)]; !declared {
			return nil, false
		}
	}
	if in.given(p, "at") != "" || in.given(p, "knownAt") != "" {
		return nil, false
	}
	if !p.many {
		in.questions = append(in.questions[:0], poa.Question{DelegationID: in.given(p, "delegationId"), DocumentSHA256: in.given(p, "documentSha256"),
			DelegateCertificateSHA256: in.given(p, "delegateCertificateSha256"), Nonce: in.given(p, "nonce")})
		return in.questions, true
	}
	ids := in.variable(p.arguments["delegationIds"])
	if ids == nil || 2*len(ids.list)*(p.cost+1) > limits.Complexity {
		return nil, false
	}
	in.questions = in.questions[:0]
	all := string(bytes.Join(ids.list, nil)) // one string for all of them
	for _, id := range ids.list {
		in.questions = append(in.questions, poa.Question{DelegationID: all[:len(id)]})
		all = all[len(id):]
	}
	return in.questions, true
}

func (in *leanRequest) variable(name string) *leanVariable {
	for i := range in.variables {
		if string(in.variables[i].name) == name {
			return &in.variables[i]
		}
	}
	return nil
}

// given is the text of an argument, "" where none was given. An empty one is
// none to the rules as well.
func (in *leanRequest) given(p *plan, argument string) string {
	name, used := p.arguments[argument]
	if !used {
		return ""
	}
	if v := in.variable(name); v != nil && v.kind == leanString {
		return string(v.text)
	}
	return ""
}

// plans are those of free queries, by their text as it is written in a body.
type plans struct {
	mu sync.RWMutex
	of map[string]*plan
}

func (p *plans) find(text []byte) *plan {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.of[string(text)]
}

// learn keeps a plan; where there are too many, any other makes room.
func (p *plans) learn(text []byte, made *plan) {
	if made == nil || len(text) == 0 || len(text) > cacheable {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.of) >= cached {
		maps.DeleteFunc(p.of, func(string, *plan) bool { return len(p.of) >= cached })
	}
	if p.of == nil {
		p.of = map[string]*plan{}
	}
	p.of[string(text)] = made
}
