// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ininjo/poa"
)

// Limits bound what one request may ask. Introspection is allowed within them.
type Limits struct {
	// Body is the largest body in bytes: a file of 4 MiB in base64 and the rest.
	Body int64
	// Bodies is how many bytes all large bodies together may have that a process
	// reads at once; others wait.
	Bodies int64
	// Query is the longest query text in bytes, wherever it stands.
	Query int
	// Reply is the largest reply in bytes.
	Reply int
	// Tokens bounds the query's text before it is parsed.
	Tokens int
	// Depth bounds nesting, Aliases and Roots what one operation names, Fields
	// how many fields there are once fragments are spread.
	Depth, Aliases, Roots, Fields int
	// Complexity bounds what the answer costs, by page sizes.
	Complexity int
}

// DefaultLimits take the schema's introspection, a page of a hundred
// delegations with all their details and a file of 4 MiB.
var DefaultLimits = Limits{Body: 6 << 20, Bodies: 48 << 20, Query: 64 << 10, Reply: 32 << 20, Tokens: 3000, Depth: 16, Aliases: 50, Roots: 20, Fields: 1000, Complexity: 6000}

func (l Limits) orDefaults() Limits {
	l.Body, l.Bodies = or(l.Body, DefaultLimits.Body), or(l.Bodies, DefaultLimits.Bodies)
	l.Query, l.Reply, l.Tokens = or(l.Query, DefaultLimits.Query), or(l.Reply, DefaultLimits.Reply), or(l.Tokens, DefaultLimits.Tokens)
	l.Depth, l.Aliases, l.Roots = or(l.Depth, DefaultLimits.Depth), or(l.Aliases, DefaultLimits.Aliases), or(l.Roots, DefaultLimits.Roots)
	l.Fields, l.Complexity = or(l.Fields, DefaultLimits.Fields), or(l.Complexity, DefaultLimits.Complexity)
	return l
}

func or[T int | int64](value, otherwise T) T {
	if value > 0 {
		return value
	}
	return otherwise
}

// bounds refuses operations beyond the limits, before their complexity is
// calculated: that walks every spread of a fragment, without a bound.
type bounds struct{ Limits }

// ExtensionName names the extension.
func (bounds) ExtensionName() string { return "Bounds" }

// Validate has nothing to check.
func (bounds) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext refuses an operation beyond the limits.
func (b bounds) MutateOperationContext(_ context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	c := count{limits: b.Limits}
	c.selections(operation.Operation.SelectionSet, 1)
	if c.over {
		return tooComplex()
	}
	return nil
}

func tooComplex() *gqlerror.Error {
	return gqlerror.WrapPath(nil, &poa.Error{Code: poa.CodeComplexity})
}

// count walks an operation and stops as soon as it is over a limit.
type count struct {
	limits                         Limits
	fields, aliases, roots, spread int
	over                           bool
}

func (c *count) selections(set ast.SelectionSet, depth int) {
	if depth > c.limits.Depth {
		c.over = true
	}
	for _, selection := range set {
		if c.over {
			return
		}
		switch s := selection.(type) {
		case *ast.Field:
			c.field(s, depth)
		case *ast.InlineFragment:
			c.fragment(s.SelectionSet, depth)
		case *ast.FragmentSpread:
			c.fragment(s.Definition.SelectionSet, depth)
		}
	}
}

func (c *count) field(f *ast.Field, depth int) {
	c.fields++
	if f.Alias != f.Name {
		c.aliases++
	}
	if depth == 1 {
		c.roots++
	}
	c.over = c.over || c.fields > c.limits.Fields || c.aliases > c.limits.Aliases || c.roots > c.limits.Roots
	c.selections(f.SelectionSet, depth+1)
}

// fragment counts spreads as well: fragments that spread one another and hold
// no field would be walked for ever.
func (c *count) fragment(set ast.SelectionSet, depth int) {
	c.spread++
	c.over = c.over || c.spread > c.limits.Fields
	c.selections(set, depth)
}
