// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// planTokens are more than a plan has that asks each field twice under names of its
// own: whether a text may be one is seen in that many.
const planTokens = 400

// prepare makes a plan of a free query that is not known yet, and says whether
// there may be one now. The executor judges the query within its own bounds and
// keeps it, as for ServeHTTP, but only one of a plan's form: of any other no more
// than its first tokens are looked at.
func (t *Handler) prepare(ctx context.Context, l *Lean, body []byte) bool {
	in := &l.request
	if !scanLean(body, in) || in.documentID != nil || t.plans.find(in.query) != nil || !in.mayBePlanned(t.limits) {
		return false
	}
	ctx = graphql.StartOperationTrace(ctx)
	var params *graphql.RawParams
	err := t.lane.pass(ctx, len(body), func() (err error) { params, _, err = fromBody(body); return err })
	if err != nil || len(params.Query) > t.limits.Query {
		return false
	}
	operation, faults, err := t.operation(ctx, params, len(body))
	if err != nil || faults != nil {
		return false
	}
	t.learn(body, operation.Doc)
	return true
}

// mayBePlanned says whether a query's text is short and has the form of a plan.
func (in *leanRequest) mayBePlanned(limits Limits) bool {
	if len(in.query) == 0 || len(in.query) > cacheable {
		return false
	}
	var text string
	if json.Unmarshal(slices.Concat([]byte{'"'}, in.query, []byte{'"'}), &text) != nil {
		return false
	}
	document, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, min(planTokens, limits.Tokens))
	return err == nil && newPlan(document, limits) != nil
}
