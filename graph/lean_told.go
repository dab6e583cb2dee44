// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"sync"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"ininjo/poa"
)

// Lean is a request on the lean way, with its memory and what was told to it. It
// can serve one request after the other; nothing of it outlives the answer.
type Lean struct {
	Told
	body, answer []byte
	request      leanRequest
}

// Told is an answer before it is written to HTTP.
type Told struct {
	Status int
	Body   []byte
	// Allowance is what the caller may still ask, its Limit 0 where nothing bounds it.
	Allowance poa.Allowance
	// RetryAfter is in whole seconds, 0 where the request did not come too early.
	RetryAfter int
}

var leans = sync.Pool{New: func() any { return &Lean{} }}

// MediaType is what answers a request with this header Accept, "" for none,
// without its parameter; false where it takes some thought.
func MediaType(accept string) (string, bool) {
	if accept == "" {
		return typeJSON, true
	}
	usual, known := usualWishes[accept]
	return usual, known && usual != ""
}

// Answer answers a POST of JSON as ServeHTTP does, for who reads HTTP himself: it
// says false of any that does not ask about validity by a plan, and has done
// nothing then.
func (t *Handler) Answer(ctx context.Context, l *Lean, body []byte) bool {
	if len(body) > smallBody {
		return false
	}
	a := &access{credential: t.resolver.Credential(ctx)}
	return t.lean(ctx, l, a, body) || t.prepare(ctx, l, body) && t.lean(ctx, l, a, body)
}

// planOf is the plan that a request asks by, nil where it asks otherwise.
func (t *Handler) planOf(in *leanRequest) *plan {
	if in.documentID == nil {
		return t.plans.find(in.query)
	}
	if known := t.documents.find(in.documentID); known != nil && in.query == nil {
		return known.plan
	}
	return nil
}

// lean answers a request that asks by a plan, and says false of any other.
func (t *Handler) lean(ctx context.Context, l *Lean, a *access, body []byte) bool {
	if !scanLean(body, &l.request) {
		return false
	}
	found := t.planOf(&l.request)
	if found == nil {
		return false
	}
	questions, ok := found.questions(&l.request, t.limits)
	if !ok {
		return false
	}
	err := t.take(a, len(questions))
	l.Told = Told{Status: http.StatusOK, Allowance: a.allowance}
	if err != nil {
		l.RetryAfter = seconds(a.allowance.Wait)
		l.Status, l.Body = t.encode(ctx, http.StatusTooManyRequests, reply{Errors: gqlerror.List{t.resolver.present(ctx, err)}})
		return true
	}
	answer, faults := t.resolver.answer(ctx, found, a, questions, l.answer[:0])
	l.answer, l.Body = answer, answer
	if len(faults) > 0 || len(answer) > t.limits.Reply {
		data := json.RawMessage("null")
		if asked, whole := bytes.CutPrefix(answer, []byte(`{"data":`)); whole {
			data = asked[:len(asked)-1]
		}
		l.Status, l.Body = t.encode(ctx, http.StatusOK, reply{Data: &data, Errors: faults})
	}
	return true
}

// tell writes what was told.
func (t *Handler) tell(w http.ResponseWriter, accepted string, told *Told) {
	tellAllowance(w.Header(), told.Allowance)
	tellWait(w.Header(), told.RetryAfter)
	t.send(w, accepted, told.Status, told.Body)
}
