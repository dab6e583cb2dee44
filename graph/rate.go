// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ininjo/graph/schema"
	"ininjo/poa"
)

// admit takes what a request costs out of its token's allowance, before anything
// is done, and tells how much is left. Where it is used up, the request is
// answered.
func (t *Handler) admit(ctx context.Context, w http.ResponseWriter, a *access, accepted string, cost int) bool {
	err := t.take(a, cost)
	tellAllowance(w.Header(), a.allowance)
	if err == nil {
		return true
	}
	tellWait(w.Header(), seconds(a.allowance.Wait))
	t.write(ctx, w, accepted, http.StatusTooManyRequests, reply{Errors: gqlerror.List{t.resolver.present(ctx, err)}})
	return false
}

func (t *Handler) take(a *access, cost int) (err error) {
	a.allowance, err = t.resolver.Responder.Admit(a.credential, max(cost, 1))
	return err
}

// seconds are whole ones, one at least.
func seconds(wait time.Duration) int { return max(1, int(math.Ceil(wait.Seconds()))) }

func tellAllowance(header http.Header, allowed poa.Allowance) {
	if allowed.Limit == 0 {
		return
	}
	figures := [4]string{strconv.Itoa(allowed.Limit), strconv.Itoa(allowed.Remaining), strconv.Itoa(allowed.Used), strconv.FormatInt(allowed.ResetAt.Unix(), 10)}
	values := figures[:]
	header["X-Ratelimit-Limit"], header["X-Ratelimit-Remaining"] = values[0:1:1], values[1:2:2]
	header["X-Ratelimit-Used"], header["X-Ratelimit-Reset"] = values[2:3:3], values[3:4:4]
}

func tellWait(header http.Header, seconds int) {
	if seconds > 0 {
		header.Set("Retry-After", strconv.Itoa(seconds))
	}
}

// costOf is what an operation costs: one for each ID whose validity it asks, and
// one at least. What cannot be executed costs one.
func costOf(operation *graphql.OperationContext, faulty bool) int {
	if faulty || operation == nil || operation.Operation == nil || operation.Operation.Operation != ast.Query {
		return 1
	}
	cost := 0
	for _, field := range graphql.CollectFields(operation, operation.Operation.SelectionSet, []string{"Query"}) {
		switch field.Name {
		case "validity":
			cost++
		case "validities":
			if ids, ok := field.ArgumentMap(operation.Variables)["delegationIds"].([]any); ok {
				cost += len(ids)
			} else {
				cost++
			}
		}
	}
	return max(cost, 1)
}

// RateLimit tells what the caller's token may still ask.
func (q *queryResolver) RateLimit(ctx context.Context) (*schema.RateLimit, error) {
	a, ok := ctx.Value(accessKey{}).(*access)
	if !ok {
		return nil, errors.New("a request without an access")
	}
	if a.allowance.Limit == 0 {
		return nil, nil //nolint:nilnil // there is no bound
	}
	return newRateLimit(a.allowance), nil
}

func newRateLimit(a poa.Allowance) *schema.RateLimit {
	return &schema.RateLimit{Limit: a.Limit, Cost: a.Cost, Remaining: a.Remaining, Used: a.Used, ResetAt: a.ResetAt}
}
